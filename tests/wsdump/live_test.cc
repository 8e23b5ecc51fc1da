// wsdump on an interface: what passes is told at once, without root's rights, until an interrupt.
#include "json.h"
#include "loopback.h"
#include "program.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

namespace
{

// wsdump in the background.
class Live
{
public:
    explicit Live(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {WSDUMP_PROGRAM, "--json"});
        child_ = fork();
        if (child_ == 0) {
            put_in_place("/dev/null", O_RDONLY, 0);
            put_in_place(out_.path(), O_WRONLY, 1);
            put_in_place(err_.path(), O_WRONLY, 2);
            become(std::move(arguments));
        }
    }
    ~Live()
    {
        if (child_ > 0)
            finish();
    }
    Live(const Live &) = delete;
    Live &operator=(const Live &) = delete;

    bool ended()
    {
        int status;
        if (child_ > 0 && waitpid(child_, &status, WNOHANG) == child_)
            child_ = -1;
        return child_ < 0;
    }
    void signal(int number) const
    {
        kill(child_, number);
    }
    // Its exit status after an interrupt; -1 when that does not end it.
    int finish(int number = SIGINT)
    {
        int status = -1;
        signal(number);
        for (int round = 0; round < 100 && waitpid(child_, &status, WNOHANG) == 0; round++)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const bool exited = status != -1 && WIFEXITED(status);
        if (status == -1) {
            kill(child_, SIGKILL);
            waitpid(child_, &status, 0);
        }
        child_ = -1;
        return exited ? WEXITSTATUS(status) : -1;
    }
    std::string out() const
    {
        return contents_of(out_.path());
    }
    std::string err() const
    {
        return contents_of(err_.path());
    }
    // What ss says of its capture's socket, all in one line; "" where that is not known.
    std::string capture_socket() const
    {
        const std::string all = shell("ss -0 -e -n").out;
        const std::string open = shell("ls -l /proc/" + std::to_string(child_) + "/fd").out;
        for (size_t at = 0; (at = all.find("ino:", at)) != std::string::npos; at++) {
            const std::string inode = all.substr(at + 4, all.find(' ', at) - at - 4);
            if (open.find("socket:[" + inode + "]") != std::string::npos)
                return all.substr(at, all.find("ino:", at + 1) - at);
        }
        return "";
    }
    // Of /proc/PID/status.
    std::string status_line(const std::string &name) const
    {
        for (const std::string &line :
             lines_of(contents_of("/proc/" + std::to_string(child_) + "/status")))
            if (line.rfind(name + ":", 0) == 0)
                return line;
        return "";
    }

private:
    const build::TempFile out_ = build::TempFile({}), err_ = build::TempFile({});
    pid_t child_ = -1;
};

bool tells_of_the_text(const std::string &out)
{
    return out.find("\"data\":\"hello\"") != std::string::npos;
}

