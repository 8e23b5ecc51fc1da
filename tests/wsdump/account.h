// What applications say of their WebSockets, and what wsdump says of them: two accounts that must
// agree. captures/README.md describes the logs.
#pragma once

#include "bundled.h"
#include "json.h"
#include "program.h"

#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

// A message as both accounts can tell it.
struct Message {
    std::string type;
    std::string payload;  // of a Close its reason
    int64_t code = -1;    // of a Close; -1 = none
    bool unknown = false; // not inflated, in a build without zlib
};

bool operator==(const Message &a, const Message &b)
{
    const bool same_payload = a.unknown || b.unknown || a.payload == b.payload;
    return a.type == b.type && a.code == b.code && same_payload;
}

inline std::ostream &operator<<(std::ostream &out, const Message &m)
{
    return out << m.type << ' ' << m.code << " \"" << m.payload << '"';
}

// What one account tells of one TCP connection.
struct Connection {
    std::map<std::string, std::vector<Message>> messages; // by direction: "sent", "received"
    std::set<std::string> lost;                           // directions that ended without a Close
    std::vector<int64_t> refused;                         // status of each refusal
    bool open = false;
    std::string subprotocol;
    bool extended = false; // with extensions
};

using Account = std::map<std::string, Connection>; // by the client's address and port

struct Log {
    std::string side;
    std::set<std::string> sees;
    Account account;
};

inline int64_t code_of(const Json &value)
{
    return value["code"].is_null() ? -1 : value["code"].number();
}

inline Message message_of_log(const Json &line)
{
    const std::string type = line["type"].text();
    if (type == "close")
        return {type, line["reason"].text(), code_of(line)};
    return {type, type == "text" ? line["text"].text() : from_base64(line["base64"].text())};
}

inline void read_line(const Json &line, Log &log)
{
    Connection &connection = log.account[line["client"].text()];
    const std::string type = line["type"].text();
    if (type == "open") {
        connection.open = true;
        connection.subprotocol = line["subprotocol"].text();
        connection.extended = !line["extensions"].text().empty();
    } else if (type == "refused" && line["status"].number() == 426) {
        // The capture's only 426 answers an ordinary request, which was no attempt at a WebSocket.
    } else if (type == "refused") {
        connection.refused.push_back(line["status"].number());
    } else if (type == "lost") {
        connection.lost.insert(line["dir"].text());
    } else if (log.sees.count(type) || log.sees.count(line["dir"].text() + "-" + type)) {
        connection.messages[line["dir"].text()].push_back(message_of_log(line));
    }
}

inline Log read_log(const std::string &path)
{
    Log log;
    const std::vector<Json> lines = Json::parse_lines(contents_of(path));
    log.side = lines.at(0)["side"].text();
    const Json sees = lines[0]["sees"];
    for (size_t i = 0; i < sees.size(); i++)
        log.sees.insert(sees[i].text());
    for (size_t i = 1; i < lines.size(); i++)
        read_line(lines[i], log);
    return log;
}

// Only a build without zlib leaves a message of the captures compressed.
inline bool not_inflated(const Json &record)
{
#ifdef WSPROTO_DEFLATE
    (void)record;
    return false;
#else
    return record["compressed"].flag();
#endif
}

inline Message message_of_record(const Json &record)
{
    const std::string type = record["type"].text();
    if (not_inflated(record)) {
        EXPECT_TRUE(record["data"].is_null());
        return {type, "", -1, true};
    }
    if (type == "close")
        return {type, record["reason"].is_null() ? "" : record["reason"].text(), code_of(record)};
    EXPECT_EQ(record["encoding"].text(), type == "text" ? "utf8" : "base64");
    return {type, payload_of(record)};
}

// A message that was never finished is in no log.
inline bool finished(const Json &record)
{
    return record["complete"].flag() || not_inflated(record);
}

// Where the 101 was captured before its request, the open record cannot know that.
inline void read_open(const Json &record, Connection &connection, bool in_order)
{
    if (record["handshake"].text() == "refused") {
        connection.refused.push_back(record["status"].number());
        return;
    }
    if (in_order || record["handshake"].text() != "partial") {
        EXPECT_EQ(record["handshake"].text(), "seen");
    }
    EXPECT_EQ(record["status"].number(), 101);
    connection.open = true;
    connection.extended = !record["extensions"].is_null();
    if (!record["subprotocol"].is_null())
        connection.subprotocol = record["subprotocol"].text();
}

// wsdump's account, as the application with this log would tell it. `visible` says of an open
// record whether the application can know of that connection.
template <typename Visible>
inline Account read_records(const std::vector<Json> &records, const Log &log,
                            const Visible &visible, bool in_order)
{
    Account account;
    std::map<int64_t, std::string> clients;
    for (const Json &record : records) {
        const std::string type = record["record"].text();
        const int64_t number = record["conn"].number();
        if (type == "open" && visible(record)) {
            clients[number] = record["client"].text();
            read_open(record, account[clients[number]], in_order);
        }
        if (type != "message" || !clients.count(number) || !finished(record))
            continue;
        const std::string direction = record["from"].text() == log.side ? "sent" : "received";
        const std::string what = record["type"].text();
        if (log.sees.count(what) || log.sees.count(direction + "-" + what))
            account[clients[number]].messages[direction].push_back(message_of_record(record));
    }
    return account;
}

inline void expect_same(const Connection &records, const Connection &log)
{
    EXPECT_EQ(records.open, log.open);
    EXPECT_EQ(records.subprotocol, log.subprotocol);
    EXPECT_EQ(records.extended, log.extended);
    EXPECT_EQ(records.messages, log.messages);
    EXPECT_EQ(records.refused, log.refused);
    for (const std::string &direction : log.lost) {
        const auto messages = records.messages.find(direction);
        const bool any = messages != records.messages.end();
        EXPECT_FALSE(any && messages->second.back().type == "close");
    }
}

inline std::string log_path(const std::string &file, const std::string &side)
{
    return capture_path(capture_name(file) + "." + side + ".jsonl");
}

// With nginx in between there are two hops; the logs tell of one each.
inline bool on_hop_of(const std::string &file, const std::string &side, const Json &open)
{
    const std::string server = open["server"].text();
    const std::string port = server.substr(server.rfind(':') + 1);
    return file.find("nginx") == std::string::npos || port == (side == "client" ? "8080" : "9000");
}

// wsdump's messages of a bundled capture, which `path` is or was made from, are those in the log of
// this side, all of them, and no others. `in_order`: the packets are.
inline void expect_agreement(const std::string &path, const std::string &file,
                             const std::string &side, bool in_order)
{
    const Log log = read_log(log_path(file, side));
    ASSERT_EQ(log.side, side);
    const Outcome outcome =
        wsdump({"-r", path, "-q", "--json", "--show", "open,message,end,gap,violation"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");

    const auto visible = [&](const Json &open) { return on_hop_of(file, side, open); };
    Account records = read_records(Json::parse_lines(outcome.out), log, visible, in_order);
    for (const auto &[client, connection] : log.account) {
        SCOPED_TRACE(client);
        expect_same(records[client], connection);
    }
    // A server's log has only the refusals that were its application's decision.
    for (const auto &[client, connection] : records) {
        EXPECT_TRUE(log.account.count(client) || (side == "server" && !connection.open))
            << client << " is not in the log";
    }
}
