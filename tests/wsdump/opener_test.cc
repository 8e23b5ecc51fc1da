// The process that opens files to write: what it opens, what it refuses, and as whom.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" {
#include "opener.h"
#include "privileges.h"
#include "sandbox.h"
}

#include <sys/wait.h>

namespace
{

namespace fs = std::filesystem;

const char *const endings[] = {".jsonl", ".txt", nullptr};

class Opener : public testing::Test
{
protected:
    void SetUp() override
    {
        char name[] = "/tmp/opener_test.XXXXXX";
        dir_ = mkdtemp(name);
        fs::permissions(dir_, fs::perms::all);
    }
    void TearDown() override
    {
        opener_stop(opener_);
        fs::remove_all(dir_);
        unsetenv("SUDO_UID");
    }
    std::string path(const std::string &name) const
    {
        return dir_ / name;
    }
    void write(const std::string &name, const std::string &text) const
    {
        std::ofstream(path(name)) << text;
    }
    std::string content(const std::string &name) const
    {
        std::ifstream in(path(name));
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void start(const char *read = nullptr, const char *written = nullptr)
    {
        const opener_options options = {endings, {read, written}};
        opener_ = opener_start(&options, nullptr);
        ASSERT_NE(opener_, nullptr);
    }
    // Writes "new" to what is opened; 0, or an errno.
    int open_as(const std::string &whole_path, bool overwrite = false)
    {
        if (!opener_)
            start();
        const int fd = opener_open(opener_, whole_path.c_str(), overwrite);
        const int error = fd < 0 ? errno : 0;
        if (fd >= 0) {
            EXPECT_EQ(::write(fd, "new", 3), 3);
            EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
            close(fd);
        }
        return error;
    }
    int open(const std::string &name, bool overwrite = false)
    {
        return open_as(path(name), overwrite);
    }

    fs::path dir_;
    opener *opener_ = nullptr;
};

TEST_F(Opener, MakesNewFiles)
{
    EXPECT_EQ(open("a.jsonl"), 0);
    EXPECT_EQ(content("a.jsonl"), "new");
    EXPECT_EQ(open("b.txt", true), 0) << "what is not there can be overwritten";
    EXPECT_EQ(content("b.txt"), "new");
}

TEST_F(Opener, TakesPathsFromTheDirectoryThatItWasStartedIn)
{
    const fs::path before = fs::current_path();
    fs::current_path(dir_);
    start();
    fs::current_path(before);
    EXPECT_EQ(open_as("a.txt"), 0);
    EXPECT_EQ(content("a.txt"), "new");
}

TEST_F(Opener, OverwritesOnlyWhenToldTo)
{
    write("a.txt", "longer than that");
    EXPECT_EQ(open("a.txt"), EEXIST);
    EXPECT_EQ(content("a.txt"), "longer than that");
    EXPECT_EQ(open("a.txt", true), 0);
    EXPECT_EQ(content("a.txt"), "new");
}

TEST_F(Opener, RefusesWhatIsNoRegularFile)
{
    fs::create_directory(path("dir.txt"));
    EXPECT_EQ(open("dir.txt"), EEXIST);
    EXPECT_EQ(open("dir.txt", true), EINVAL);
    ASSERT_EQ(mkfifo(path("pipe.txt").c_str(), 0600), 0);
    EXPECT_EQ(open("pipe.txt", true), EINVAL) << "and waits for nobody";
    const int reader = ::open(path("pipe.txt").c_str(), O_RDONLY | O_NONBLOCK);
    EXPECT_EQ(open("pipe.txt", true), EINVAL) << "though somebody reads";
    close(reader);
}

TEST_F(Opener, DoesNotFollowASymbolicLink)
{
    write("precious.txt", "precious");
    fs::create_symlink(path("precious.txt"), path("link.txt"));
    fs::create_symlink(path("nothing"), path("loose.txt"));
    EXPECT_EQ(open("link.txt"), EEXIST);
    EXPECT_EQ(open("link.txt", true), EINVAL);
    EXPECT_EQ(content("precious.txt"), "precious");
    EXPECT_EQ(open("loose.txt"), EEXIST);
    EXPECT_EQ(open("loose.txt", true), EINVAL);
    EXPECT_FALSE(fs::exists(path("nothing")));
}

TEST_F(Opener, RefusesOtherEndings)
{
    for (const char *name : {"a", ".bashrc", "authorized_keys", "a.txt.sh", "a.txt/"})
        EXPECT_EQ(open(name), EPERM) << name;
    EXPECT_FALSE(fs::exists(path(".bashrc")));
}

TEST_F(Opener, SaysWhatStoodInTheWay)
{
    EXPECT_EQ(open("none/a.txt"), ENOENT);
    write("file", "");
    EXPECT_EQ(open("file/a.txt"), ENOTDIR);
    EXPECT_EQ(open(std::string(300, 'x') + ".txt"), ENAMETOOLONG);
    EXPECT_EQ(open(std::string(10000, 'x') + ".txt"), ENAMETOOLONG);
    EXPECT_EQ(open("a.txt"), 0) << "and goes on";
}

TEST_F(Opener, LeavesAloneWhatIsReadAndWhatIsWritten)
{
    write("read.txt", "packets");
    write("written.txt", "more");
    fs::create_hard_link(path("read.txt"), path("other.txt"));
    start(path("read.txt").c_str(), path("written.txt").c_str());
    EXPECT_EQ(open("read.txt", true), EBUSY);
    EXPECT_EQ(open("other.txt", true), EBUSY) << "by whatever name";
    EXPECT_EQ(open("written.txt", true), EBUSY);
    EXPECT_EQ(content("read.txt"), "packets");
    EXPECT_EQ(content("written.txt"), "more");
}

TEST_F(Opener, KnowsStandardInputAsWhatIsRead)
{
    write("in.txt", "packets");
    const int before = dup(STDIN_FILENO);
    const int in = ::open(path("in.txt").c_str(), O_RDONLY);
    dup2(in, STDIN_FILENO);
    start("-");
    dup2(before, STDIN_FILENO);
    close(before);
    close(in);
    EXPECT_EQ(open("in.txt", true), EBUSY);
    EXPECT_EQ(content("in.txt"), "packets");
}

TEST_F(Opener, OpensAsWhoCalledSudo)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can be called through sudo";
    const passwd *daemon = getpwnam("daemon");
    ASSERT_NE(daemon, nullptr);
    setenv("SUDO_UID", std::to_string(daemon->pw_uid).c_str(), 1);
    EXPECT_EQ(open("a.txt"), 0);
    struct stat file = {};
    ASSERT_EQ(stat(path("a.txt").c_str(), &file), 0);
    EXPECT_EQ(file.st_uid, daemon->pw_uid);
    EXPECT_EQ(file.st_gid, daemon->pw_gid);
    fs::create_directory(path("mine"));
    fs::permissions(path("mine"), fs::perms::owner_all);
    EXPECT_EQ(open("mine/a.txt"), EACCES);
    write("roots.txt", "precious");
    fs::permissions(path("roots.txt"), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(open("roots.txt", true), EACCES);
    EXPECT_EQ(content("roots.txt"), "precious");
}

TEST_F(Opener, SaysThatItIsNotPermitted)
{
    if (geteuid() == 0)
        GTEST_SKIP() << "root may do anything; see OpensAsWhoCalledSudo";
    fs::create_directory(path("locked"));
    fs::permissions(path("locked"), fs::perms::owner_read);
    EXPECT_EQ(open("locked/a.txt"), EACCES);
}

// What it is there for.
TEST_F(Opener, ServesWhoIsBehindTheFilterAndNoLongerRoot)
{
    start();
    fs::permissions(dir_, fs::perms::owner_all);
    const pid_t child = fork();
    if (child == 0) {
        privileges_drop(nullptr, nullptr);
        const bool safe = sandbox_enter(true, nullptr);
        _exit(safe ? open("a.txt") : 99);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(content("a.txt"), "new");
}

TEST_F(Opener, EndsWithTheOneThatItServes)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0); // which the opener inherits
    start();
    close(ends[1]);
    opener_stop(opener_); // waits for it
    opener_ = nullptr;
    char byte;
    EXPECT_EQ(read(ends[0], &byte, 1), 0) << "nobody has the other end";
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "nothing is left of it";
    close(ends[0]);
}

} // namespace
