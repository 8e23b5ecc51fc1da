// wsdump -w: the file that it writes holds the WebSocket connections, and nothing is lost by
// writing them; which files it writes, and which it does not touch.
#include "bundled.h"
#include "json.h"
#include "program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <regex>

namespace
{

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

bool is_there(const char *program)
{
    return run({"/bin/sh", "-c", std::string("command -v ") + program}).status == 0;
}

// All that is said of a capture but the numbers of packets, which others may be missing from.
std::string records_of(const std::string &path, std::vector<std::string> options = {})
{
    options.insert(options.begin(), {"-q", "-r", path, "--json", "--frames"});
    const Outcome outcome = wsdump(options);
    EXPECT_EQ(outcome.err, "");
    return std::regex_replace(outcome.out, std::regex("\"packet\":[0-9]+"), "\"packet\":0");
}

size_t lines_in(const Outcome &outcome)
{
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return lines_of(outcome.out).size();
}

TEST(Write, KeepsEveryRecordOfTheBundledCaptures)
{
    const build::TempFile file({});
    for (const std::string &name : bundled_captures()) {
        const std::string records = records_of(capture_path(name), {"-w", file.path()});
        EXPECT_EQ(records_of(file.path()), records) << name;
        EXPECT_EQ(records.empty(), name == "http.pcapng");
    }
}

TEST(Write, LeavesOutOtherTraffic)
{
    const build::TempFile file({});
    const Outcome none = wsdump({"-r", capture_path("http.pcapng"), "-w", file.path()});
    EXPECT_TRUE(contains(none.err, ", 0 written")) << none.err;
    EXPECT_EQ(wsdump({"-r", file.path()}).err, "wsdump: 0 packets, no WebSocket traffic\n");
    const Outcome all = wsdump({"-r", capture_path("echo.pcapng"), "-w", file.path()});
    EXPECT_TRUE(contains(all.err, "wsdump: 80 packets,")) << all.err;
    EXPECT_TRUE(contains(all.err, ", 80 written")) << all.err;
}

TEST(Write, IsReadByTcpdumpAndTshark)
{
    const build::TempFile file({});
    for (const std::string &name : bundled_captures()) {
        EXPECT_EQ(wsdump({"-q", "-r", capture_path(name), "-w", file.path()}).status, 0);
        const std::string summary = wsdump({"-r", file.path()}).err;
        const size_t packets = std::stoul(summary.substr(summary.find(' ')));
        if (is_there("tcpdump")) {
            EXPECT_EQ(lines_in(run({"tcpdump", "-nr", file.path()})), packets) << name;
        }
        if (is_there("tshark")) {
            EXPECT_EQ(lines_in(run({"tshark", "-nr", file.path()})), packets) << name;
        }
    }
    if (!is_there("tcpdump") || !is_there("tshark"))
        GTEST_SKIP() << "tcpdump or tshark is not installed";
}

TEST(Write, ToStandardOutputReplacesTheText)
{
    const std::string path = capture_path("echo.pcapng");
    const Outcome piped = shell("\"$WSDUMP\" -r '" + path + "' -w - | \"$WSDUMP\" -q -r -");
    EXPECT_EQ(piped.out, wsdump({"-q", "-r", path}).out);
    EXPECT_TRUE(contains(piped.err, ", 80 written")) << piped.err;
    for (const char *format : {"--text", "--json"}) {
        const Outcome refused = wsdump({"-r", path, "-w", "-", format});
        EXPECT_EQ(refused.status, 2);
        EXPECT_TRUE(contains(refused.err, "-w -")) << refused.err;
    }
    const Outcome stopped =
        shell("{ \"$WSDUMP\" -q -r '" + path + "' -w -; echo \"status $?\" >&2; } | head -c 1");
    EXPECT_EQ(stopped.err, "status 0\n") << "whoever reads may stop";
}

TEST(Write, OverwritesAFileButNeverTheOneThatIsRead)
{
    const std::string original = contents_of(capture_path("echo.pcapng"));
    const build::TempFile file(build::Bytes(original.begin(), original.end()));
    const std::string path = file.path();
    for (const std::string &line :
         {"\"$WSDUMP\" -r '" + path + "' -w '" + path + "'",
          "\"$WSDUMP\" -r - -w '" + path + "' < '" + path + "'",
          "cd /; \"$WSDUMP\" -r '" + path + "' -w '" + path.substr(1) + "'"}) {
        const Outcome refused = shell(line);
        EXPECT_EQ(refused.status, 1) << line;
        EXPECT_EQ(refused.out, "");
        EXPECT_EQ(lines_of(refused.err).size(), 1u);
        EXPECT_TRUE(contains(refused.err, "is the capture that is read")) << refused.err;
        EXPECT_EQ(contents_of(path), original);
    }
    EXPECT_EQ(wsdump({"-q", "-r", capture_path("ipv6.pcapng"), "-w", path}).status, 0);
    EXPECT_LT(contents_of(path).size(), original.size()) << "nothing is left of what was there";
    EXPECT_EQ(records_of(path), records_of(capture_path("ipv6.pcapng")));
}

TEST(Write, ThatFailsIsAFailure)
{
    const std::string path = capture_path("echo.pcapng");
    for (const auto &[file, why] :
         std::vector<std::pair<std::string, std::string>>{{"/dev/full", "No space left"},
                                                          {"/nowhere/file", "No such file"},
                                                          {"/", "directory"}}) {
        const Outcome outcome = wsdump({"-q", "-r", path, "-w", file});
        EXPECT_EQ(outcome.status, 1) << file;
        EXPECT_EQ(lines_of(outcome.err).size(), 1u) << outcome.err;
        EXPECT_TRUE(contains(outcome.err, file)) << outcome.err;
        EXPECT_TRUE(contains(outcome.err, why)) << outcome.err;
    }
}

TEST(Write, CreatesNothingWhenThereIsNothingToRead)
{
    EXPECT_EQ(wsdump({"-r", "/nowhere.pcap", "-w", "write_test_out.pcapng"}).status, 1);
    EXPECT_EQ(access("write_test_out.pcapng", F_OK), -1);
}

TEST(Write, BelongsToWhoCalledSudo)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can be root through sudo";
    char folder[] = "/tmp/wskit-write-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    Surroundings sudo;
    sudo.environment = {{"SUDO_UID", "1"}}; // daemon
    const std::string path = std::string(folder) + "/out.pcapng";
    const auto write = [&] { wsdump({"-q", "-r", capture_path("ipv6.pcapng"), "-w", path}, sudo); };
    struct stat info = {};

    write(); // where that one may not
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 0u);
    unlink(path.c_str());
    ASSERT_EQ(chmod(folder, 0777), 0);
    write();
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 1u);
    EXPECT_EQ(info.st_gid, 1u);
    unlink(path.c_str());
    rmdir(folder);
}

} // namespace
