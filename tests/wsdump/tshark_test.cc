// The frames of the bundled captures as wsdump and tshark see them, one by one.
#include "bundled.h"
#include "json.h"
#include "program.h"

#include <glib.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <ostream>

namespace
{

struct Frame {
    bool fin, masked;
    int64_t rsv, opcode, length;
    std::string masking_key; // "" = none
};

bool operator==(const Frame &a, const Frame &b)
{
    return a.fin == b.fin && a.masked == b.masked && a.rsv == b.rsv && a.opcode == b.opcode &&
           a.length == b.length && a.masking_key == b.masking_key;
}

std::ostream &operator<<(std::ostream &out, const Frame &f)
{
    return out << (f.fin ? "FIN " : "") << "rsv " << f.rsv << " opcode " << f.opcode << " mask "
               << f.masked << ' ' << f.masking_key << " length " << f.length;
}

// By connection and direction: "10.0.0.1:40000 client".
using Frames = std::map<std::string, std::vector<Frame>>;

Frames frames_of_wsdump(const std::string &path)
{
    const Outcome outcome = wsdump({"-r", path, "-q", "--json", "--show", "open,frame"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    Frames frames;
    std::map<int64_t, std::string> clients;
    for (const Json &r : Json::parse_lines(outcome.out)) {
        std::string &client = clients[r["conn"].number()];
        if (r["record"].text() == "open") {
            client = r["client"].text();
            continue;
        }
        const Json key = r["masking_key"];
        frames[client + " " + r["from"].text()].push_back(
            {r["fin"].flag(), r["masked"].flag(), r["rsv"].number(), r["opcode"].number(),
             r["length"].number(), key.is_null() ? "" : key.text()});
    }
    return frames;
}

// Reads PDML, tshark's XML: <proto> elements in a <packet>, with <field> elements, of which `show`
// is the value for people and `value` the bytes.
class Pdml
{
public:
    static Frames read(const std::string &xml)
    {
        Pdml pdml;
        GMarkupParser parser = {};
        parser.start_element = begin;
        parser.end_element = end;
        GMarkupParseContext *context =
            g_markup_parse_context_new(&parser, G_MARKUP_DEFAULT_FLAGS, &pdml, nullptr);
        GError *error = nullptr;
        if (!g_markup_parse_context_parse(context, xml.data(), static_cast<gssize>(xml.size()),
                                          &error))
            ADD_FAILURE() << error->message;
        g_clear_error(&error);
        g_markup_parse_context_free(context);
        return pdml.frames_;
    }

private:
    static void begin(GMarkupParseContext *, const char *element, const char **names,
                      const char **values, void *user, GError **)
    {
        auto *pdml = static_cast<Pdml *>(user);
        std::map<std::string, std::string> attributes;
        for (int i = 0; names[i]; i++)
            attributes[names[i]] = values[i];
        const std::string name = attributes["name"];
        if (strcmp(element, "packet") == 0)
            pdml->fields_.clear();
        else if (strcmp(element, "proto") == 0)
            pdml->proto_ = name;
        // The first of a name: of nested IP headers, or fields, the outer one.
        else if (strcmp(element, "field") == 0)
            pdml->fields_.emplace(name, attributes["show"]);
    }

    static void end(GMarkupParseContext *, const char *element, void *user, GError **)
    {
        auto *pdml = static_cast<Pdml *>(user);
        if (strcmp(element, "proto") == 0 && pdml->proto_ == "websocket")
            pdml->add_frame();
    }

    std::string address(const std::string &which) const
    {
        const auto ipv6 = fields_.find("ipv6." + which);
        const std::string host =
            ipv6 == fields_.end() ? fields_.at("ip." + which) : "[" + ipv6->second + "]";
        return host + ":" + fields_.at("tcp." + which + "port");
    }

    int64_t number(const char *field) const
    {
        return std::stoll(fields_.at(field), nullptr, 0);
    }

    void add_frame()
    {
        int64_t length = number("websocket.payload_length");
        if (length == 126)
            length = number("websocket.payload_length_ext_16");
        else if (length == 127)
            length = number("websocket.payload_length_ext_64");
        std::string key;
        if (fields_.count("websocket.masking_key"))
            for (char c : fields_.at("websocket.masking_key"))
                key += c == ':' ? "" : std::string(1, c);
        const std::string port = fields_.at("tcp.dstport");
        const bool to_server = port.size() == 4; // those of clients have five digits
        frames_[address(to_server ? "src" : "dst") + (to_server ? " client" : " server")].push_back(
            {number("websocket.fin") != 0, number("websocket.mask") != 0, number("websocket.rsv"),
             number("websocket.opcode"), length, key});
        // The next frame of the same packet has its own.
        for (auto at = fields_.begin(); at != fields_.end();)
            at = at->first.rfind("websocket.", 0) == 0 ? fields_.erase(at) : std::next(at);
    }

    Frames frames_;
    std::map<std::string, std::string> fields_;
    std::string proto_;
};

bool missing_tshark()
{
    return run({"tshark", "--version"}).status != 0;
}

class Tshark : public testing::TestWithParam<std::string>
{
};

TEST_P(Tshark, SeesTheSameFrames)
{
    if (missing_tshark()) {
        ASSERT_EQ(std::getenv("CI"), nullptr) << "tshark is missing";
        GTEST_SKIP() << "tshark is missing";
    }
    const std::string path = capture_path(GetParam());
    const Outcome tshark =
        run({"tshark", "-n", "-r", path, "-d", "tcp.port==8080,http", "-d", "tcp.port==9000,http",
             "-o", "tcp.reassemble_out_of_order:TRUE", "-T", "pdml", "-Y", "websocket"});
    ASSERT_EQ(tshark.status, 0) << tshark.err;
    EXPECT_EQ(frames_of_wsdump(path), Pdml::read(tshark.out));
}

INSTANTIATE_TEST_SUITE_P(Bundled, Tshark, testing::ValuesIn(bundled_captures()),
                         [](const auto &parameter) { return capture_name(parameter.param); });

// What selects the same in both languages, where each message has a packet of its own: absent
// fields, negation and precedence mean what Wireshark's users expect.
TEST(TsharkFilter, SelectsAsMuchAsTheSameFilterOfOurs)
{
    if (missing_tshark()) {
        ASSERT_EQ(std::getenv("CI"), nullptr) << "tshark is missing";
        GTEST_SKIP() << "tshark is missing";
    }
    const std::string path = capture_path("closing.pcapng");
    const std::string code = "websocket.payload.close.status_code";
    const std::pair<const char *, std::string> cases[] = {
        {"code", code},
        {"code != 1000", code + " != 1000"},
        {"record == message and not code == 1000", "websocket and not " + code + " == 1000"},
        {"record == message and not code != 1000", "websocket and not " + code + " != 1000"},
        {"code in {1000, 3000..4999}", code + " in {1000, 3000..4999}"},
        {"type == close and code > 0x3e8 or type == text",
         "(websocket.opcode == 8 and " + code + " > 0x3e8) or websocket.opcode == 1"},
        {"type == text and not code or type == close and from == server",
         "(websocket.opcode == 1 and not " + code +
             ") or (websocket.opcode == 8 and websocket.mask == 0)"},
        {"reason ~ \"^x+$\" or reason ~ \"a\"",
         "websocket.payload.close.reason matches \"^x+$\" or "
         "websocket.payload.close.reason matches \"a\""},
    };
    for (const auto &[ours, theirs] : cases) {
        const size_t count = lines_of(wsdump({"-q", "-r", path, "-Y", ours}).out).size();
        EXPECT_GT(count, 0u) << ours;
        EXPECT_EQ(count, lines_of(run({"tshark", "-n", "-r", path, "-Y", theirs}).out).size())
            << ours;
    }
}

} // namespace
