// wsdump on an interface: what passes is told at once, without root's rights, until an interrupt.
#include "json.h"
#include "program.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>

namespace
{

// wsdump on the loopback interface, in the background.
class Live
{
public:
    explicit Live(uint16_t port)
    {
        const std::string filter = "tcp port " + std::to_string(port);
        child_ = fork();
        if (child_ == 0) {
            put_in_place("/dev/null", O_RDONLY, 0);
            put_in_place(out_.path(), O_WRONLY, 1);
            put_in_place(err_.path(), O_WRONLY, 2);
            become({WSDUMP_PROGRAM, "-i", "lo", "-l", "--json", filter});
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
    // Its exit status after an interrupt; -1 when that does not end it.
    int finish()
    {
        int status = -1;
        kill(child_, SIGINT);
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

// Both ends of a TCP connection on the loopback interface.
class Loopback
{
public:
    Loopback()
    {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t len = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        listener_ = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listener_, generic, len) != 0 || listen(listener_, 16) != 0 ||
            getsockname(listener_, generic, &len) != 0)
            std::abort();
        address_ = address;
        port = ntohs(address.sin_port);
    }
    ~Loopback()
    {
        close(listener_);
    }
    Loopback(const Loopback &) = delete;
    Loopback &operator=(const Loopback &) = delete;

    // A client's handshake and one text.
    void converse() const
    {
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, reinterpret_cast<const sockaddr *>(&address_), sizeof address_) != 0)
            std::abort();
        const int server = accept(listener_, nullptr, nullptr);
        say(client, server, "GET /live HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
        say(server, client, "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n");
        say(server, client, "\x81\x05hello");
        close(client);
        close(server);
    }

    uint16_t port;

private:
    static void say(int from, int to, std::string_view text)
    {
        char heard[256];
        if (write(from, text.data(), text.size()) < 0 || read(to, heard, sizeof heard) <= 0)
            std::abort();
    }

    int listener_;
    sockaddr_in address_;
};

bool tells_of_the_text(const std::string &out)
{
    return out.find("\"data\":\"hello\"") != std::string::npos;
}

TEST(Live, TellsWhatPassesWithoutRootsRightsUntilAnInterrupt)
{
    const Loopback loopback;
    Live live(loopback.port);
    for (int round = 0; round < 100 && !tells_of_the_text(live.out()); round++) {
        if (live.ended())
            GTEST_SKIP() << "may not capture here: " << live.err();
        loopback.converse();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(tells_of_the_text(live.out())) << live.err();
    if (geteuid() == 0) {
        EXPECT_EQ(live.status_line("Uid").find("\t0"), std::string::npos);
        EXPECT_EQ(live.status_line("Gid").find("\t0"), std::string::npos);
        EXPECT_EQ(live.status_line("CapEff"), "CapEff:\t0000000000000000");
    }
    EXPECT_EQ(live.finish(), 0);
    EXPECT_NE(live.err().find("dropped by the kernel"), std::string::npos) << live.err();
    for (const Json &record : Json::parse_lines(live.out()))
        EXPECT_GT(record["conn"].number(), 0);
}

TEST(Live, NamesTheInterfaceThatIsNotThere)
{
    const Outcome outcome = wsdump({"-i", "nowhere0"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("nowhere0"), std::string::npos) << outcome.err;
}

} // namespace
