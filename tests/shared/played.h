// A case played against a program that is sound or has one fault, FAULTY_PROGRAM, and what the
// learner reads of it.
#ifndef TESTS_SHARED_PLAYED_H
#define TESTS_SHARED_PLAYED_H

#include "play.h"
#include "story.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

struct Played {
    script *s = nullptr;
    play_result *r = nullptr;
    std::string story;
    Played(const Played &) = delete;
    Played &operator=(const Played &) = delete;
    Played(const std::string &steps, const char *fault = "none", const char *path = FAULTY_PROGRAM)
    {
        GError *error = nullptr;
        s = script_parse("1.case", ("title: t\n" + steps).c_str(), &error);
        if (!s) {
            ADD_FAILURE() << error->message;
            g_clear_error(&error);
            return;
        }
        const bool with_fault = s->role != SCRIPT_RUN || std::string(fault) != "none";
        const char *const arguments[] = {"--fault", fault, nullptr};
        play_options o = {};
        o.program = path;
        o.arguments = path == std::string(FAULTY_PROGRAM) && with_fault ? arguments : nullptr;
        o.seed = 7;
        o.idle_s = 0.3;
        o.ceiling_s = s->descriptors ? 1 : 0;
        o.stop_s = 2;
        r = play_case(s, &o);
        char *text = story_text(s, r);
        story = text;
        g_free(text);
    }
    ~Played()
    {
        play_result_free(r);
        script_free(s);
    }
};

// What the story says behind its first line and before its last: one step is enough to see.
inline std::string last_lines(const std::string &story, int lines)
{
    std::string body = story.substr(0, story.rfind('\n', story.rfind("replay  --seed")) + 1);
    size_t at = body.size() - 1;
    for (; lines > 0 && at != std::string::npos; lines--)
        at = body.rfind('\n', at - 1);
    return body.substr(at == std::string::npos ? 0 : at + 1);
}

// The failure of a case: its last lines, as many as are expected.
inline void fails(const Played &p, const std::string &expected)
{
    ASSERT_NE(p.r, nullptr);
    EXPECT_EQ(p.r->verdict, PLAY_FAIL) << p.story;
    const auto lines = (int)std::count(expected.begin(), expected.end(), '\n');
    std::string got = last_lines(p.story, lines);
    for (size_t i = 0; i < expected.size() && i < got.size(); i++)
        if (expected[i] == '@') {
            size_t digits = i;
            while (digits < got.size() && isdigit((unsigned char)got[digits]))
                digits++;
            got.replace(i, digits - i, "@");
        }
    EXPECT_EQ(got, expected) << p.story;
}

inline void passes(const Played &p)
{
    ASSERT_NE(p.r, nullptr);
    EXPECT_EQ(p.r->verdict, PLAY_PASS) << p.story;
}

#endif