// Rounds of a tenth of a second until `condition` holds; false when it does not within 10 s.
bool soon(const std::function<bool()> &condition)
{
    for (int round = 0; round < 100; round++) {
        if (condition())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
}

// False when wsdump may not capture here: then it has ended.
bool captures(Live &live, const Loopback &loopback)
{
    soon([&] {
        loopback.converse();
        return live.ended() || tells_of_the_text(live.out());
    });
    return !live.ended();
}

class LiveOn : public testing::TestWithParam<const char *>
{
};

TEST_P(LiveOn, TellsWhatPassesWithoutRootsRightsUntilAnInterrupt)
{
    const Loopback loopback;
    Live live({"-i", GetParam(), "-l", loopback.filter});
    if (!captures(live, loopback))
        GTEST_SKIP() << "may not capture here: " << live.err();
    EXPECT_TRUE(tells_of_the_text(live.out())) << live.err();
    if (geteuid() == 0) {
        EXPECT_EQ(live.status_line("Uid").find("\t0"), std::string::npos);
        EXPECT_EQ(live.status_line("Gid").find("\t0"), std::string::npos);
        EXPECT_EQ(live.status_line("CapEff"), "CapEff:\t0000000000000000");
        EXPECT_EQ(live.status_line("CapPrm"), "CapPrm:\t0000000000000000");
    }
    if (wsdump({"--version"}).out.find("without") == std::string::npos) {
        EXPECT_EQ(live.status_line("Seccomp"), "Seccomp:\t2");
        EXPECT_EQ(live.status_line("NoNewPrivs"), "NoNewPrivs:\t1");
    }
    EXPECT_EQ(live.finish(), 0);
    EXPECT_NE(live.err().find("dropped by the kernel"), std::string::npos) << live.err();
    for (const Json &record : Json::parse_lines(live.out()))
        EXPECT_GT(record["conn"].number(), 0);
}

INSTANTIATE_TEST_SUITE_P(Interface, LiveOn, testing::Values("lo", "any"),
                         [](const auto &on) { return std::string(on.param); });

// The kernel's ring has blocks that packets of any size share (TPACKET_V3, which ss calls 2), not
// slots of the snaplen each, of which there would be few.
TEST(Live, HasALargeRingWhosePacketsComeManyAtATime)
{
    const Loopback loopback;
    Live live({"-i", "lo", loopback.filter});
    if (!captures(live, loopback))
        GTEST_SKIP() << "may not capture here: " << live.err();
    const std::string socket = live.capture_socket();
    const auto number = [&socket](const std::string &name) {
        const size_t at = socket.find(name + ":");
        return at == std::string::npos ? -1 : std::stol(socket.substr(at + name.size() + 1));
    };
    if (number("tmo") < 0)
        GTEST_SKIP() << "ss is missing, or does not tell";
    EXPECT_EQ(number("ver"), 2) << socket;
    EXPECT_GE(number("tmo"), 50) << socket;
    EXPECT_LE(number("tmo"), 100) << socket;
    EXPECT_GE(number("blk_size") * number("blk_nr"), 32 << 20) << socket;
}

TEST(Live, LeavesOutWhatTheFilterDoes)
{
    const Loopback wanted, other;
    Live live({"-i", "lo", wanted.filter});
    if (!captures(live, wanted))
        GTEST_SKIP() << "may not capture here: " << live.err();
    for (int i = 0; i < 20; i++)
        other.converse();
    wanted.converse();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_EQ(live.finish(), 0);
    EXPECT_EQ(live.out().find(":" + std::to_string(other.port) + "\""), std::string::npos);
    EXPECT_NE(live.out().find(":" + std::to_string(wanted.port) + "\""), std::string::npos);
}

// How long it takes until a whole conversation is told, without -l; 2 s or more when it is not.
double seconds_behind(Live &live, const Loopback &loopback)
{
    const auto told = [&] {
        const std::string out = live.out();
        return out.find(":" + std::to_string(loopback.port) + "\"") != std::string::npos &&
               out.back() == '\n' &&
               lines_of(out).back().find("\"record\":\"end\"") != std::string::npos;
    };
    loopback.converse();
    const auto begin = std::chrono::steady_clock::now();
    std::chrono::duration<double> passed(0);
    while (!told() && passed.count() < 2) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        passed = std::chrono::steady_clock::now() - begin;
    }
    return passed.count();
}

TEST(Live, ShowsWithinTwoSecondsWhatPassesOnAQuietInterface)
{
    const Loopback first, second;
    Live live({"-i", "lo", first.filter + " or " + second.filter});
    if (!captures(live, first))
        GTEST_SKIP() << "may not capture here: " << live.err();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const double seconds = seconds_behind(live, second);
    EXPECT_LT(seconds, 2) << live.out();
    RecordProperty("milliseconds", static_cast<int>(seconds * 1000));
}

// Datagrams to a port of the loopback interface where nobody listens.
class Chatter
{
public:
    Chatter()
    {
        address_.sin_family = AF_INET;
        address_.sin_port = htons(9);
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        thread_ = std::thread([this] {
            for (; !over_; std::this_thread::sleep_for(std::chrono::milliseconds(20)))
                sendto(socket_, "chat", 4, 0, reinterpret_cast<const sockaddr *>(&address_),
                       sizeof address_);
        });
    }
    ~Chatter()
    {
        over_ = true;
        thread_.join();
        close(socket_);
    }
    Chatter(const Chatter &) = delete;
    Chatter &operator=(const Chatter &) = delete;

private:
    const int socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address_ = {};
    std::atomic<bool> over_{false};
    std::thread thread_;
};

