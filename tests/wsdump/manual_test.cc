// The man page: what it lists is what there is, and its examples do something.
#include "bundled.h"
#include "json.h"
#include "program.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace
{

using Names = std::set<std::string>;

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

// --- options ---

// "-r, --read-file=FILE" of the help, as the page has it: ".BR -r ", " --read-file " " FILE";
// without the dashes of an option that is only a word, the page has ".B --text".
TEST(Manual, ListsTheOptions)
{
    const std::string page = unescaped(contents_of(MANUAL));
    const size_t begin = page.find(".SH OPTIONS\n"), end = page.find("\n.SH", begin);
    ASSERT_NE(begin, std::string::npos);
    const size_t synopsis = page.find(".SH SYNOPSIS\n");
    const std::string short_form = page.substr(synopsis, page.find("\n.SH", synopsis) - synopsis);
    Names of_help, of_page;
    for (const std::string &line : lines_of(wsdump({"--help"}).out)) {
        const size_t at = line.find("--");
        if (line.rfind("  -", 0) != 0 || at > 6)
            continue;
        const std::string name = line.substr(at, line.find_first_of("= ", at) - at);
        if (name == "--help")
            continue;
        of_help.insert(name);
        const std::string letter = line.substr(2, 2);
        const std::string first = letter == "--" ? ".B" : letter + ", " + name;
        if (letter == "--")
            EXPECT_NE(short_form.find(name), std::string::npos) << name;
        else
            EXPECT_NE(page.find(".BR " + letter + " \", \" " + name), std::string::npos) << first;
    }
    for (const std::string &line : lines_of(page.substr(begin, end - begin))) {
        const size_t at = line.find("--");
        const bool heads = line.rfind(".BR -", 0) == 0 && line.find(" \", \" --") != line.npos;
        if (heads || line.rfind(".B --", 0) == 0 || line.rfind(".BR --", 0) == 0)
            of_page.insert(line.substr(at, line.find_first_of("\" ", at) - at));
    }
    EXPECT_GT(of_help.size(), 20u);
    EXPECT_EQ(of_page, of_help);
}

// --- examples ---

// Live captures read a file here, and what is on another machine is on this one.
TEST(Manual, ShowsCommandsThatWork)
{
    const std::vector<std::string> commands = part_of_page("commands:", "end of commands");
    EXPECT_GE(commands.size(), 5u);
    const build::TempFile written({});
    const std::string capture = " -r '" + capture_path("cooked.pcap") + "' ";
    const std::pair<std::string, std::string> here[] = {
        {"sudo ", ""},
        {" -r dump.pcapng", " -r '" + capture_path("echo.pcapng") + "'"},
        {" -r dump.pcap ", capture},
        {" -i lo ", capture},
        {" -i any ", capture},
        {"ssh host tcpdump -U -w - port 80", "cat '" + capture_path("cooked.pcap") + "'"},
        {"websockets.pcapng", written.path()},
        {" tcp port 8080", " tcp"},
    };
    const bool has_jq = shell("command -v jq").status == 0;
    for (const std::string &command : commands) {
        std::string line = command;
        for (const auto &[from, to] : here)
            if (const size_t at = line.find(from); at != std::string::npos)
                line.replace(at, from.size(), to);
        line.replace(line.find("wsdump"), 6, "\"$WSDUMP\"");
        if (line.find("jq ") != std::string::npos && !has_jq)
            continue;
        const Outcome outcome = shell(line);
        EXPECT_EQ(outcome.status, 0) << line << "\n" << outcome.err;
        EXPECT_GT(lines_of(outcome.out).size(), 3u) << line;
    }
}

// --- the summary ---

// Every string of the program that summarises: what stands between two quotes, and is joined where
// only a macro for a number's format is between. Numbers are N, as on the page. Of a count's two
// strings the first, what is said of one, is left out.
std::vector<std::string> phrases_of(const std::string &source)
{
    std::vector<std::string> phrases;
    std::string between = ";";
    for (size_t at = 0; at < source.size();) {
        const size_t quote = std::min(source.find('"', at), source.size());
        between += source.substr(at, quote - at);
        if (quote == source.size())
            break;
        size_t end = quote + 1;
        while (source[end] != '"')
            end += source[end] == '\\' ? 2 : 1;
        const std::string text = source.substr(quote + 1, end - quote - 1);
        const bool number = between.find("INT64_FORMAT") != std::string::npos;
        if (between.find_first_of(",;(?") == std::string::npos && !phrases.empty())
            phrases.back() += (number ? "N" : "") + text;
        else if (between.find("print_count(") == std::string::npos)
            phrases.push_back(text);
        else
            phrases.emplace_back();
        between.clear();
        at = end + 1;
    }
    return phrases;
}

std::string without(std::string text, const std::string &what)
{
    for (size_t at; (at = text.find(what)) != std::string::npos;)
        text.erase(at, what.size());
    return text;
}

TEST(Manual, ListsWhatTheSummarySays)
{
    const std::string source = contents_of(SUMMARY_SOURCE) + contents_of(MAIN_SOURCE);
    const size_t begin = source.find("static void print_totals(");
    const size_t end = source.find("void summary_print(");
    const size_t others = source.find("if (display && filter_given_up(display))");
    ASSERT_NE(begin, std::string::npos);
    ASSERT_LT(begin, end);
    ASSERT_NE(others, std::string::npos);
    std::string page;
    for (const std::string &line : lines_of(unescaped(contents_of(MANUAL)))) {
        const size_t text = line.find_first_not_of(' ');
        page += (text == std::string::npos ? "" : line.substr(text)) + " ";
    }
    const std::string code = source.substr(begin, end - begin) + ";" +
                             source.substr(others, source.find("summarise(", others) - others);
    size_t checked = 0;
    for (const std::string &phrase : phrases_of(code)) {
        std::string said = phrase;
        for (const char *detail : {"\\n", "wsdump: ", "%s", "%"})
            said = without(said, detail);
        said = said.substr(std::min(said.find_first_not_of(", ()"), said.size()));
        if (said.rfind("N ", 0) == 0)
            said.erase(0, 2);
        said = said.substr(0, said.find(" u)"));
        if (said.size() < 5)
            continue;
        EXPECT_NE(page.find(said), std::string::npos) << said;
        checked++;
    }
    EXPECT_GT(checked, 22u);
}

// --- the JSON records ---

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
