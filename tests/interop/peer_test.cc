// The endpoint beside other people's: each peer as server and as client, with and without
// permessage-deflate. Every program (our speaker.c and the peers) takes the same arguments: as
// server it echoes and prints "listening on 127.0.0.1:PORT", as client it sends messages from 1
// byte to 16 MiB, text and binary, a ping, and a Close, checks what comes back, and exits with 0.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace
{
using Arguments = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

struct Peer {
    const char *name;
    Arguments command;
    const char *needs; // a file without which it cannot run
    const char *lacks; // what to say then
};

const Peer peers[] = {
    {"ws",
     {"node", INTEROP_DIR "/ws.js"},
     INTEROP_DIR "/node_modules/ws/package.json",
     "npm ci in tests/interop has not been run"},
    {"python",
     {"/usr/bin/python3", INTEROP_DIR "/websockets_peer.py"},
     "/usr/lib/python3/dist-packages/websockets",
     "python3-websockets is missing"},
    {"gorilla",
     {INTEROP_BIN "/interop_gorilla"},
     INTEROP_BIN "/interop_gorilla",
     "golang-go or golang-github-gorilla-websocket-dev was missing when this was configured"},
    {"lws",
     {INTEROP_BIN "/interop_lws"},
     INTEROP_BIN "/interop_lws",
     "libwebsockets-dev was missing when this was configured"},
};

// A program that is started here, and ended here.
class Program
{
public:
    explicit Program(const Arguments &arguments)
    {
        int ends[2];
        if (pipe(ends) != 0)
            std::abort();
        pid_ = fork();
        if (pid_ == 0) {
            dup2(ends[1], STDOUT_FILENO);
            std::vector<char *> argv;
            for (const std::string &argument : arguments)
                argv.push_back(const_cast<char *>(argument.c_str()));
            argv.push_back(nullptr);
            execvp(argv[0], argv.data());
            _exit(127);
        }
        close(ends[1]);
        output_ = ends[0];
    }
    ~Program()
    {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        close(output_);
    }
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;

    // Its first line, within 20 seconds.
    std::string line()
    {
        std::string text;
        pollfd readable = {output_, POLLIN, 0};
        for (char c; poll(&readable, 1, 20000) > 0 && read(output_, &c, 1) == 1 && c != '\n';)
            text += c;
        return text;
    }

    // Its exit status, within 60 seconds; -1 when it did not exit by itself.
    int status()
    {
        int how = 0;
        for (const auto end = Clock::now() + std::chrono::seconds(60); Clock::now() < end;) {
            const pid_t ended = waitpid(pid_, &how, WNOHANG);
            if (ended == pid_) {
                pid_ = 0;
                return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return -1;
    }

private:
    pid_t pid_;
    int output_;
};

class Interop : public testing::TestWithParam<std::tuple<Peer, const char *, const char *>>
{
};

TEST_P(Interop, MessagesOfAllSizesPingsAndCloseGoBothWays)
{
    const auto &[peer, role, mode] = GetParam();
    if (access(peer.needs, F_OK) != 0) {
        if (std::getenv("CI")) {
            FAIL() << peer.lacks;
        }
        GTEST_SKIP() << peer.lacks;
    }
#ifndef WSPROTO_DEFLATE
    if (mode == std::string("deflate"))
        GTEST_SKIP() << "this build has no permessage-deflate";
#endif
    const bool ours_serves = role == std::string("client");
    const Arguments ours = {INTEROP_BIN "/interop_speaker"};
    Arguments server = ours_serves ? ours : peer.command;
    Arguments client = ours_serves ? peer.command : ours;
    server.insert(server.end(), {"server", mode});
    Program serving(server);
    const std::string line = serving.line(), start = "listening on 127.0.0.1:";
    ASSERT_EQ(line.substr(0, start.size()), start);
    client.insert(client.end(), {"client", mode, line.substr(start.size())});
    Program talking(client);
    EXPECT_EQ(talking.status(), 0);
    if (ours_serves) {
        EXPECT_EQ(serving.status(), 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Peers, Interop,
                         testing::Combine(testing::ValuesIn(peers),
                                          testing::Values("server", "client"),
                                          testing::Values("plain", "deflate")),
                         [](const auto &test) {
                             return std::string(std::get<0>(test.param).name) + "_as_" +
                                    std::get<1>(test.param) + "_" + std::get<2>(test.param);
                         });
} // namespace
