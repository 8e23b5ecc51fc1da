// Reports: other programs read them, and a failure is no error.
#include "report.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <json-glib/json-glib.h>
#include <string>

namespace
{
std::string written(bool (*report)(FILE *, const char *, const report_row *, size_t))
{
    report_row rows[4] = {};
    const char *reasons[] = {nullptr, "got <b> & \"c\"\n", "no socket", "no gcc"};
    for (int i = 0; i < 4; i++) {
        rows[i].id = "03.1";
        rows[i].title = "a \x01 title";
        rows[i].group = "03_threads";
        rows[i].verdict = static_cast<play_verdict>(i);
        rows[i].seconds = 0.25;
        rows[i].seed = 7;
        rows[i].reason = reasons[i];
    }
    rows[1].details = "line \xff\n  2";
    char *text = nullptr;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    EXPECT_TRUE(report(out, "wslab", rows, 4));
    fclose(out);
    std::string result(text, len);
    free(text);
    return result;
}
} // namespace

TEST(Report, Json)
{
    const std::string text = written(report_json);
    JsonParser *parser = json_parser_new();
    GError *error = nullptr;
    ASSERT_TRUE(json_parser_load_from_data(parser, text.data(), (gssize)text.size(), &error))
        << error->message << text;
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    EXPECT_EQ(json_object_get_int_member(root, "passed"), 1);
    EXPECT_EQ(json_object_get_int_member(root, "failed"), 1);
    EXPECT_EQ(json_object_get_int_member(root, "errors"), 1);
    EXPECT_EQ(json_object_get_int_member(root, "skipped"), 1);
    EXPECT_EQ(json_object_get_double_member(root, "seconds"), 1.0);
    JsonArray *checks = json_object_get_array_member(root, "checks");
    ASSERT_EQ(json_array_get_length(checks), 4u);
    JsonObject *failed = json_array_get_object_element(checks, 1);
    EXPECT_STREQ(json_object_get_string_member(failed, "verdict"), "fail");
    EXPECT_STREQ(json_object_get_string_member(failed, "reason"), "got <b> & \"c\"\n");
    EXPECT_STREQ(json_object_get_string_member(failed, "title"), "a \x01 title");
    EXPECT_STREQ(json_object_get_string_member(failed, "details"), "line \xEF\xBF\xBD\n  2");
    EXPECT_FALSE(json_object_has_member(json_array_get_object_element(checks, 0), "reason"));
    g_object_unref(parser);
}

TEST(Report, JUnit)
{
    EXPECT_EQ(written(report_junit),
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
              "<testsuite name=\"wslab\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" "
              "time=\"1.000\">\n"
              "  <testcase name=\"03.1 a ? title\" classname=\"03_threads\" time=\"0.250\"/>\n"
              "  <testcase name=\"03.1 a ? title\" classname=\"03_threads\" time=\"0.250\">\n"
              "    <failure message=\"got &lt;b&gt; &amp; &quot;c&quot; \">"
              "line \xEF\xBF\xBD\n  2</failure>\n  </testcase>\n"
              "  <testcase name=\"03.1 a ? title\" classname=\"03_threads\" time=\"0.250\">\n"
              "    <error message=\"no socket\"></error>\n  </testcase>\n"
              "  <testcase name=\"03.1 a ? title\" classname=\"03_threads\" time=\"0.250\">\n"
              "    <skipped message=\"no gcc\"></skipped>\n  </testcase>\n"
              "</testsuite>\n</testsuites>\n");
}
