// input: a stream over a file or standard input whose first bytes are known and not lost.
#include "packets.h"

#include <fcntl.h>
#include <glib.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

extern "C" {
#include "input.h"
}

using build::Bytes;
using build::TempFile;

namespace
{

std::string read_all(FILE *stream)
{
    std::string out;
    char piece[1000];
    for (size_t n; (n = fread(piece, 1, sizeof piece, stream)) > 0;)
        out.append(piece, n);
    return out;
}

// Opens `path`, expecting success; "magic|everything".
std::string opened(const char *path)
{
    uint8_t magic[INPUT_MAGIC];
    size_t len = 99;
    GError *error = nullptr;
    input *in = input_open(path, magic, &len, &error);
    if (!in) {
        const std::string message = error->message;
        g_error_free(error);
        return "error: " + message;
    }
    std::string everything = read_all(input_stream(in));
    fclose(input_stream(in));
    if (input_error(in))
        everything += std::string("|") + input_error(in);
    input_free(in);
    return std::string(magic, magic + len) + "|" + everything;
}

// Standard input is something else for as long as the object.
class StandardInput
{
public:
    explicit StandardInput(int fd) : saved_(dup(STDIN_FILENO))
    {
        dup2(fd, STDIN_FILENO);
        close(fd);
    }
    ~StandardInput()
    {
        dup2(saved_, STDIN_FILENO);
        close(saved_);
    }
    StandardInput(const StandardInput &) = delete;
    StandardInput &operator=(const StandardInput &) = delete;

private:
    int saved_;
};

TEST(Input, GivesTheMagicAndThenEverything)
{
    EXPECT_EQ(opened(TempFile(build::text("abcdefgh")).path()), "abcd|abcdefgh");
    EXPECT_EQ(opened(TempFile(build::text("abcd")).path()), "abcd|abcd");
    EXPECT_EQ(opened(TempFile(build::text("ab")).path()), "ab|ab");
    EXPECT_EQ(opened(TempFile(Bytes{}).path()), "|");
}

TEST(Input, ReadsFilesLargerThanItsBuffer)
{
    Bytes big;
    for (size_t i = 0; i < 1000000; i++)
        big.push_back(static_cast<uint8_t>(i * i >> 7));
    const std::string text(big.begin(), big.end());
    EXPECT_TRUE(opened(TempFile(big).path()) == text.substr(0, 4) + "|" + text);
}

TEST(Input, GivesPiecesWhereTheyLie)
{
    Bytes big;
    for (size_t i = 0; i < 1000000; i++)
        big.push_back(static_cast<uint8_t>(i * i >> 7));
    const TempFile file(big);
    uint8_t magic[INPUT_MAGIC];
    size_t len = 0;
    input *in = input_open(file.path(), magic, &len, nullptr);
    ASSERT_NE(in, nullptr);
    size_t at = 0;
    for (const int size : {1, 3, 0, 70000, INPUT_PIECE - 1, int{INPUT_PIECE}, 5}) {
        const uint8_t *piece = input_take(in, static_cast<size_t>(size));
        ASSERT_NE(piece, nullptr) << size;
        EXPECT_TRUE(std::equal(piece, piece + size, big.data() + at)) << size;
        at += static_cast<size_t>(size);
    }
    while (big.size() - at >= 100000) {
        ASSERT_NE(input_take(in, 100000), nullptr);
        at += 100000;
    }
    EXPECT_EQ(input_take(in, 100000), nullptr);
    EXPECT_EQ(input_left(in), big.size() - at) << "what there is stays";
    ASSERT_NE(input_take(in, big.size() - at), nullptr);
    EXPECT_EQ(input_take(in, 1), nullptr);
    EXPECT_EQ(input_failed(in), 0);
    input_free(in);
}

TEST(Input, CollectsTheMagicFromAPipeThatGivesSingleBytes)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t writer = fork();
    if (writer == 0) {
        for (const char c : {'a', 'b', 'c', 'd', 'e', 'f'}) {
            if (write(ends[1], &c, 1) != 1)
                _exit(1);
            usleep(3000);
        }
        _exit(0);
    }
    close(ends[1]);
    {
        StandardInput redirected(ends[0]);
        EXPECT_EQ(opened("-"), "abcd|abcdef");
        EXPECT_NE(fcntl(STDIN_FILENO, F_GETFD), -1) << "standard input was closed";
    }
    int status;
    waitpid(writer, &status, 0);
}

