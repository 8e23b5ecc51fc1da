// Styled lines as text, and what every line keeps: its width, and no byte that a terminal obeys.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include "lines.h"
}

// Lines of a page that is being made.
class Page
{
public:
    Page() : lines_(lines_new()) {}
    ~Page()
    {
        lines_free(lines_);
    }
    Page(const Page &) = delete;
    Page &operator=(const Page &) = delete;

    operator lines *()
    {
        return lines_;
    }
    // Without the blanks at the ends of lines.
    std::vector<std::string> texts() const
    {
        std::vector<std::string> all;
        for (size_t i = 0; i < lines_count(lines_); i++) {
            const line l = lines_get(lines_, i);
            std::string text(l.text, l.len);
            text.resize(text.find_last_not_of(' ') + 1);
            all.push_back(text);
        }
        return all;
    }
    std::string text() const
    {
        std::string all;
        for (const std::string &text : texts())
            all += text + "\n";
        return all;
    }
    // The style of a text in it, where it is first; -1 when it is not there.
    int style_of(const std::string &what) const
    {
        for (size_t i = 0; i < lines_count(lines_); i++) {
            const line l = lines_get(lines_, i);
            const size_t at = std::string(l.text, l.len).find(what);
            if (at == std::string::npos)
                continue;
            int found = STYLE_NORMAL;
            for (size_t s = 0; s < l.span_count && l.spans[s].at <= at; s++)
                found = l.spans[s].style;
            return found;
        }
        return -1;
    }
    void expect_within(int width) const
    {
        for (size_t i = 0; i < lines_count(lines_); i++)
            expect_harmless(lines_get(lines_, i), width);
    }
    void expect_ascii() const
    {
        for (const char c : text())
            ASSERT_LT(static_cast<unsigned char>(c), 0x80) << text();
    }
    // All of its lines hold together what is asked for, wherever they are broken.
    bool says(std::string_view what) const
    {
        std::string all;
        for (const std::string &text : texts())
            all += text.substr(std::min(text.find_first_not_of(' '), text.size())) + " ";
        return all.find(what) != std::string::npos;
    }

private:
    // By GLib's own tables, not by the code under test.
    static void expect_harmless(const line &l, int width)
    {
        ASSERT_TRUE(g_utf8_validate(l.text, static_cast<gssize>(l.len), nullptr)) << l.text;
        int columns = 0;
        for (const char *at = l.text; at < l.text + l.len; at = g_utf8_next_char(at)) {
            const gunichar c = g_utf8_get_char(at);
            ASSERT_FALSE(g_unichar_iscntrl(c)) << l.text;
            ASSERT_FALSE((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
                         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff)
                << l.text;
            columns += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
        }
        ASSERT_LE(columns, width) << l.text;
        for (size_t s = 0; s < l.span_count; s++) {
            ASSERT_LE(l.spans[s].at, l.len);
            ASSERT_TRUE(s == 0 || l.spans[s - 1].at <= l.spans[s].at);
        }
    }

    lines *lines_;
};
