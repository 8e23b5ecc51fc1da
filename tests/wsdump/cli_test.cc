// wsdump as its users run it: options, what goes to which stream, exit status.
#include "../libwsproto/wire.h"
#include "bundled.h"
#include "json.h"
#include "program.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <functional>

namespace
{

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

// The text payload that most tests look for.
const char greeting[] = "Gr\xc3\xbc\xc3\x9f"
                        "e";

// `bytes` in segments that fit into IP packets.
void say(build::Dialogue &d, int who, const Bytes &bytes)
{
    for (size_t at = 0; at < bytes.size(); at += 60000) {
        const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        const size_t len = std::min<size_t>(60000, bytes.size() - at);
        d.say(who, Bytes(from, from + static_cast<std::ptrdiff_t>(len)));
    }
}

// A whole conversation: handshake, what both sides say, FIN.
std::vector<build::Bytes> conversation_packets(const Bytes &from_client, const Bytes &from_server)
{
    build::Dialogue d;
    d.open();
    d.say(d.CLIENT, build::text("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    d.say(d.SERVER, build::text("HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    say(d, d.CLIENT, from_client);
    say(d, d.SERVER, from_server);
    d.close();
    return d.packets();
}

// A capture file, and where in it one record ends and the next begins.
struct Capture {
    build::Bytes bytes;
    std::vector<size_t> boundaries;
};

// As small as it can be: joined at the handshake, ends with a packet without data.
std::vector<build::Bytes> small_conversation()
{
    build::Dialogue d;
    d.say(d.CLIENT, build::text("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"));
    d.say(d.SERVER, build::text("HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n"));
    d.say(d.CLIENT,
          stream({Frame(1, greeting).masked(), Frame(9, "p").masked(), Frame(8, "").masked()}));
    d.say(d.SERVER, stream({Frame(2, "binary"), Frame(10, "p"), Frame(8, "")}));
    d.say(d.CLIENT, {});
    return d.packets();
}

Capture as_pcap(const std::vector<build::Bytes> &packets)
{
    build::PcapFile file;
    Capture capture;
    int64_t time_ns = 1700000000123456000;
    for (const build::Bytes &packet : packets) {
        capture.boundaries.push_back(file.bytes.size());
        file.add(time_ns += 1000000, packet);
    }
    capture.bytes = file.bytes;
    return capture;
}

Capture as_pcapng(const std::vector<build::Bytes> &packets)
{
    build::PcapngFile file;
    Capture capture;
    capture.boundaries.push_back(file.bytes.size());
    file.interface(1);
    uint64_t time = 1700000000123456;
    for (const build::Bytes &packet : packets) {
        capture.boundaries.push_back(file.bytes.size());
        file.enhanced(0, time += 1000, packet);
    }
    capture.bytes = file.bytes;
    return capture;
}

// wsdump of a file with this content.
Outcome wsdump_of(const build::Bytes &content, std::vector<std::string> options = {})
{
    const build::TempFile file(content);
    options.insert(options.begin(), {"-r", file.path()});
    return wsdump(options);
}

Outcome wsdump_of_messages(const Bytes &from_server, std::vector<std::string> options = {})
{
    options.insert(options.begin(), {"-q", "--show", "message"});
    return wsdump_of(as_pcap(conversation_packets({}, from_server)).bytes, std::move(options));
}

std::vector<std::string> types_in(const std::string &json)
{
    std::vector<std::string> types;
    for (const Json &record : Json::parse_lines(json))
        types.push_back(record["record"].text());
    return types;
}

// --- help ---

TEST(Cli, HelpFitsAScreen)
{
    const Outcome outcome = wsdump({"--help"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    const std::vector<std::string> lines = lines_of(outcome.out);
    EXPECT_LE(lines.size(), 40u);
    for (const std::string &line : lines)
        EXPECT_LE(line.size(), 100u) << line;
    for (const char *option :
         {"-r",    "-w",     "-i",     "-f",       "-Y",    "-c",         "-s",       "-B",
          "-p",    "-D",     "-Z",     "-n",       "-q",    "-l",         "--text",   "--json",
          "--tui", "--goto", "--show", "--frames", "--hex", "--max-data", "--memory", "--version"})
        EXPECT_TRUE(contains(outcome.out, option)) << option;
}

TEST(Cli, TellsItsVersion)
{
    const Outcome outcome = wsdump({"--version"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out.substr(0, 7), "wsdump ");
    EXPECT_EQ(lines_of(outcome.out).size(), 1u);
}

TEST(Cli, ListsInterfaces)
{
    const Outcome outcome = wsdump({"-D"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
}

// --- a wrong command line ---

// Refused with one line that says what is wrong, and one that says where to look.
void expect_usage_error(const std::vector<std::string> &arguments, const std::string &part)
{
    const Outcome outcome = wsdump(arguments);
    EXPECT_EQ(outcome.status, 2) << part;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(contains(outcome.err, part)) << outcome.err;
    EXPECT_EQ(outcome.err.substr(0, 8), "wsdump: ");
    EXPECT_LE(lines_of(outcome.err).size(), 2u) << outcome.err;
}

TEST(CliUsage, NamesTheOptionThatWasMeant)
{
    const std::pair<const char *, const char *> cases[] = {
        {"--jsno", "--json"},          {"--frame", "--frames"},  {"--max-dat=3", "--max-data"},
        {"--maxdata", "--max-data"},   {"--memroy", "--memory"}, {"--hlep", "--help"},
        {"--verison", "--version"},    {"--quite", "--quiet"},   {"--shwo=open", "--show"},
        {"--read-flie", "--read-file"}};
    for (const auto &[wrong, right] : cases)
        expect_usage_error({wrong}, "did you mean " + std::string(right) + "?");
}

TEST(CliUsage, NamesTheUnknownOptionWhereNothingIsNear)
{
    expect_usage_error({"--zzzzzzzzzz"}, "--zzzzzzzzzz");
    expect_usage_error({"-x"}, "-x");
    expect_usage_error({"-qx"}, "-x");
}

TEST(CliUsage, RefusesLaterOptionsByName)
{
    const std::vector<std::string> cases[] = {{"-d", "tcp.port==9,websocket"},
                                              {"-dtcp.port==9,websocket"},
                                              {"--keylog", "keys"},
                                              {"--keylog=keys"}};
    for (std::vector<std::string> arguments : cases) {
        const std::string name = arguments[0].substr(0, arguments[0][1] == '-' ? SIZE_MAX : 2);
        const std::string option = name.substr(0, name.find('='));
        arguments.insert(arguments.end(), {"-r", capture_path("ipv6.pcapng")});
        expect_usage_error(arguments, option + ": not part of this version");
        EXPECT_TRUE(contains(wsdump(arguments).err, option));
    }
}

TEST(CliUsage, HasNoScreensWithoutATerminal)
{
    const std::string file = capture_path("ipv6.pcapng");
    expect_usage_error({"-r", file, "--tui"}, "--tui needs a terminal");
    expect_usage_error({"-r", file, "--tui", "--json"}, "--tui excludes");
    expect_usage_error({"-r", file, "--tui", "--text"}, "--tui excludes");
    expect_usage_error({"-r", file, "--tui", "-w", "-"}, "-w - leaves no room");
    expect_usage_error({"-r", file, "--goto", "1", "-w", "-"}, "-w - leaves no room for --goto");
    expect_usage_error({"-r", file, "--goto", "1"}, "--goto needs a terminal");
    expect_usage_error({"-r", file, "--goto", "1:2", "--text"}, "--goto is for the screens");
    expect_usage_error({"-r", file, "--goto", "1:2", "--json"}, "--goto is for the screens");
    for (const char *place :
         {"", "0", "x", "1:", "1:0", ":1", "1:2:3", "-1", "1 ", "99999999999999999999"})
        expect_usage_error(
            {"-r", file, "--goto", place},
            ("--goto takes CONN or CONN:FRAME, numbers from 1, not \"" + std::string(place) + "\"")
                .c_str());
}

// What wsdump writes to a terminal until it ends or `key` ends it; its status.
Outcome on_a_terminal(std::vector<std::string> arguments, char key)
{
    int terminal;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
        setenv("TERM", "xterm", 1);
        arguments.insert(arguments.begin(), WSDUMP_PROGRAM);
        become(std::move(arguments));
    }
    Outcome outcome = {-1, "", ""};
    pollfd wanted = {terminal, POLLIN, 0};
    for (int silent = 0; silent < 100;) {
        char some[4096];
        if (poll(&wanted, 1, 100) == 0) { // it waits for a key
            silent++;
            EXPECT_EQ(write(terminal, &key, 1), 1);
            continue;
        }
        const ssize_t n = read(terminal, some, sizeof some);
        if (n <= 0)
            break;
        outcome.out.append(some, static_cast<size_t>(n));
    }
    kill(child, SIGKILL); // where it has not ended
    int status;
    if (waitpid(child, &status, 0) == child && WIFEXITED(status))
        outcome.status = WEXITSTATUS(status);
    close(terminal);
    return outcome;
}

TEST(CliOnATerminal, HasScreensUnlessToldOtherwise)
{
    const std::string file = capture_path("ipv6.pcapng"), whole_screen = "\033[?1049h";
    const auto shows_screens = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"-r", file});
        const Outcome outcome = on_a_terminal(arguments, 'q');
        EXPECT_EQ(outcome.status, 0) << outcome.out;
        EXPECT_TRUE(contains(outcome.out, "wsdump: ")) << "the summary";
        return contains(outcome.out, whole_screen);
    };
    EXPECT_TRUE(shows_screens({}));
    EXPECT_TRUE(shows_screens({"--tui"}));
    EXPECT_FALSE(shows_screens({"--text"}));
    EXPECT_FALSE(shows_screens({"--json"}));
}

TEST(CliUsage, SaysWhichValueIsWrong)
{
    const std::string file = capture_path("ipv6.pcapng");
    expect_usage_error({"-r", file, "-c", "many"}, "-c takes a whole number, not \"many\"");
    expect_usage_error({"-r", file, "-c", "-1"}, "-1");
    expect_usage_error({"-r", file, "-c", "3x"}, "3x");
    expect_usage_error({"-r", file, "-c", ""}, "-c");
    expect_usage_error({"-r", file, "--max-data", "1k"}, "1k");
    expect_usage_error({"-r", file, "--max-data=99999999999999999999"}, "--max-data");
    expect_usage_error({"-r", file, "--memory", "0"}, "--memory");
    expect_usage_error({"-r", file, "--memory", "x"}, "x");
    expect_usage_error({"-r", file, "--show", "messages"}, "messages");
    expect_usage_error({"-r", file, "--show", ""}, "--show");
    expect_usage_error({"-s", "-5"}, "-s");
    expect_usage_error({"-B", "-5"}, "-B");
    expect_usage_error({"-r"}, "-r");
}

TEST(CliUsage, RefusesWhatExcludesEachOther)
{
    const std::string file = capture_path("ipv6.pcapng");
    expect_usage_error({"-r", file, "-i", "lo"}, "-i");
    expect_usage_error({"-r", file, "--text", "--json"}, "--json");
    expect_usage_error({"-r", file, "-f", "tcp", "udp"}, "filter");
}

TEST(CliUsage, QuotesAWrongCaptureFilter)
{
    const std::string file = capture_path("ipv6.pcapng");
    expect_usage_error({"-r", file, "-f", "tcp prot 80"}, "tcp prot 80");
    expect_usage_error({"-r", file, "tcp", "prot", "80"}, "tcp prot 80");
    const std::string pcap = capture_path("cooked.pcap");
    expect_usage_error({"-r", pcap, "nonsense"}, "nonsense");
}

// --- files ---

// Cannot be read: exit 1, one line that names the file.
void expect_unreadable(const Outcome &outcome, const std::string &name)
{
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, name)) << outcome.err;
}

TEST(CliFile, ThatIsMissingIsNamed)
{
    expect_unreadable(wsdump({"-r", "/nowhere/to/be/found.pcap"}), "/nowhere/to/be/found.pcap");
}

TEST(CliFile, ThatIsADirectoryIsNamed)
{
    expect_unreadable(wsdump({"-r", CAPTURES_DIR}), CAPTURES_DIR);
}

TEST(CliFile, ThatIsNoCaptureIsNamed)
{
    for (const char *content : {"", "a", "abc", "Hello, this is no capture.\n"}) {
        const build::TempFile file(build::text(content));
        expect_unreadable(wsdump({"-r", file.path()}), file.path());
    }
}

TEST(CliFile, WithoutWebSocketsIsNoFailure)
{
    const Outcome outcome = wsdump({"-r", capture_path("http.pcapng")});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(lines_of(outcome.err).size(), 1u);
    EXPECT_TRUE(contains(outcome.err, "no WebSocket traffic")) << outcome.err;
}

TEST(CliFile, WithoutPacketsIsNoFailure)
{
    for (const Capture &capture : {as_pcap({}), as_pcapng({})}) {
        const Outcome outcome = wsdump_of(capture.bytes);
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
}

TEST(CliFile, ComesThroughAPipeToo)
{
    for (const char *name : {"ipv6.pcapng", "cooked.pcap"}) {
        const std::string path = capture_path(name);
        const Outcome direct = wsdump({"-q", "-r", path});
        const Outcome piped = shell("cat '" + path + "' | \"$WSDUMP\" -q -r -");
        EXPECT_EQ(piped.status, 0) << piped.err;
        EXPECT_GT(direct.out.size(), 1000u);
        EXPECT_EQ(piped.out, direct.out);
    }
}

// Cut after every byte: decoded up to there; exit 1 and one line, unless no record is cut.
void expect_decoded_up_to_every_cut(const Capture &capture, size_t first_cut)
{
    const std::vector<std::string> options = {"-q", "--json", "--show", "open,message"};
    const std::string whole = wsdump_of(capture.bytes, options).out;
    ASSERT_EQ(types_in(whole).size(), 7u);
    std::string last;
    for (size_t cut = first_cut; cut < capture.bytes.size(); cut++) {
        const auto end = capture.bytes.begin() + static_cast<std::ptrdiff_t>(cut);
        const Outcome outcome = wsdump_of(build::Bytes(capture.bytes.begin(), end), options);
        const bool clean = std::count(capture.boundaries.begin(), capture.boundaries.end(), cut);
        ASSERT_EQ(outcome.status, clean ? 0 : 1) << cut << outcome.err;
        ASSERT_EQ(lines_of(outcome.err).size(), clean ? 0u : 1u) << cut << outcome.err;
        // An attempt whose answer is cut off is told at the end.
        if (contains(outcome.out, "\"handshake\":\"partial\""))
            continue;
        ASSERT_EQ(whole.substr(0, outcome.out.size()), outcome.out) << cut;
        ASSERT_GE(outcome.out.size(), last.size()) << cut;
        last = outcome.out;
    }
    // Without the last byte only the packet without data is missing.
    EXPECT_EQ(last, whole);
}

TEST(CliFile, ThatIsCutIsDecodedUpToTheCut)
{
    expect_decoded_up_to_every_cut(as_pcap(small_conversation()), 24);
}

TEST(CliFile, ThatIsCutIsDecodedUpToTheCutAsPcapng)
{
    expect_decoded_up_to_every_cut(as_pcapng(small_conversation()), 28);
}

TEST(CliFile, ThatIsCutInItsHeaderIsUnreadable)
{
    for (const Capture &capture : {as_pcap({}), as_pcapng({})}) {
        const size_t header = capture.boundaries.empty() ? 24 : capture.boundaries[0];
        for (size_t cut = 0; cut < header; cut++) {
            const auto end = capture.bytes.begin() + static_cast<std::ptrdiff_t>(cut);
            const Outcome outcome = wsdump_of(build::Bytes(capture.bytes.begin(), end));
            ASSERT_EQ(outcome.status, 1) << cut;
            ASSERT_EQ(outcome.out, "");
        }
    }
}

TEST(CliFile, ThatIsDamagedIsSaidBesideTheSummary)
{
    const Capture capture = as_pcap(small_conversation());
    const Outcome outcome = wsdump_of(build::Bytes(capture.bytes.begin(), capture.bytes.end() - 1));
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(lines_of(outcome.err).size(), 2u) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "binary"));
}

// --- choosing packets ---

uint64_t packets_of(const std::vector<std::string> &options)
{
    std::vector<std::string> arguments = {"-r", capture_path("closing.pcapng")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome outcome = wsdump(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err.rfind("wsdump: ", 0), 0u) << outcome.err;
    return std::stoull(outcome.err.substr(8));
}

TEST(CliPackets, AreCountedAndLimited)
{
    EXPECT_EQ(packets_of({}), 285u);
    EXPECT_EQ(packets_of({"-c", "0"}), 285u);
    EXPECT_EQ(packets_of({"-c", "1"}), 1u);
    EXPECT_EQ(packets_of({"-c7"}), 7u);
    EXPECT_EQ(packets_of({"--count", "285"}), 285u);
    EXPECT_EQ(packets_of({"-c", "1000000"}), 285u);
}

TEST(CliPackets, AreThoseThatMatch)
{
    EXPECT_EQ(packets_of({"-f", "udp"}), 0u);
    const uint64_t from_server = packets_of({"-f", "src port 8080"});
    EXPECT_GT(from_server, 0u);
    EXPECT_LT(from_server, 285u);
    EXPECT_EQ(packets_of({"src", "port", "8080"}), from_server);
    EXPECT_EQ(packets_of({"--", "src", "port", "8080"}), from_server);
    EXPECT_EQ(packets_of({"src port 8080"}), from_server);
    EXPECT_EQ(packets_of({"-c", "5", "src", "port", "8080"}), 5u);
    EXPECT_EQ(packets_of({"src", "port", "8080", "-c", "5"}), 5u);
}

TEST(CliPackets, KeepTheirNumbersWhenOthersDoNotMatch)
{
    const std::string path = capture_path("ipv6.pcapng");
    std::vector<int64_t> all, filtered;
    for (const Json &r :
         Json::parse_lines(wsdump({"-q", "-r", path, "--json", "--show", "frame"}).out))
        if (r["from"].text() == "server")
            all.push_back(r["packet"].number());
    for (const Json &r : Json::parse_lines(
             wsdump({"-q", "-r", path, "--json", "--show", "frame", "tcp", "src", "port", "8080"})
                 .out))
        filtered.push_back(r["packet"].number());
    EXPECT_GT(all.size(), 10u);
    EXPECT_EQ(filtered, all);
}

// --- choosing records ---

TEST(CliShow, IsAllButFramesUnlessSaid)
{
    const std::string path = capture_path("refused.pcapng");
    const std::vector<std::string> usual = types_in(wsdump({"-q", "-r", path, "--json"}).out);
    EXPECT_EQ(std::count(usual.begin(), usual.end(), "open"), 5);
    EXPECT_EQ(std::count(usual.begin(), usual.end(), "message"), 4);
    EXPECT_EQ(std::count(usual.begin(), usual.end(), "violation"), 1);
    EXPECT_EQ(std::count(usual.begin(), usual.end(), "end"), 5);
    EXPECT_EQ(std::count(usual.begin(), usual.end(), "frame"), 0);
    const std::vector<std::string> more =
        types_in(wsdump({"-q", "-r", path, "--json", "--frames"}).out);
    EXPECT_EQ(std::count(more.begin(), more.end(), "frame"), 4);
    EXPECT_EQ(more.size(), usual.size() + 4);
}

TEST(CliShow, DoesNotChangeWhatTheSummaryCounts)
{
    for (const std::string &file : bundled_captures()) {
        const std::string usual = wsdump({"-r", capture_path(file), "--json"}).err;
        EXPECT_NE(usual.find(" frame") == std::string::npos,
                  usual.find("no WebSocket traffic") == std::string::npos)
            << usual;
        EXPECT_EQ(wsdump({"-r", capture_path(file), "--json", "--frames"}).err, usual);
        EXPECT_EQ(wsdump({"-r", capture_path(file), "--text", "--show", "end"}).err, usual);
    }
}

TEST(CliShow, IsWhatIsListed)
{
    const std::string path = capture_path("refused.pcapng");
    for (const char *type : {"open", "frame", "message", "violation", "end"}) {
        const std::vector<std::string> types =
            types_in(wsdump({"-q", "-r", path, "--json", "--show", type}).out);
        EXPECT_FALSE(types.empty()) << type;
        EXPECT_EQ(static_cast<size_t>(std::count(types.begin(), types.end(), type)), types.size());
    }
    EXPECT_EQ(types_in(wsdump({"-q", "-r", path, "--json", "--show", "frame,end"}).out).size(), 9u);
    EXPECT_EQ(
        types_in(wsdump({"-q", "-r", path, "--json", "--show", "end", "--frames"}).out).size(), 9u);
}

TEST(CliShow, BeginsEveryConnectionWithItsOpenAndEndsItWithItsEnd)
{
    for (const std::string &file : bundled_captures()) {
        const Outcome outcome = wsdump({"-q", "-r", capture_path(file), "--json", "--frames"});
        int64_t opened = 0;
        std::vector<int64_t> ended;
        for (const Json &r : Json::parse_lines(outcome.out)) {
            const int64_t conn = r["conn"].number();
            if (r["record"].text() == "open") {
                EXPECT_EQ(conn, ++opened);
            }
            EXPECT_LE(conn, opened);
            EXPECT_EQ(std::count(ended.begin(), ended.end(), conn), 0);
            if (r["record"].text() == "end")
                ended.push_back(conn);
        }
        EXPECT_EQ(static_cast<int64_t>(ended.size()), opened);
    }
}

TEST(CliQuiet, LeavesOutTheSummary)
{
    const std::string path = capture_path("ipv6.pcapng");
    EXPECT_EQ(wsdump({"-q", "-r", path}).err, "");
    EXPECT_EQ(lines_of(wsdump({"-r", path}).err).size(), 1u);
    EXPECT_EQ(wsdump({"-q", "-r", path}).out, wsdump({"-r", path}).out);
    EXPECT_EQ(wsdump({"-qnlp", "-r", path}).out, wsdump({"-r", path}).out);
}

// --- how payload is shown ---

TEST(CliMaxData, CutsPayloadAtCharacters)
{
    const std::pair<const char *, const char *> cases[] = {
        {"1", "G"},          {"2", "Gr"},         {"3", "Gr"},
        {"4", "Gr\xc3\xbc"}, {"5", "Gr\xc3\xbc"}, {"6", "Gr\xc3\xbc\xc3\x9f"},
        {"7", greeting},     {"0", greeting}};
    for (const auto &[limit, expected] : cases) {
        const Outcome json =
            wsdump_of_messages(Frame(1, greeting), {"--json", "--max-data", limit});
        const Json record = Json::parse_lines(json.out).at(0);
        EXPECT_EQ(record["data"].text(), expected);
        EXPECT_EQ(record["encoding"].text(), "utf8");
        EXPECT_EQ(record["length"].number(), 7);
        EXPECT_EQ(record["truncated"].flag(), std::string(expected) != greeting);
        const Outcome text = wsdump_of_messages(Frame(1, greeting), {"--max-data", limit});
        EXPECT_TRUE(contains(text.out, "\"" + std::string(expected) + "\"")) << text.out;
    }
}

TEST(CliMaxData, Is200InTextAndEverythingInJson)
{
    for (size_t size : {200u, 201u, 100000u}) {
        const Bytes message = Frame(1, std::string(size, 'x'));
        const Outcome json = wsdump_of_messages(message, {"--json"});
        const Json record = Json::parse_lines(json.out).at(0);
        EXPECT_EQ(record["data"].text().size(), size);
        EXPECT_FALSE(record["truncated"].flag());
        const Outcome text = wsdump_of_messages(message);
        EXPECT_EQ(std::count(text.out.begin(), text.out.end(), 'x'), 200 + 1); // and that of "text"
        EXPECT_EQ(contains(text.out, "\xe2\x80\xa6"), size > 200);
    }
}

// --- display filters ---

TEST(CliFilter, SelectsRecordsInBothOutputs)
{
    const std::string path = capture_path("many.pcapng");
    const Outcome all = wsdump({"-q", "-r", path, "--json"});
    std::string expected;
    for (const std::string &line : lines_of(all.out))
        if (contains(line, "\"record\":\"message\"") && contains(line, "\"conn\":3,") &&
            contains(line, "\"from\":\"client\""))
            expected += line + "\n";
    const std::string filter = "record == message and conn == 3 and from == client";
    const Outcome json = wsdump({"-q", "-r", path, "--json", "-Y", filter});
    EXPECT_NE(expected, "");
    EXPECT_EQ(json.out, expected);
    const Outcome text = wsdump({"-q", "-r", path, "--display-filter=" + filter});
    EXPECT_EQ(lines_of(text.out).size(), lines_of(expected).size());
}

TEST(CliFilter, OfAConnectionShowsAllOfIt)
{
    const std::string path = capture_path("refused.pcapng");
    const std::vector<std::string> types =
        types_in(wsdump({"-q", "-r", path, "--json", "-Y", "conn == 5"}).out);
    EXPECT_EQ(types.front(), "open");
    EXPECT_EQ(types.back(), "end");
    const Outcome refused = wsdump({"-q", "-r", path, "--json", "-Y", "status == 403"});
    EXPECT_EQ(types_in(refused.out), (std::vector<std::string>{"open", "end"}));
}

TEST(CliFilter, ChangesNothingButTheChoice)
{
    for (const std::string &file : bundled_captures()) {
        for (const char *limit : {"0", "1", "7", "200"}) {
            for (const char *format : {"--json", "--text"}) {
                const std::vector<std::string> plain = {
                    "-r", capture_path(file), "--frames", "--max-data", limit, format};
                std::vector<std::string> filtered = plain;
                filtered.insert(filtered.end(), {"-Y", "data ~ \"x\" or not data ~ \"x\""});
                const Outcome expected = wsdump(plain), outcome = wsdump(filtered);
                EXPECT_EQ(outcome.out, expected.out) << file << limit << format;
                EXPECT_EQ(outcome.err, expected.err) << file << limit << format;
            }
        }
    }
}

TEST(CliFilter, SearchesBehindWhatIsShown)
{
    const Bytes message =
        stream({Frame(1, std::string(50000, 'x') + "needle").not_final(),
                Frame(0, std::string(50000, 'y')), Frame(1, std::string(300, 'x')), Frame(1, "z")});
    const Outcome outcome = wsdump_of_messages(message, {"-Y", "data ~ \"needley\""});
    EXPECT_EQ(lines_of(outcome.out).size(), 1u);
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), 'x'), 200 + 1);
    EXPECT_TRUE(contains(outcome.out, "\xe2\x80\xa6")); // and says that there is more
}

