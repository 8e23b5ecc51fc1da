// Runs programs and collects what they say: wsdump as its users run it, and the tools whose word
// is compared with its own.
#pragma once

#include "packets.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

struct Outcome {
    int status = -1; // exit status; 128 + the signal when one ended it
    std::string out, err;
};

// Where a program's input comes from and its output goes to.
struct Surroundings {
    const char *input = "/dev/null";
    const char *output = nullptr; // nullptr = into Outcome.out
    std::vector<std::pair<std::string, std::string>> environment = {};
};

inline std::string contents_of(const std::string &path)
{
    std::string content;
    FILE *file = fopen(path.c_str(), "rb");
    if (!file)
        return content;
    char piece[65536];
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;)
        content.append(piece, n);
    fclose(file);
    return content;
}

inline void put_in_place(const char *path, int flags, int place)
{
    const int fd = open(path, flags);
    if (fd < 0 || dup2(fd, place) < 0)
        _exit(126);
    close(fd);
}

[[noreturn]] inline void become(std::vector<std::string> command)
{
    std::vector<char *> argv;
    for (std::string &word : command)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
}

inline Outcome run(const std::vector<std::string> &command, const Surroundings &around = {})
{
    const build::TempFile out({}), err({});
    const pid_t child = fork();
    if (child == 0) {
        put_in_place(around.input, O_RDONLY, 0);
        put_in_place(around.output ? around.output : out.path(), O_WRONLY, 1);
        put_in_place(err.path(), O_WRONLY, 2);
        for (const auto &[name, value] : around.environment)
            setenv(name.c_str(), value.c_str(), 1);
        become(command);
    }
    Outcome result;
    int status = 0;
    if (child > 0 && waitpid(child, &status, 0) == child)
        result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.out = contents_of(out.path());
    result.err = contents_of(err.path());
    return result;
}

inline Outcome wsdump(std::vector<std::string> arguments, const Surroundings &around = {})
{
    arguments.insert(arguments.begin(), WSDUMP_PROGRAM);
    return run(arguments, around);
}

// A command line of the shell, in which $WSDUMP is the program.
inline Outcome shell(const std::string &line)
{
    Surroundings around;
    around.environment = {{"WSDUMP", WSDUMP_PROGRAM}};
    return run({"/bin/sh", "-c", line}, around);
}

inline std::vector<std::string> lines_of(const std::string &text)
{
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}