TEST(Input, LosesNothingToASignal)
{
    struct sigaction action = {}, old;
    action.sa_handler = [](int) {}; // without SA_RESTART: reads are interrupted
    sigaction(SIGUSR1, &action, &old);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t writer = fork();
    if (writer == 0) {
        for (const char *word : {"abcd", "ef"}) {
            for (int i = 0; i < 10; i++) {
                usleep(2000);
                kill(getppid(), SIGUSR1);
            }
            if (write(ends[1], word, strlen(word)) < 0)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    {
        StandardInput redirected(ends[0]);
        EXPECT_EQ(opened("-"), "abcd|abcdef");
    }
    int status;
    while (waitpid(writer, &status, 0) < 0)
        ;
    sigaction(SIGUSR1, &old, nullptr);
}

TEST(Input, NamesWhatCannotBeOpened)
{
    EXPECT_EQ(opened("/nowhere/x.pcap"),
              "error: cannot open /nowhere/x.pcap: No such file or directory");
    EXPECT_EQ(opened("/usr"), "error: /usr is a directory; name a capture file in it");
    {
        const int folder = open("/usr", O_RDONLY);
        StandardInput redirected(folder);
        EXPECT_EQ(opened("-"), "error: standard input is a directory; name a capture file in it");
    }
    {
        const int write_only = open("/dev/null", O_WRONLY);
        StandardInput redirected(write_only);
        EXPECT_EQ(opened("-"), "error: cannot read standard input: Bad file descriptor");
    }
}

#ifdef WSDUMP_GZIP
// "abcdefgh", as gzip -n writes it.
const Bytes packed = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                      0x4b, 0x4c, 0x4a, 0x4e, 0x49, 0x4d, 0x4b, 0xcf, 0x00, 0x00,
                      0x50, 0x2a, 0xef, 0xae, 0x08, 0x00, 0x00, 0x00};

TEST(Input, UnpacksOnTheWay)
{
    EXPECT_EQ(opened(TempFile(packed).path()), "abcd|abcdefgh");
    const Bytes cut(packed.begin(), packed.end() - 1);
    EXPECT_EQ(opened(TempFile(cut).path()), "abcd|abcdefgh|the gzip data is cut off");
}

TEST(Input, UnpacksAPipeAsFarAsItHasCome)
{
    int ends[2], back[2];
    ASSERT_EQ(pipe(ends), 0);
    ASSERT_EQ(pipe(back), 0);
    const pid_t writer = fork();
    if (writer == 0) { // the rest only when the beginning was read
        char c;
        const ssize_t half = 19;
        const auto rest = packed.size() - static_cast<size_t>(half);
        alarm(10);
        _exit(write(ends[1], packed.data(), half) == half && read(back[0], &c, 1) == 1 &&
                      write(ends[1], packed.data() + half, rest) == static_cast<ssize_t>(rest)
                  ? 0
                  : 1);
    }
    close(ends[1]);
    {
        StandardInput redirected(ends[0]);
        uint8_t magic[INPUT_MAGIC];
        size_t len;
        input *in = input_open("-", magic, &len, nullptr);
        ASSERT_NE(in, nullptr);
        EXPECT_EQ(len, 4u);
        EXPECT_EQ(write(back[1], "x", 1), 1);
        EXPECT_EQ(read_all(input_stream(in)), "abcdefgh");
        EXPECT_EQ(input_error(in), nullptr);
        fclose(input_stream(in));
        input_free(in);
    }
    int status = -1;
    waitpid(writer, &status, 0);
    EXPECT_EQ(status, 0);
    close(back[0]);
    close(back[1]);
}
#endif

TEST(Input, RefusesATerminal)
{
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        GTEST_SKIP() << "no pseudo-terminals here";
    grantpt(terminal);
    unlockpt(terminal);
    const int inside = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ASSERT_GE(inside, 0);
    {
        StandardInput redirected(inside);
        EXPECT_EQ(opened("-"), "error: standard input is a terminal; pipe a capture into it");
    }
    close(terminal);
}

} // namespace