TEST(CliFilter, ThatIsWrongIsShownWithItsPlace)
{
    for (const char *file : {"/nowhere.pcap", CAPTURES_DIR "/ipv6.pcapng"}) {
        const Outcome outcome = wsdump({"-r", file, "-Y", "type == text and lenght > 3"});
        EXPECT_EQ(outcome.status, 2);
        EXPECT_EQ(outcome.out, "");
        EXPECT_EQ(outcome.err,
                  "wsdump: -Y: there is no field lenght: did you mean length; -Y help lists them\n"
                  "  type == text and lenght > 3\n"
                  "                   ^^^^^^\n");
    }
    expect_usage_error({"-Y"}, "-Y");
}

TEST(CliFilter, SaysOnceThatItGaveUp)
{
    const Bytes message = Frame(1, std::string(40, 'a') + "b");
    const Outcome outcome =
        wsdump_of_messages(stream({message, message}), {"-Y", "data ~ \"^(a+)+$\""});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(lines_of(outcome.err).size(), 1u);
    EXPECT_TRUE(contains(outcome.err, "2 searches")) << outcome.err;
}

TEST(CliHex, ShowsPayloadAsDigitsInText)
{
    const Bytes message = Frame(1, greeting);
    EXPECT_TRUE(contains(wsdump_of_messages(message, {"--hex"}).out, " 4772c3bcc39f65\n"));
    EXPECT_TRUE(contains(wsdump_of_messages(message).out, " \"" + std::string(greeting) + "\"\n"));
}

