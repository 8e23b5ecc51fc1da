// The bundled captures: what wsdump decodes is what the applications say they sent and received,
// all of it, in order, byte for byte, and nothing else. captures/README.md describes the logs.
#include "bundled.h"
#include "json.h"
#include "program.h"

#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <set>
#include <tuple>

namespace
{

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

std::ostream &operator<<(std::ostream &out, const Message &m)
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

int64_t code_of(const Json &value)
{
    return value["code"].is_null() ? -1 : value["code"].number();
}

Message message_of_log(const Json &line)
{
    const std::string type = line["type"].text();
    if (type == "close")
        return {type, line["reason"].text(), code_of(line)};
    return {type, type == "text" ? line["text"].text() : from_base64(line["base64"].text())};
}

void read_line(const Json &line, Log &log)
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

Log read_log(const std::string &path)
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
bool not_inflated(const Json &record)
{
#ifdef WSPROTO_DEFLATE
    (void)record;
    return false;
#else
    return record["compressed"].flag();
#endif
}

Message message_of_record(const Json &record)
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
bool finished(const Json &record)
{
    return record["complete"].flag() || not_inflated(record);
}

void read_open(const Json &record, Connection &connection)
{
    if (record["handshake"].text() == "refused") {
        connection.refused.push_back(record["status"].number());
        return;
    }
    EXPECT_EQ(record["handshake"].text(), "seen");
    EXPECT_EQ(record["status"].number(), 101);
    connection.open = true;
    connection.extended = !record["extensions"].is_null();
    if (!record["subprotocol"].is_null())
        connection.subprotocol = record["subprotocol"].text();
}

// wsdump's account, as the application with this log would tell it. `visible` says of an open
// record whether the application can know of that connection.
template <typename Visible>
Account read_records(const std::vector<Json> &records, const Log &log, const Visible &visible)
{
    Account account;
    std::map<int64_t, std::string> clients;
    for (const Json &record : records) {
        const std::string type = record["record"].text();
        const int64_t number = record["conn"].number();
        if (type == "open" && visible(record)) {
            clients[number] = record["client"].text();
            read_open(record, account[clients[number]]);
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

void expect_same(const Connection &records, const Connection &log)
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

using Case = std::tuple<std::string, std::string>; // file of the capture, side

std::string log_path(const std::string &file, const std::string &side)
{
    return capture_path(capture_name(file) + "." + side + ".jsonl");
}

std::vector<Case> cases()
{
    std::vector<Case> all;
    for (const std::string &file : bundled_captures())
        for (const char *side : {"client", "server"})
            if (std::filesystem::exists(log_path(file, side)))
                all.emplace_back(file, side);
    return all;
}

std::string case_name(const testing::TestParamInfo<Case> &info)
{
    return capture_name(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
}

// With nginx in between there are two hops; the logs tell of one each.
bool on_hop_of(const std::string &file, const std::string &side, const Json &open)
{
    const std::string server = open["server"].text();
    const std::string port = server.substr(server.rfind(':') + 1);
    return file.find("nginx") == std::string::npos || port == (side == "client" ? "8080" : "9000");
}

class Captures : public testing::TestWithParam<Case>
{
};

TEST_P(Captures, AgreesWithTheApplication)
{
    const auto &[file, side] = GetParam();
    const Log log = read_log(log_path(file, side));
    ASSERT_EQ(log.side, side);
    const Outcome outcome = wsdump(
        {"-r", capture_path(file), "-q", "--json", "--show", "open,message,end,gap,violation"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");

    const auto visible = [&f = file, &s = side](const Json &open) { return on_hop_of(f, s, open); };
    Account records = read_records(Json::parse_lines(outcome.out), log, visible);
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

INSTANTIATE_TEST_SUITE_P(Bundled, Captures, testing::ValuesIn(cases()), case_name);

TEST(CaptureLogs, BelongToEveryCaptureWithWebSockets)
{
    std::map<std::string, int> sides;
    for (const auto &[file, side] : cases())
        sides[file]++;
    for (const std::string &file : bundled_captures())
        EXPECT_EQ(sides[file], capture_name(file) == "http" ? 1 : 2) << file;
}

} // namespace
