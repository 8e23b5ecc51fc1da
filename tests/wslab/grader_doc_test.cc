// lessons/doc/grader.md says what there is: its examples are sound, no step and no fact is missing.
#include "grader_names.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

extern "C" {
#include "facts.h"
#include "script.h"
#include "talk.h"
}

namespace
{

std::string page()
{
    std::ifstream file(GRADER_PAGE);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// The part under a heading.
std::string part(const std::string &title)
{
    const std::string all = page();
    const size_t at = all.find("\n## " + title + "\n");
    EXPECT_NE(at, std::string::npos) << title;
    return at == std::string::npos ? "" : all.substr(at, all.find("\n## ", at + 1) - at);
}

// The text between ``` and ``` in a part, without what stands behind the first ```.
std::string example(const std::string &title, const std::string &kind = "")
{
    const std::string in = part(title);
    const std::string open = "\n```" + kind + "\n";
    const size_t at = in.find(open);
    EXPECT_NE(at, std::string::npos) << title;
    const size_t begin = at + open.size();
    return in.substr(begin, in.find("```", begin) - begin);
}

// The first cells of the tables in a part, with `\|` as it is meant.
std::string first_cells(const std::string &title)
{
    std::istringstream in(part(title));
    std::string cells;
    for (std::string line; std::getline(in, line);)
        if (line.rfind("| ", 0) == 0)
            cells += line.substr(2, line.find(" | ", 2) - 2) + "\n";
    for (size_t at; (at = cells.find("\\|")) != std::string::npos;)
        cells.erase(at, 1);
    return cells;
}

TEST(GraderPage, ItsCaseIsOne)
{
    GError *error = nullptr;
    script *s = script_parse("page", example("Cases").c_str(), &error);
    ASSERT_NE(s, nullptr) << error->message;
    script_free(s);
}

TEST(GraderPage, ItsCaseOfAClientIsOne)
{
    GError *error = nullptr;
    const std::string all = page();
    const size_t at = all.find("\n```\ntitle: a client ");
    ASSERT_NE(at, std::string::npos);
    const std::string text = all.substr(at + 5, all.find("\n```\n", at + 5) - at - 5);
    script *s = script_parse("page", text.c_str(), &error);
    ASSERT_NE(s, nullptr) << error->message;
    EXPECT_EQ(s->role, SCRIPT_CLIENT);
    script_free(s);
}

TEST(GraderPage, ItsTalkIsOneForEverySeed)
{
    GError *error = nullptr;
    talk *t = talk_parse("page", example("Talks").c_str(), &error);
    ASSERT_NE(t, nullptr) << error->message;
    for (uint64_t seed = 0; seed < 10; seed++) {
        transcript *c = talk_play(t, seed, &error);
        EXPECT_NE(c, nullptr) << error->message;
        transcript_free(c);
    }
    talk_free(t);
}

TEST(GraderPage, ItsQuestionIsOne)
{
    static const char *const others[] = {"question", "why", nullptr};
    const std::string text = example("Questions", "ini");
    GKeyFile *file = g_key_file_new();
    ASSERT_TRUE(g_key_file_load_from_data(file, text.c_str(), static_cast<gsize>(-1),
                                          G_KEY_FILE_NONE, nullptr));
    GError *error = nullptr;
    fact *f = fact_read(file, "1", others, &error);
    EXPECT_NE(f, nullptr) << error->message;
    fact_free(f);
    g_key_file_unref(file);
}

TEST(GraderPage, ItsErrorIsWhatIsSaid)
{
    GError *error = nullptr;
    EXPECT_EQ(script_parse("03.2.case", "title: a\n\n\n\nconnect a\n\nsend b text \"x\"\n", &error),
              nullptr);
    EXPECT_NE(page().find("```\n" + std::string(error->message) + "\n```\n"), std::string::npos)
        << error->message;
    g_error_free(error);
}

// "`expect WHO end`, `expect WHO reset`": each step stands so, as its row in the table of verbs has
// it. A frame has its own part.
TEST(GraderPage, HasEveryStepOfCases)
{
    const std::string cells = first_cells("Cases");
    for (size_t i = 0; case_step_name(i); i++) {
        std::string shape = case_step_shape(i);
        if (std::string(case_step_name(i)) == "send")
            shape = "send WHO …";
        if (shape == "expect WHO binary [DATA]")
            shape = "binary"; // said with text
        EXPECT_NE(cells.find("`" + shape + "`"), std::string::npos) << shape;
    }
}

TEST(GraderPage, HasEveryStepOfTalks)
{
    const std::string cells = first_cells("Talks");
    for (size_t i = 0; talk_step_name(i); i++)
        EXPECT_NE(cells.find(talk_step_name(i)), std::string::npos) << talk_step_name(i);
}

TEST(GraderPage, HasEveryOptionOfAFrame)
{
    const std::string cells = first_cells("Frames");
    std::istringstream names(frame_options());
    for (std::string name; names >> name;)
        EXPECT_NE(cells.find("`" + name + "="), std::string::npos) << name;
}

// Both ways: every fact is there, and no other.
TEST(GraderPage, HasEveryFact)
{
    std::set<std::string> named, known;
    std::istringstream cells(first_cells("Questions"));
    for (std::string line; std::getline(cells, line);)
        for (size_t at = 0; (at = line.find('`', at)) != std::string::npos;) {
            const size_t end = line.find('`', at + 1);
            const std::string word = line.substr(at + 1, end - at - 1);
            if (word.find('=') == std::string::npos)
                named.insert(word);
            at = end + 1;
        }
    for (size_t i = 0; fact_name(i); i++)
        known.insert(fact_name(i));
    EXPECT_EQ(named, known);
}

} // namespace
