// The system-call filter: what it forbids, what goes on, and that no run of wsdump needs more.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <functional>
#include <thread>

extern "C" {
#include "sandbox.h"
}

namespace
{

class Sandbox : public testing::Test
{
protected:
    void SetUp() override
    {
        if (!sandbox_built())
            GTEST_SKIP() << "built without the filter: no libseccomp, or sanitizers or coverage, "
                            "whose runtimes need more system calls";
    }

    // How `action` ends in a process of its own, behind the filter: its result, or 256 + the
    // signal that killed it.
    static int ends(const std::function<int()> &action, bool terminal = false, bool enter = true)
    {
        const pid_t child = fork();
        if (child == 0)
            _exit(!enter || sandbox_enter(terminal, nullptr) ? action() : 99);
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child)
            return -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
    }
};

constexpr int KILLED = 256 + SIGSYS;

// The errno of a call that failed; 0 when it did not.
int error_of(long result)
{
    return result < 0 ? errno : 0;
}

TEST_F(Sandbox, KillsWhoStartsAProgram)
{
    EXPECT_EQ(ends([] { return execl("/bin/true", "true", nullptr); }), KILLED);
    EXPECT_EQ(ends([] { return static_cast<int>(syscall(SYS_execveat, -1, "", 0, 0, 0)); }),
              KILLED);
}

// The filter of the process that opens files to write.
TEST_F(Sandbox, OfTheOpenerLetsItOpenFilesAndKillsItForAnythingElse)
{
    const auto ends_there = [](const std::function<int()> &action) {
        return ends([&] { return sandbox_enter_opener(nullptr) ? action() : 98; }, false, false);
    };
    EXPECT_EQ(ends_there([] { return error_of(open("/tmp", O_WRONLY)); }), EISDIR);
    EXPECT_EQ(ends_there([] { return open("/dev/null", O_WRONLY) < 0; }), 0);
    EXPECT_EQ(ends_there([] { return execl("/nonexistent", "x", nullptr); }), KILLED);
    EXPECT_EQ(ends_there([] { return socket(AF_INET, SOCK_STREAM, 0); }), KILLED);
    EXPECT_EQ(ends_there([] { return unlink("/nonexistent"); }), KILLED);
    EXPECT_EQ(ends_there([] { return rename("/nonexistent", "/nonexistent2"); }), KILLED);
    EXPECT_EQ(ends_there([] { return chmod("/nonexistent", 0777); }), KILLED);
    EXPECT_EQ(ends_there([] { return fork(); }), KILLED);
    EXPECT_EQ(ends_there([] { return setuid(0); }), KILLED);
    EXPECT_EQ(ends_there([] { return static_cast<int>(write(1, "", 0)); }), KILLED);
}

TEST_F(Sandbox, KillsWhoUsesTheNetwork)
{
    EXPECT_EQ(ends([] { return socket(AF_INET, SOCK_STREAM, 0); }), KILLED);
    EXPECT_EQ(ends([] { return connect(0, nullptr, 0); }), KILLED);
    EXPECT_EQ(ends([] { return bind(0, nullptr, 0); }), KILLED);
    EXPECT_EQ(ends([] { return static_cast<int>(sendto(0, "", 0, 0, nullptr, 0)); }), KILLED);
}

TEST_F(Sandbox, KillsWhoOpensAFileToWriteIt)
{
    for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_APPEND}) {
        EXPECT_EQ(ends([=] { return open("/dev/null", flags, 0600); }), KILLED) << flags;
        EXPECT_EQ(ends([=] { return openat(AT_FDCWD, "/dev/null", flags, 0600); }), KILLED);
    }
    EXPECT_EQ(ends([] { return unlink("/nowhere"); }), KILLED);
    EXPECT_EQ(ends([] { return rename("/nowhere", "/nothing"); }), KILLED);
}

TEST_F(Sandbox, KillsWhoTouchesOtherProcessesOrChangesTheUser)
{
    EXPECT_EQ(ends([] { return static_cast<int>(ptrace(PTRACE_TRACEME, 0, 0, 0)); }), KILLED);
    EXPECT_EQ(ends([] { return static_cast<int>(syscall(SYS_setuid, 0)); }), KILLED);
}