TEST(CliMemory, BoundsUnfinishedMessages)
{
    const std::string payload(1200000, 'x');
    const build::Bytes capture = as_pcap(conversation_packets({}, Frame(1, payload))).bytes;
    for (const char *mib : {"1", "2"}) {
        const Outcome outcome =
            wsdump_of(capture, {"-q", "--json", "--show", "message", "--memory", mib});
        const Json record = Json::parse_lines(outcome.out).at(0);
        EXPECT_EQ(record["length"].number(), 1200000);
        EXPECT_EQ(record["truncated"].flag(), mib[0] == '1');
        // A quarter is TCP's, and the connection itself takes a little.
        const size_t size = record["data"].text().size();
        EXPECT_LE(size, mib[0] == '1' ? 786432u : 1200000u);
        EXPECT_GT(size, mib[0] == '1' ? 780000u : 1199999u);
    }
}

// No ESC or other control, no C1, no bidi control: neither as bytes nor as characters.
void expect_harmless(const std::string &out)
{
    ASSERT_TRUE(g_utf8_validate(out.data(), static_cast<gssize>(out.size()), nullptr));
    for (const char *at = out.c_str(); *at; at = g_utf8_next_char(at)) {
        const gunichar c = g_utf8_get_char(at);
        ASSERT_TRUE(c == '\n' || !g_unichar_iscntrl(c)) << std::hex << c;
        ASSERT_FALSE(c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                     (c >= 0x2066 && c <= 0x2069))
            << std::hex << c;
    }
}

