// The man page: what it lists is what there is, and its examples do something.
#include "bundled.h"
#include "json.h"
#include "program.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

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

// --- the JSON records ---

using Names = std::set<std::string>;

// The fields of each type of record; those that all have stand under "", as does `from`.
std::map<std::string, Names> fields_of_schema(Names &words)
{
    const Json definitions = Json::parse(contents_of(SCHEMA))["$defs"];
    const auto add_words = [&words](const Json &property) {
        for (size_t i = 0; property.has("enum") && i < property["enum"].size(); i++)
            if (property["enum"][i].kind() == "string")
                words.insert(property["enum"][i].text());
    };
    std::map<std::string, Names> fields;
    for (const std::string &name : definitions.members()) {
        const Json definition = definitions[name.c_str()];
        add_words(definition);
        if (!definition.has("properties"))
            continue;
        const Json properties = definition["properties"];
        for (const std::string &property : properties.members()) {
            const Names common = {"record", "time", "conn", "from"};
            const std::string type = name == "totals" ? "end" : name;
            fields[common.count(property) ? "" : type].insert(property);
            add_words(properties[property.c_str()]);
        }
    }
    return fields;
}

std::string without_parentheses(const std::string &text)
{
    std::string rest;
    int depth = 0;
    for (const char c : text) {
        depth += c == '(';
        if (depth == 0)
            rest += c;
        depth -= c == ')';
    }
    return rest;
}

// The words of a paragraph's first sentence but for those that join the names.
Names fields_in_sentence(const std::string &paragraph)
{
    const std::string text = without_parentheses(paragraph);
    const Names joints = {"and", "for", "an", "object", "with", "adds", "close", "pong"};
    Names names;
    std::string word;
    for (const char c : text.substr(0, text.find('.')) + " ") {
        if (g_ascii_isalnum(c) || c == '_') {
            word += c;
        } else if (!word.empty()) {
            if (!joints.count(word))
                names.insert(word);
            word.clear();
        }
    }
    return names;
}

// "open" and so on; what comes before the first stands under "", where the names are in italics.
std::map<std::string, Names> fields_of_page(const std::string &section)
{
    std::map<std::string, Names> fields;
    std::string type, paragraph;
    for (const std::string &line : lines_of(section + "\n.TP\n")) {
        if (line == ".TP") {
            if (!type.empty())
                fields[type] = fields_in_sentence(paragraph);
            paragraph.clear();
        } else if (line.rfind(".B ", 0) == 0) {
            type = line.substr(3);
        } else if (type.empty() && line.rfind(".I", 0) == 0) {
            const size_t at = line.find(' ') + 1;
            fields[""].insert(line.substr(at, line.find(' ', at) - at));
        } else {
            paragraph += line + " ";
        }
    }
    return fields;
}

TEST(Manual, ListsTheFieldsOfTheRecords)
{
    const std::string page = unescaped(contents_of(MANUAL));
    const size_t start = page.find(".SH JSON RECORDS\n");
    ASSERT_NE(start, std::string::npos);
    const std::string section = page.substr(start, page.find("\n.SH", start + 1) - start);
    Names words;
    EXPECT_EQ(fields_of_page(section), fields_of_schema(words));
    EXPECT_GE(words.size(), 15u);
    for (const std::string &word : words)
        EXPECT_NE(section.find('"' + word + '"'), std::string::npos) << word;
}

} // namespace
