// The elements of Sec-WebSocket-Extensions: which have the form of RFC 6455 9.1, and what their
// parameters say once quotes and escapes are undone.
#include "guarded.h"
#include "parsed_head.h"

#include <wsproto/error.h>
#include <wsproto/extension.h>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

using std::string;
using std::string_view;
using Strings = std::vector<string>;
using namespace std::string_literals;

namespace
{

// "name" of a parameter without a value, "name=value" or "name='value'" (quoted), unescaped.
Strings parameters(const wsp_extension &extension)
{
    Strings all;
    wsp_text rest = extension.parameters;
    wsp_extension_parameter p;
    while (wsp_extension_parameter_next(&rest, &p)) {
        Guarded out(p.value.len + 1);
        const int n = wsp_extension_parameter_value(out.chars(), out.size(), &p);
        EXPECT_GE(n, 0);
        EXPECT_EQ(strlen(out.chars()), static_cast<size_t>(n));
        const string value = p.quoted ? "'" + string(out.chars()) + "'" : out.chars();
        all.push_back(str(p.name) + (p.value.data ? "=" + value : ""));
    }
    EXPECT_EQ(rest.len, 0u) << "the walk ends at the end";
    return all;
}

struct FormCase {
    const char *element;
    const char *name;
    Strings parameters = {};
};

// RFC 6455 9.1
const FormCase legal[] = {
    {"foo", "foo", {}},
    {" foo\t", "foo", {}},
    {"foo; a", "foo", {"a"}},
    {"foo;a;b", "foo", {"a", "b"}},
    {"foo; a=1; b=\"2\"", "foo", {"a=1", "b='2'"}},
    {"foo ;\ta ;b", "foo", {"a", "b"}},
    {"foo; a = 1 ; b = \"2\" ", "foo", {"a=1", "b='2'"}}, // implied *LWS
    {"foo;\r\n a=\r\n\t1", "foo", {"a=1"}},
    {"foo; a; a", "foo", {"a", "a"}},
    {"foo; a=\"\\1\\0\"", "foo", {"a='10'"}},
    {"permessage-deflate; client_max_window_bits; server_max_window_bits=\"10\"",
     "permessage-deflate",
     {"client_max_window_bits", "server_max_window_bits='10'"}},
};

TEST(ExtensionForm, ThatOfTheRfcIsRead)
{
    for (const FormCase &c : legal) {
        SCOPED_TRACE(c.element);
        Guarded element{string_view(c.element)};
        wsp_extension extension;
        EXPECT_TRUE(wsp_extension_parse(&extension, text(element.view())));
        EXPECT_EQ(str(extension.name), c.name);
        EXPECT_EQ(parameters(extension), c.parameters);
    }
}

const FormCase malformed[] = {
    {"", "(absent)"},
    {"  ", "(absent)"},
    {";a", "(absent)"},
    {"=1", "(absent)"},
    {"\"foo\"", "(absent)"},
    {"f\xC3\xA4", "f"},
    {"foo bar", "foo"},
    {"foo=1", "foo"},
    {"foo;", "foo"},
    {"foo; ", "foo"},
    {"foo;;a", "foo"},
    {"foo; a;", "foo"},
    {"foo; =1", "foo"},
    {"foo; a=", "foo"},
    {"foo; a=;b", "foo"},
    {"foo; a b", "foo"},
    {"foo; a=1 2", "foo"},
    {"foo; a=1=2", "foo"},
    {"foo; \"a\"=1", "foo"},
    {"foo; a=\"", "foo"},
    {"foo; a=\"\"", "foo"},
    {"foo; a=\"1", "foo"},
    {"foo; a=\"1\\", "foo"},
    {"foo; a=\"1\\\"", "foo"},
    {"foo; a=\"1\"2", "foo"},
    {"foo; a=1\"2\"", "foo"},
    {"foo; a=\\1", "foo"},
    // Fine as quoted strings, but not tokens once unescaped:
    {"foo; a=\"1 2\"", "foo"},
    {"foo; a=\"1,2\"", "foo"},
    {"foo; a=\"1;2\"", "foo"},
    {"foo; a=\"\\\"\"", "foo"},
    {"foo; a=\"\\\\\"", "foo"},
};

TEST(ExtensionForm, AnyOtherIsRefusedAndTellsNoMoreThanItsName)
{
    for (const FormCase &c : malformed) {
        SCOPED_TRACE(c.element);
        Guarded element{string_view(c.element)};
        wsp_extension extension;
        EXPECT_FALSE(wsp_extension_parse(&extension, text(element.view())));
        EXPECT_EQ(str(extension.name), c.name);
        EXPECT_EQ(extension.parameters.data, nullptr);
        EXPECT_EQ(extension.parameters.len, 0u);
    }
}

TEST(Extension, AnAbsentElementIsMalformed)
{
    wsp_extension extension;
    EXPECT_FALSE(wsp_extension_parse(&extension, {nullptr, 0}));
    EXPECT_EQ(extension.name.data, nullptr);
}

// A parser that splits at every comma or semicolon would see an offer of "evil" here.
TEST(Extension, CommasAndSemicolonsInQuotesHideNoExtension)
{
    ParsedHead head(
        "GET / HTTP/1.1\r\nE: a; x=\"1, evil; y\", b\r\nE: c; z=\"\\\", evil\"\r\n\r\n");
    EXPECT_EQ(head.list("E"), (Strings{"a; x=\"1, evil; y\"", "b", "c; z=\"\\\", evil\""}));
}

TEST(Extension, OffersMayBeSpreadOverSeveralLines)
{
    ParsedHead head("GET / HTTP/1.1\r\nE: a; p=1, b\r\nE: c; q=\"2\"\r\n\r\n");
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    Strings seen;
    while (wsp_http_list_next(head.get(), "E", &at, &element)) {
        wsp_extension extension;
        ASSERT_TRUE(wsp_extension_parse(&extension, element));
        seen.push_back(str(extension.name));
        for (const string &parameter : parameters(extension))
            seen.push_back(parameter);
    }
    EXPECT_EQ(seen, (Strings{"a", "p=1", "b", "c", "q='2'"}));
}

TEST(ExtensionParameter, TellsNoValueFromAValue)
{
    wsp_extension extension;
    wsp_extension_parameter p;
    ASSERT_TRUE(wsp_extension_parse(&extension, text("e; a; b=1; c=\"1\"")));
    wsp_text rest = extension.parameters;
    EXPECT_EQ(str(rest), "; a; b=1; c=\"1\"");
    ASSERT_TRUE(wsp_extension_parameter_next(&rest, &p));
    EXPECT_EQ(p.value.data, nullptr);
    EXPECT_FALSE(p.quoted);
    ASSERT_TRUE(wsp_extension_parameter_next(&rest, &p));
    EXPECT_EQ(str(p.value), "1");
    EXPECT_FALSE(p.quoted);
    ASSERT_TRUE(wsp_extension_parameter_next(&rest, &p));
    EXPECT_EQ(str(p.value), "1");
    EXPECT_TRUE(p.quoted);
    EXPECT_FALSE(wsp_extension_parameter_next(&rest, &p));
    EXPECT_FALSE(wsp_extension_parameter_next(&rest, &p)) << "and stays at the end";
}

TEST(ExtensionParameter, ValueNeverWritesPastItsRoom)
{
    const wsp_extension_parameter p = {text("a"), text("\\1\\2345"), true};
    for (size_t size = 0; size <= 5; size++) {
        Guarded out(size);
        EXPECT_EQ(wsp_extension_parameter_value(out.chars(), size, &p), WSP_ERR_SPACE) << size;
    }
    Guarded out(6);
    EXPECT_EQ(wsp_extension_parameter_value(out.chars(), 6, &p), 5);
    EXPECT_STREQ(out.chars(), "12345");
}

TEST(ExtensionParameter, NoValueCopiesAsEmptyAndNeedsRoomForItsNul)
{
    const wsp_extension_parameter p = {text("a"), {nullptr, 0}, false};
    Guarded out(1);
    out.data()[0] = 'x';
    EXPECT_EQ(wsp_extension_parameter_value(out.chars(), 1, &p), 0);
    EXPECT_STREQ(out.chars(), "");
    EXPECT_EQ(wsp_extension_parameter_value(out.chars() + 1, 0, &p), WSP_ERR_SPACE);
}

} // namespace