TEST(CliOutput, NeverHarmsATerminal)
{
    for (const std::string &file : bundled_captures()) {
        for (const char *format : {"--text", "--json", "--hex"}) {
            const Outcome outcome =
                wsdump({"-r", capture_path(file), "--frames", "--max-data", "0", format});
            EXPECT_EQ(outcome.status, 0);
            expect_harmless(outcome.out);
        }
    }
    // The capture does hold what could harm.
    EXPECT_TRUE(contains(wsdump({"-r", capture_path("echo.pcapng")}).out, "\\u{202e}"));
    EXPECT_TRUE(contains(wsdump({"-r", capture_path("echo.pcapng")}).out, "\\x1b"));
}

TEST(CliOutput, IsOneLinePerRecord)
{
    const std::string path = capture_path("echo.pcapng");
    const size_t records = lines_of(wsdump({"-q", "-r", path, "--json"}).out).size();
    EXPECT_EQ(lines_of(wsdump({"-q", "-r", path}).out).size(), records);
}

TEST(CliOutput, IsTheSameInAnyLocale)
{
    const std::string path = capture_path("echo.pcapng");
    Surroundings german;
    german.environment = {{"LC_ALL", "de_DE.UTF-8"}, {"TZ", "UTC"}};
    Surroundings plain;
    plain.environment = {{"LC_ALL", "C"}, {"TZ", "UTC"}};
    for (const char *format : {"--json", "--text"})
        EXPECT_EQ(wsdump({"-q", "-r", path, format}, german).out,
                  wsdump({"-q", "-r", path, format}, plain).out);
}