TEST(Live, ShowsWithinTwoSecondsWhatPassesAmongOtherPackets)
{
    const Loopback first, second;
    Live live({"-i", "lo", first.filter + " or " + second.filter + " or udp port 9"});
    if (!captures(live, first))
        GTEST_SKIP() << "may not capture here: " << live.err();
    const Chatter chatter;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_LT(seconds_behind(live, second), 2) << live.out();
}

// Nothing else passes, so that no packet tells that the time is over.
TEST(Live, SaysSoonOnAQuietInterfaceWhatIsLostAndThatItIsOver)
{
    const Loopback loopback;
    Live live({"-i", "lo", loopback.filter_of_small()});
    if (!captures(live, loopback))
        GTEST_SKIP() << "may not capture here: " << live.err();
    const auto tells = [&](const char *what) {
        return [&live, what] { return live.out().find(what) != std::string::npos; };
    };
    loopback.lose([&] {
        EXPECT_FALSE(tells("\"record\":\"gap\"")());
        EXPECT_TRUE(soon(tells("\"record\":\"gap\""))) << live.out();
        EXPECT_NE(live.out().find("\"bytes\":1004"), std::string::npos) << live.out();
    });
    EXPECT_TRUE(soon(tells("\"how\":\"rst\""))) << live.out();
    EXPECT_EQ(live.finish(), 0);
}

TEST(Live, PrintsItsCountsOnRequestAndGoesOn)
{
    const Loopback loopback;
    Live live({"-i", "lo", loopback.filter});
    if (!captures(live, loopback))
        GTEST_SKIP() << "may not capture here: " << live.err();
    for (size_t request = 1; request <= 2; request++) {
        live.signal(SIGUSR1);
        EXPECT_TRUE(soon([&] { return lines_of(live.err()).size() == request; })) << live.err();
        EXPECT_FALSE(live.ended());
    }
    for (const std::string &line : lines_of(live.err())) {
        EXPECT_NE(line.find(" packets"), std::string::npos) << line;
        EXPECT_NE(line.find("dropped by the kernel"), std::string::npos) << line;
    }
    EXPECT_EQ(live.finish(SIGTERM), 0);
    EXPECT_EQ(lines_of(live.err()).size(), 3u) << live.err();
}

// It is stopped while they come, so that they can only be in the kernel's buffer.
TEST(Live, TellsWhatCameBeforeTheInterrupt)
{
    const Loopback first, second;
    Live live({"-i", "lo", first.filter + " or " + second.filter});
    if (!captures(live, first))
        GTEST_SKIP() << "may not capture here: " << live.err();
    live.signal(SIGSTOP);
    constexpr size_t conversations = 50;
    for (size_t i = 0; i < conversations; i++)
        second.converse();
    live.signal(SIGINT);
    live.signal(SIGCONT);
    EXPECT_TRUE(soon([&] { return live.ended(); })) << "by itself";
    size_t told = 0;
    for (const std::string &line : lines_of(live.out()))
        told += line.find("\"record\":\"open\"") != std::string::npos &&
                line.find(":" + std::to_string(second.port) + "\"") != std::string::npos;
    EXPECT_EQ(told, conversations);
}

// Traffic that never pauses does not keep it from ending.
TEST(Live, EndsAtAnInterruptWhateverComesThen)
{
    const Loopback loopback;
    Live live({"-i", "lo", loopback.filter + " or udp port 9"});
    if (!captures(live, loopback))
        GTEST_SKIP() << "may not capture here: " << live.err();
    const Chatter chatter;
    live.signal(SIGINT);
    EXPECT_TRUE(soon([&] { return live.ended(); }));
}

TEST(Live, WritesThePacketsWhileItDecodes)
{
    const build::TempFile file({});
    const Loopback loopback;
    Live live({"-i", "lo", "-w", file.path(), loopback.filter});
    if (!captures(live, loopback))
        GTEST_SKIP() << "may not capture here: " << live.err();
    const auto written = [&] {
        return tells_of_the_text(wsdump({"-q", "--json", "-r", file.path()}).out);
    };
    EXPECT_TRUE(soon(written)) << "before it ends";
    EXPECT_EQ(live.finish(), 0);
    EXPECT_EQ(wsdump({"-q", "--json", "-r", file.path()}).out, live.out());
}

TEST(Live, NamesTheInterfaceThatIsNotThere)
{
    const Outcome outcome = wsdump({"-i", "nowhere0"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("nowhere0"), std::string::npos) << outcome.err;
}

} // namespace
