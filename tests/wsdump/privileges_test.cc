// Giving up root: what is left cannot get it back.
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

extern "C" {
#include "privileges.h"
}

namespace
{

// In a process of its own, because there is no way back; one with groups that must not stay.
bool holds_in_child(const std::function<bool()> &check)
{
    const pid_t child = fork();
    if (child == 0) {
        const gid_t groups[] = {0, 4};
        _exit(setgroups(2, groups) == 0 && check() ? 0 : 1);
    }
    int status = 1;
    return waitpid(child, &status, 0) == child && status == 0;
}

bool is_user(const char *name)
{
    const passwd *account = getpwnam(name);
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    if (!account || getresuid(&real, &effective, &saved) != 0 ||
        getresgid(&real_group, &effective_group, &saved_group) != 0)
        return false;
    gid_t groups[1];
    const int count = getgroups(1, groups);
    return real == account->pw_uid && effective == real && saved == real &&
           real_group == account->pw_gid && effective_group == real_group &&
           saved_group == real_group && (count == 0 || (count == 1 && groups[0] == real_group));
}

class Privileges : public testing::Test
{
protected:
    void SetUp() override
    {
        if (geteuid() != 0)
            GTEST_SKIP() << "only root has something to give up";
        unsetenv("SUDO_UID");
    }
};

TEST_F(Privileges, OfRootGoToNobody)
{
    EXPECT_TRUE(
        holds_in_child([] { return privileges_drop(nullptr, nullptr) && is_user("nobody"); }));
}

TEST_F(Privileges, OfRootGoToTheUserThatIsNamed)
{
    EXPECT_TRUE(
        holds_in_child([] { return privileges_drop("daemon", nullptr) && is_user("daemon"); }));
}

TEST_F(Privileges, OfRootGoToWhoCalledSudo)
{
    const passwd *account = getpwnam("daemon");
    ASSERT_NE(account, nullptr);
    setenv("SUDO_UID", std::to_string(account->pw_uid).c_str(), 1);
    EXPECT_TRUE(
        holds_in_child([] { return privileges_drop(nullptr, nullptr) && is_user("daemon"); }));
    setenv("SUDO_UID", "0", 1);
    EXPECT_TRUE(
        holds_in_child([] { return privileges_drop(nullptr, nullptr) && is_user("nobody"); }));
}

TEST_F(Privileges, DoNotComeBack)
{
    EXPECT_TRUE(holds_in_child([] {
        return privileges_drop(nullptr, nullptr) && setuid(0) != 0 && seteuid(0) != 0 &&
               setgid(0) != 0;
    }));
}

TEST_F(Privileges, StayWhenTheUserIsUnknownWhichIsAnError)
{
    EXPECT_TRUE(holds_in_child([] {
        GError *error = nullptr;
        return !privileges_drop("no-such-user", &error) && error &&
               std::string(error->message).find("no-such-user") != std::string::npos &&
               geteuid() == 0;
    }));
}

TEST_F(Privileges, OfOthersStayAsTheyAre)
{
    EXPECT_TRUE(holds_in_child([] {
        GError *error = nullptr;
        return privileges_drop("nobody", nullptr) && privileges_drop(nullptr, nullptr) &&
               !privileges_drop("daemon", &error) && error;
    }));
}

} // namespace