TEST(CliOutput, MayBeLeftUnread)
{
    for (const char *options : {"", "-l", "--json", "--json -l"}) {
        const Outcome outcome = shell("{ \"$WSDUMP\" -q -r '" + capture_path("echo.pcapng") + "' " +
                                      options + "; echo \"status $?\" >&2; } | head -n 1");
        EXPECT_EQ(lines_of(outcome.out).size(), 1u);
        EXPECT_EQ(outcome.err, "status 0\n");
    }
}

// Runs wsdump with its output into a pipe that nobody reads until it got a signal; what it said.
Outcome wsdump_signalled(const std::string &signal)
{
    return shell("{ sh -c 'echo $$ >&3; exec \"$WSDUMP\" -q --json --frames -r " +
                 capture_path("many.pcapng") +
                 "' 3>\"$TMP_PID\"; echo \"status $?\" >&2; } |"
                 " { sleep 0.3; kill -" +
                 signal + " \"$(cat \"$TMP_PID\")\"; sleep 0.3; cat; }");
}

TEST(CliOutput, OutlivesSignalsThatComeWhileNobodyReads)
{
    const build::TempFile pid({});
    setenv("TMP_PID", pid.path(), 1);
    const Outcome whole = wsdump({"-q", "--json", "--frames", "-r", capture_path("many.pcapng")});
    ASSERT_GT(whole.out.size(), 200000u) << "more than a pipe holds";
    const Outcome asked = wsdump_signalled("USR1");
    EXPECT_EQ(asked.out, whole.out);
    EXPECT_TRUE(contains(asked.err, "status 0")) << asked.err;
    const Outcome interrupted = wsdump_signalled("INT");
    EXPECT_EQ(interrupted.err, "status 0\n");
    EXPECT_EQ(interrupted.out.substr(0, 70000), whole.out.substr(0, 70000));
    EXPECT_EQ(interrupted.out.back(), '\n');
    unsetenv("TMP_PID");
}

TEST(CliOutput, ThatCannotBeWrittenIsAFailure)
{
    for (const char *file : {"ipv6.pcapng", "echo.pcapng"}) { // within one buffer, and beyond it
        for (const char *options : {"-q", "-ql"}) {
            Surroundings full;
            full.output = "/dev/full";
            const Outcome outcome = wsdump({options, "-r", capture_path(file)}, full);
            EXPECT_EQ(outcome.status, 1) << file;
            EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
            EXPECT_TRUE(contains(outcome.err, "No space left")) << outcome.err;
        }
    }
}

} // namespace
