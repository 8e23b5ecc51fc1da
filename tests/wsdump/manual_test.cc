// The man page: what it lists is what there is, and its examples do something.
#include "bundled.h"
#include "program.h"

#include <gtest/gtest.h>

namespace
{

// Without the escapes of roff that the page needs.
std::string unescaped(std::string text)
{
    const std::pair<const char *, const char *> escapes[] = {
        {"\\-", "-"}, {"\\(aq", "'"}, {"\\(ha", "^"}, {"\\(ti", "~"}, {"\\e", "\\"}};
    for (const auto &[from, to] : escapes)
        for (size_t at; (at = text.find(from)) != std::string::npos;)
            text.replace(at, strlen(from), to);
    return text;
}

// The lines between two comments of the page, the comment's line itself not among them.
std::vector<std::string> part_of_page(const std::string &first, const std::string &last)
{
    const std::string page = contents_of(MANUAL);
    const size_t comment = page.find(".\\\" " + first);
    const size_t end = page.find(".\\\" " + last);
    if (comment == std::string::npos || end == std::string::npos)
        return {};
    const size_t start = page.find('\n', comment) + 1;
    return lines_of(unescaped(page.substr(start, end - start)));
}

TEST(Manual, ListsTheFieldsOfFilters)
{
    const Outcome help = wsdump({"-Y", "help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_GT(lines_of(help.out).size(), 40u);
    EXPECT_EQ(part_of_page("fields:", "end of fields"), lines_of(help.out));
}

// Each filter that it shows selects something in some capture, and never everything.
TEST(Manual, ShowsFiltersThatSelect)
{
    const std::vector<std::string> examples = part_of_page("examples:", "end of examples");
    EXPECT_GE(examples.size(), 8u);
    for (const std::string &example : examples) {
        size_t selected = 0, all = 0;
        for (const std::string &file : bundled_captures()) {
            std::string line = example;
            ASSERT_EQ(line.rfind("wsdump -r dump.pcapng ", 0), 0u) << line;
            line.replace(0, 21, "\"$WSDUMP\" -q -r '" + capture_path(file) + "'");
            const Outcome outcome = shell(line);
            EXPECT_EQ(outcome.status, 0) << line << outcome.err;
            EXPECT_EQ(outcome.err, "") << line;
            selected += lines_of(outcome.out).size();
            all += lines_of(shell(line.substr(0, line.find(" -Y "))).out).size();
        }
        EXPECT_GT(selected, 0u) << example;
        EXPECT_LT(selected, all) << example;
    }
}

} // namespace