TEST_F(Sandbox, RefusesToReadFilesByNameWhichLibrariesSurvive)
{
    EXPECT_EQ(ends([] { return error_of(open("/etc/passwd", O_RDONLY)); }), EACCES);
    EXPECT_EQ(ends([] { return error_of(openat(AT_FDCWD, "/etc/passwd", O_CLOEXEC)); }), EACCES);
    EXPECT_EQ(ends([] { return fopen("/etc/passwd", "r") ? 0 : errno; }), EACCES);
    EXPECT_EQ(ends([] { return std::strlen(strerror(ENOSPC)) > 0 ? 0 : 1; }), 0);
}

TEST_F(Sandbox, RefusesEverythingThatItDoesNotKnow)
{
    EXPECT_EQ(ends([] { return error_of(mkdir("/tmp/wskit-sandbox", 0700)); }), ENOSYS);
    EXPECT_EQ(ends([] { return error_of(chdir("/")); }), ENOSYS);
    EXPECT_EQ(ends([] { return error_of(kill(getppid(), 0)); }), ENOSYS);
    EXPECT_EQ(ends([] { return error_of(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }), ENOSYS);
}

TEST_F(Sandbox, MapsNothingThatCouldBeExecuted)
{
    const auto map = [](int protection) {
        void *at = mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return at == MAP_FAILED ? nullptr : at;
    };
    EXPECT_EQ(ends([=] { return map(PROT_READ | PROT_EXEC) ? 0 : errno; }), ENOSYS);
    EXPECT_EQ(ends([=] {
                  void *at = map(PROT_READ | PROT_WRITE);
                  return at ? error_of(mprotect(at, 4096, PROT_READ | PROT_EXEC)) : 1;
              }),
              ENOSYS);
}

TEST_F(Sandbox, LeavesWhatARunningProgramNeeds)
{
    EXPECT_EQ(ends([] {
                  int ends[2] = {0, 1};
                  char byte = 0;
                  return write(ends[1], &byte, 0) == 0 && read(ends[0], &byte, 0) == 0 ? 0 : 1;
              }),
              0);
    EXPECT_EQ(ends([] {
                  void *large = malloc(64 << 20);
                  memset(large, 1, 64 << 20);
                  large = realloc(large, 128 << 20);
                  free(large);
                  return large ? 0 : 1;
              }),
              0);
    EXPECT_EQ(ends([] { return raise(SIGABRT); }), 256 + SIGABRT) << "abort() is its own signal";
}

TEST_F(Sandbox, SetsTheModesOfATerminalOnlyForWhoShowsScreens)
{
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(terminal, 0);
    const auto set_modes = [terminal] {
        termios modes;
        return tcgetattr(terminal, &modes) == 0
                   ? error_of(tcsetattr(terminal, TCSADRAIN, &modes) | tcflush(terminal, TCIFLUSH))
                   : 98;
    };
    const auto put_in = [terminal] { // what another program would read as its user's
        return error_of(ioctl(terminal, TIOCSTI, "x"));
    };
    const auto signal_itself = [] { return error_of(kill(getpid(), SIGCONT)); };
    const auto signal_another = [] { return error_of(kill(getppid(), SIGCONT)); };
    EXPECT_EQ(ends(set_modes), ENOSYS);
    EXPECT_EQ(ends(set_modes, true), 0);
    EXPECT_EQ(ends(put_in, true), ENOSYS);
    EXPECT_EQ(ends(signal_itself, true), 0);
    EXPECT_EQ(ends(signal_another, true), ENOSYS);
    close(terminal);
}

TEST_F(Sandbox, HoldsForThreadsThatAreThereAlready)
{
    const pid_t child = fork();
    if (child == 0) {
        std::atomic<bool> runs{false}, set{false};
        int result = 98;
        std::thread other([&] {
            runs = true;
            while (!set)
                usleep(1000);
            result = error_of(open("/etc/passwd", O_RDONLY));
        });
        while (!runs) // the C library does not survive a filter while it starts a thread
            usleep(1000);
        sandbox_enter(false, nullptr);
        set = true;
        other.join();
        _exit(result);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), EACCES);
}

TEST_F(Sandbox, KnowsTheTimeZone)
{
    setenv("TZ", "Asia/Kathmandu", 1);
    EXPECT_EQ(ends([] {
                  const time_t epoch = 0;
                  tm local = {};
                  return localtime_r(&epoch, &local) ? local.tm_hour * 2 + local.tm_min / 30 : 98;
              }),
              11) // 05:30 then
        << "or no tzdata here";
    unsetenv("TZ");
}

} // namespace
