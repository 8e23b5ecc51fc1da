// The pages of a message and of a frame: what they say, and that they fit and do no harm.
#include "interface_text.h"
#include "records.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <random>
#include <sstream>

extern "C" {
#include "flow.h"
#include "json_grammar.h"
#include "page_frame.h"
#include "page_hex.h"
#include "page_json.h"
#include "page_message.h"
#include "page_text.h"
}

namespace
{

using namespace std::string_literals;

constexpr uint8_t TEXT = WSP_OPCODE_TEXT, BINARY = WSP_OPCODE_BINARY, CLOSE = WSP_OPCODE_CLOSE;

std::string utf8(gunichar c)
{
    char bytes[6];
    return std::string(bytes, static_cast<size_t>(g_unichar_to_utf8(c, bytes)));
}

size_t count(const std::string &in, const std::string &what)
{
    size_t n = 0;
    for (size_t at = 0; (at = in.find(what, at)) != std::string::npos; at += what.size())
        n++;
    return n;
}

// With the wrapped parts of a sentence joined again.
std::string unwrapped(const std::string &text)
{
    std::string out;
    for (char c : text)
        if (c != ' ' && c != '\n')
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    return out;
}

// ---- Frames
// --------------------------------------------------------------------------------------

constexpr uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

wsp_frame_header header(uint8_t opcode, uint64_t length, uint8_t form, bool masked)
{
    wsp_frame_header h = {};
    h.fin = 1;
    h.opcode = opcode;
    h.payload_length = length;
    h.length_form = form;
    h.masked = masked;
    if (masked)
        memcpy(h.masking_key, key, 4);
    return h;
}

record frame_from(wsp_sender from, const wsp_frame_header &h, uint32_t violations = 0)
{
    record r = sample::some_frame(h, violations);
    r.from = from;
    r.frame.packet = 120;
    return r;
}

TEST(FramePage, DrawsAMaskedCompressedFrameWith16BitsOfLength)
{
    wsp_frame_header h = header(TEXT, 300, 16, true);
    h.rsv = WSP_RSV1;
    const record r = frame_from(WSP_FROM_CLIENT, h);
    Page page;
    page_frame(page, &r, 80, false);
    page.expect_within(80);
    EXPECT_EQ(page.text(),
              R"(Frame 3 of connection 7 from the client: text, 8 bytes of header, 300 of
payload, packet 120

 0                   1                   2                   3     on the wire
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
┌─┬─┬─┬─┬───────┬─┬─────────────┬───────────────────────────────┐
│F│R│R│R│       │M│             │                               │
│I│S│S│S│opcode │A│ payload len │    extended payload length    │
│N│V│V│V│  (4)  │S│     (7)     │             (16)              │
│ │1│2│3│       │K│             │                               │
│1│1│0│0│0 0 0 1│1│1 1 1 1 1 1 0│0 0 0 0 0 0 0 1 0 0 1 0 1 1 0 0│  c1 fe 01 2c
├─┴─┴─┴─┴───────┴─┴─────────────┴───────────────────────────────┤
│                          masking key                          │
│0 0 1 1 0 1 1 1 1 1 1 1 1 0 1 0 0 0 1 0 0 0 0 1 0 0 1 1 1 1 0 1│  37 fa 21 3d
├───────────────────────────────────────────────────────────────┤
│                            payload                            │
│                           300 bytes                           │
└───────────────────────────────────────────────────────────────┘

FIELD            BITS   VALUE     MEANING
FIN              0      1         the only frame of its message
RSV1             1      1         the message is compressed (permessage-deflate,
                                  RFC 7692 6)
RSV2             2      0         reserved for extensions
RSV3             3      0         reserved for extensions
opcode           4-7    0x1       text: begins a message in UTF-8
MASK             8      1         masked: a client must mask
payload len      9-15   126       126: the length is in the next 16 bits
extended length  16-31  300       bytes of payload; 126 to 65535 are written in
                                  16 bits
masking key      32-63  37fa213d  XORed with the payload, four bytes again and
                                  again; new for each frame, so that nobody can
                                  choose the bytes that a proxy sees (RFC 6455
                                  10.3)
payload          64-    300       bytes follow the header, masked
)");
}

TEST(FramePage, DrawsASmallFrameInAscii)
{
    const wsp_frame_header h = header(WSP_OPCODE_PONG, 0, 7, false);
    const record r = frame_from(WSP_FROM_SERVER, h);
    Page page;
    page_frame(page, &r, 80, true);
    page.expect_ascii();
    EXPECT_EQ(page.text(),
              R"(Frame 3 of connection 7 from the server: pong, 2 bytes of header, 0 of payload,
packet 120

 0                   1                   2                   3     on the wire
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-------+-+-------------+-------------------------------+
|F|R|R|R|       |M|             |                               |
|I|S|S|S|opcode |A| payload len |            payload            |
|N|V|V|V|  (4)  |S|     (7)     |                               |
| |1|2|3|       |K|             |                               |
|1|0|0|0|1 0 1 0|0|0 0 0 0 0 0 0|             none              |  8a 00
+-+-+-+-+-------+-+-------------+-------------------------------+

FIELD            BITS   VALUE    MEANING
FIN              0      1        a control frame is always a whole message
RSV1             1      0        not compressed
RSV2             2      0        reserved for extensions
RSV3             3      0        reserved for extensions
opcode           4-7    0xa      pong: answers a ping, or only shows that the
                                 sender lives
MASK             8      0        not masked: a server must not mask
payload len      9-15   0        bytes of payload; up to 125 fit into these 7
                                 bits
payload          16-    0        nothing follows the header
)");
}

// The longest header, in which two fields go on from row to row.
TEST(FramePage, DrawsAFrameWith64BitsOfLength)
{
    const wsp_frame_header h = header(BINARY, 70000, 64, true);
    const record r = frame_from(WSP_FROM_CLIENT, h);
    Page page;
    page_frame(page, &r, 80, false);
    page.expect_within(80);
    EXPECT_NE(page.text().find(
                  R"(│1│0│0│0│0 0 1 0│1│1 1 1 1 1 1 1│0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0│  82 ff 00 00
├─┴─┴─┴─┴───────┴─┴─────────────┴ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┤
│                       length, continued                       │
│0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1│  00 00 00 01
├ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┬───────────────────────────────┤
│       length, continued       │          masking key          │
│0 0 0 1 0 0 0 1 0 1 1 1 0 0 0 0│0 0 1 1 0 1 1 1 1 1 1 1 1 0 1 0│  11 70 37 fa
├───────────────────────────────┼───────────────────────────────┤
│    masking key, continued     │            payload            │
│0 0 1 0 0 0 0 1 0 0 1 1 1 1 0 1│          70000 bytes          │  21 3d
└───────────────────────────────┴───────────────────────────────┘
)"),
              std::string::npos)
        << page.text();
    EXPECT_NE(page.text().find("extended length  16-79  70000"), std::string::npos);
    EXPECT_NE(page.text().find("masking key      80-111 37fa213d"), std::string::npos);
}

// The digits of the drawing, and the bytes beside it, from the page's text.
struct Drawn {
    std::string bits, hex;
};

Drawn read_drawing(const std::vector<std::string> &texts)
{
    Drawn d;
    for (size_t i = 0; i + 1 < texts.size(); i++) {
        if (texts[i][0] != '|' || texts[i + 1][0] != '+')
            continue; // the bits stand right above a border
        std::stringstream cells(texts[i].substr(0, 65));
        for (std::string cell; std::getline(cells, cell, '|');)
            if (cell.find("byte") == std::string::npos) // the payload's
                d.bits += cell;
        d.hex += texts[i].substr(65);
    }
    for (std::string *digits : {&d.bits, &d.hex})
        digits->erase(std::remove(digits->begin(), digits->end(), ' '), digits->end());
    return d;
}

TEST(FramePage, ShowsTheBitsAndBytesThatAreOnTheWire)
{
    for (unsigned first = 0; first < 256; first++) {
        for (const auto &[length, form] : {std::pair<uint64_t, uint8_t>{5, 7},
                                           {125, 16},
                                           {40000, 16},
                                           {1, 64},
                                           {0xfedcba9876543210, 64}}) {
            for (bool masked : {false, true}) {
                wsp_frame_header h = header(static_cast<uint8_t>(first & 15), length, form, masked);
                h.fin = first > 127;
                h.rsv = static_cast<uint8_t>(first >> 4 & 7);
                uint8_t bytes[WSP_FRAME_HEADER_MAX];
                const int size = wsp_frame_header_encode(bytes, &h);
                std::string bits, hex;
                for (int i = 0; i < size; i++) {
                    char digits[3];
                    snprintf(digits, sizeof digits, "%02x", bytes[i]);
                    hex += digits;
                    for (int bit = 7; bit >= 0; bit--)
                        bits += bytes[i] >> bit & 1 ? '1' : '0';
                }
                const record r = frame_from(WSP_FROM_UNKNOWN, h);
                Page page;
                page_frame(page, &r, 80, true);
                page.expect_within(80);
                const Drawn drawn = read_drawing(page.texts());
                ASSERT_EQ(drawn.bits, bits) << page.text();
                ASSERT_EQ(drawn.hex, hex) << page.text();
            }
        }
    }
}

// Each rule of the library, under the field that breaks it.
TEST(FramePage, PutsEveryViolationUnderTheFieldThatBreaksIt)
{
    const std::pair<uint32_t, const char *> fields[] = {
        {WSP_V_RSV_UNNEGOTIATED, "RSV2"},
        {WSP_V_OPCODE_RESERVED, "opcode"},
        {WSP_V_MASK_MISSING, "MASK"},
        {WSP_V_MASK_UNEXPECTED, "MASK"},
        {WSP_V_LENGTH_NOT_MINIMAL, "payload len"},
        {WSP_V_LENGTH_MSB, "extended length"},
        {WSP_V_CONTROL_FRAGMENTED, "FIN"},
        {WSP_V_CONTROL_TOO_LONG, "payload len"},
        {WSP_V_CONTINUATION_UNEXPECTED, "opcode"},
        {WSP_V_CONTINUATION_EXPECTED, "opcode"},
        {WSP_V_CLOSE_SHORT, "payload  "},
        {WSP_V_CLOSE_CODE, "payload  "},
        {WSP_V_CLOSE_UTF8, "payload  "},
        {WSP_V_TEXT_UTF8, "payload  "},
        {WSP_V_AFTER_CLOSE, "opcode"},
        {WSP_V_DEFLATE_DATA, "payload  "},
        {WSP_V_LIMIT_FRAME, "payload len"},
        {WSP_V_LIMIT_MESSAGE, "payload  "},
        {WSP_V_LIMIT_FRAGMENTS, "FIN"},
        {WSP_V_LIMIT_INFLATED, "payload  "},
        {WSP_V_LIMIT_RATIO, "payload  "},
        {WSP_V_TRUNCATED, "payload  "},
    };
    wsp_frame_header h = header(TEXT, 70000, 64, true);
    h.rsv = WSP_RSV1 | WSP_RSV2;
    uint32_t all = 0;
    for (const auto &[bit, field] : fields) {
        const wsp_violation *v = wsp_violation_first(bit);
        const record r = frame_from(WSP_FROM_CLIENT, h, bit);
        Page page;
        page_frame(page, &r, 80, false);
        page.expect_within(80);
        const std::vector<std::string> texts = page.texts();
        const std::string said = "⚑ "s + v->name + ": " + v->text + " (" + v->clause + ")";
        EXPECT_EQ(count(unwrapped(page.text()), said), 1U) << page.text();
        size_t at = 0;
        while (at < texts.size() && texts[at].find("  ⚑ ") != 0)
            at++;
        do
            at--;
        while (texts[at][0] == ' '); /* a meaning that goes on */
        EXPECT_EQ((texts[at] + "  ").find(field), 0U) << v->name << "\n" << page.text();
        EXPECT_EQ(page.style_of(v->name), STYLE_VIOLATION);
        EXPECT_EQ(page.style_of(texts[at].substr(0, 20)), STYLE_VIOLATION) << page.text();
        all |= bit;
    }
    EXPECT_EQ(wsp_violation_first(~all), nullptr) << "a rule that this test does not know";
}

TEST(FramePage, BlamesRsv1OnlyWhenNoOtherReservedBitIsSet)
{
    wsp_frame_header h = header(TEXT, 5, 7, true);
    h.rsv = WSP_RSV1;
    const record r = frame_from(WSP_FROM_CLIENT, h, WSP_V_RSV_UNNEGOTIATED);
    Page page;
    page_frame(page, &r, 80, true);
    EXPECT_EQ(count(unwrapped(page.text()), "RSV1 1 1 set, but no extension gave it a meaning in "
                                            "this frame ! rsv-unnegotiated"),
              1U)
        << page.text();
}

TEST(FramePage, SaysWhyALengthHasItsForm)
{
    const struct {
        uint64_t length;
        uint8_t form;
        const char *why;
    } cases[] = {
        {125, 7, "up to 125 fit into these 7 bits"},
        {125, 16, "so few belong into the 7 bits before"},
        {125, 64, "so few belong into the 7 bits before"},
        {126, 16, "126 to 65535 are written in 16 bits"},
        {65535, 64, "so few belong into 16 bits"},
        {65536, 64, "65536 and more are written in 64 bits"},
    };
    for (const auto &c : cases) {
        const wsp_frame_header h = header(BINARY, c.length, c.form, false);
        const record r = frame_from(WSP_FROM_SERVER, h);
        Page page;
        page_frame(page, &r, 80, false);
        EXPECT_EQ(count(unwrapped(page.text()), c.why), 1U) << c.why << "\n" << page.text();
    }
}

TEST(FramePage, HasTheBytesInALineWhereTheDrawingHasNoRoom)
{
    const wsp_frame_header h = header(TEXT, 5, 7, true);
    record r = frame_from(WSP_FROM_CLIENT, h);
    r.frame.guessed = true;
    for (int width = 32; width < 100; width++) {
        Page page;
        page_frame(page, &r, width, true);
        page.expect_within(width);
        EXPECT_EQ(page.text().find("+-+-+-+") != std::string::npos, width >= 65) << width;
        EXPECT_EQ(page.text().find("on the wire   81 85 37 fa 21 3d") != std::string::npos,
                  width < 78)
            << page.text();
        EXPECT_EQ(page.style_of("guessed"), STYLE_GUESS);
    }
}

// ---- Bytes
// ---------------------------------------------------------------------------------------

TEST(HexPage, ShowsOffsetsDigitsAndText)
{
    const std::string data = "Hello, \x1b[31mworld\xff\n\0!"s;
    const record r = sample::some_message(BINARY, data);
    const wsp_frame_header h = header(BINARY, data.size(), 7, false);
    Page page;
    page_hex(page, &r, &h, 80);
    EXPECT_EQ(page.text(),
              R"(OFFSET    BYTES                                             TEXT
00000000  48 65 6c 6c 6f 2c 20 1b  5b 33 31 6d 77 6f 72 6c  Hello, .[31mworl
00000010  64 ff 0a 00 21                                    d...!
)");
}

// RFC 6455 5.7: "Hello" under the key 37 fa 21 3d is 7f 9f 4d 51 58 on the wire.
TEST(HexPage, ShowsTheBytesOnTheWireBesideThoseOfTheMessage)
{
    const record r = sample::some_message(TEXT, "HelloHello");
    const wsp_frame_header h = header(TEXT, 10, 7, true);
    Page page;
    page_hex(page, &r, &h, 80);
    page.expect_within(80);
    EXPECT_EQ(page.text(),
              R"(OFFSET    MASKED, ON THE WIRE       UNMASKED                  TEXT
00000000  7f 9f 4d 51  58 b2 44 51  48 65 6c 6c  6f 48 65 6c  HelloHel
00000008  5b 95                     6c 6f                     lo
)");
    EXPECT_EQ(page.style_of("7f 9f"), STYLE_MASKED);
}

TEST(HexPage, SaysWhyThereAreNoBytesOfTheWire)
{
    const wsp_frame_header h = header(TEXT, 5, 7, true);
    record r = sample::some_message(TEXT, "Hello");
    const auto text_of = [&](const wsp_frame_header *frame) {
        Page page;
        page_hex(page, &r, frame, 80);
        EXPECT_EQ(page.text().find("MASKED,"), std::string::npos);
        return unwrapped(page.text());
    };
    EXPECT_EQ(text_of(nullptr).find("The frame is not at hand"), 0U);
    r.message.frames = 2;
    EXPECT_EQ(text_of(&h).find("Each frame of the message has a masking key of its own"), 0U);
    r.message.compressed = true;
    EXPECT_EQ(text_of(&h).find("On the wire the payload is compressed"), 0U);
    r.message.data = nullptr;
    EXPECT_EQ(text_of(&h).find("The payload was compressed and could not be inflated"), 0U);
}

TEST(HexPage, MarksUnknownBytes)
{
    std::string data = "abcdefghijklmnopqrstuvwxyz";
    const record_missing missing[] = {{3, 4}, {14, 4}, {24, 2}};
    record r = sample::some_message(BINARY, data);
    r.message.complete = false;
    r.message.missing = missing;
    r.message.missing_count = 3;
    const wsp_frame_header h = header(BINARY, data.size(), 7, false);
    Page page;
    page_hex(page, &r, &h, 80);
    EXPECT_EQ(page.text(),
              R"(Not all bytes of the payload were captured.
OFFSET    BYTES                                             TEXT
00000000  61 62 63 ?? ?? ?? ?? 68  69 6a 6b 6c 6d 6e ?? ??  abc????hijklmn??
00000010  ?? ?? 73 74 75 76 77 78  ?? ??                    ??stuvwx??
)");
    EXPECT_EQ(page.style_of("??"), STYLE_UNKNOWN);
    EXPECT_EQ(page.style_of("68"), STYLE_NORMAL);
}

TEST(HexPage, HoldsEveryByteOfAMegabyte)
{
    std::string data(1 << 20, 0);
    for (size_t i = 0; i < data.size(); i++)
        data[i] = static_cast<char>(i * 31 >> 4);
    const record r = sample::some_message(BINARY, data);
    Page page;
    page_hex(page, &r, nullptr, 78);
    ASSERT_EQ(lines_count(page), 2 + data.size() / 16);
    for (size_t row = 0; row < data.size() / 16; row++) {
        const char *digits = lines_get(page, 2 + row).text + 10;
        for (size_t i = 0; i < 16; i++) {
            const char two[] = {digits[3 * i + (i > 7)], digits[3 * i + (i > 7) + 1], 0};
            ASSERT_EQ(strtoul(two, nullptr, 16), static_cast<uint8_t>(data[16 * row + i]));
        }
    }
}

TEST(HexPage, FitsIntoNarrowScreens)
{
    const record r = sample::some_message(TEXT, "The quick brown fox");
    const wsp_frame_header h = header(TEXT, 19, 7, true);
    for (int width = 40; width < 140; width++) {
        for (const wsp_frame_header *frame : {&h, static_cast<const wsp_frame_header *>(nullptr)}) {
            Page page;
            page_hex(page, &r, frame, width);
            page.expect_within(width);
        }
    }
}

// ---- JSON
// ----------------------------------------------------------------------------------------

// The page, or "" when it is not one of JSON.
std::string json(const std::string &data, int width = 80)
{
    const record r = sample::some_message(TEXT, data);
    Page page;
    const bool is_json = page_json(page, &r, width);
    page.expect_within(width);
    EXPECT_EQ(!is_json, page.text().find("Shown as text, not as JSON: ") == 0) << page.text();
    return is_json ? page.text() : "";
}

std::string why_not_json(const record &r)
{
    Page page;
    EXPECT_FALSE(page_json(page, &r, 100));
    return page.texts().front();
}

TEST(JsonPage, IndentsAndLeavesEveryTokenAsItIs)
{
    EXPECT_EQ(json(R"( {"b":[1,-0.50,1e400,123456789012345678901234567890],"a":{},"c":[ ],)"
                   R"("a":{"\u00e9\/":"x\n\"{[,]}\\","n":null},"t":true,"f" :false} )"),
              R"({
  "b": [
    1,
    -0.50,
    1e400,
    123456789012345678901234567890
  ],
  "a": {},
  "c": [],
  "a": {
    "\u00e9\/": "x\n\"{[,]}\\",
    "n": null
  },
  "t": true,
  "f": false
}
)");
}

TEST(JsonPage, TakesAnyValueAlone)
{
    for (const char *value :
         {"0", "-1", "1.5E+3", "\"\"", "\"\\ud800\"", "true", "null", "[]", "{}"})
        EXPECT_EQ(json(value), value + "\n"s);
}

TEST(JsonPage, TakesNothingThatRfc8259DoesNot)
{
    for (const char *value : {" ",
                              "\t\n",
                              "tru",
                              "nul l",
                              "True",
                              "NaN",
                              "'a'",
                              "01",
                              "+1",
                              "-",
                              "1.",
                              ".5",
                              "1e",
                              "0x10",
                              "1 2",
                              "[1 2]",
                              "[1,]",
                              "[,1]",
                              "{\"a\":1,}",
                              "{a:1}",
                              "{\"a\" 1}",
                              "{\"a\"=1}",
                              "{\"a\":}",
                              "{1:2}",
                              "[1]]",
                              "[1",
                              "{\"a\":1",
                              "]",
                              "}",
                              "[}",
                              "{]",
                              "\"a",
                              "\"\\q\"",
                              "\"\\u12\"",
                              "\"a\nb\"",
                              "// x\n1",
                              "/**/1",
                              "# x\n1",
                              "var a=1;",
                              "1;",
                              "truefalse",
                              "\xef\xbb\xbf[]",
                              "[1]x",
                              "{\"a\":1 \"b\":2}",
                              "[\"a\"\"b\"]",
                              "[1:2]",
                              "{\"a\",\"b\"}",
                              "\"\xff\"",
                              "{\"a\":1:2}",
                              "--1",
                              "1-2",
                              ",",
                              ":",
                              "{,}",
                              "[\"\t\"]"})
        EXPECT_EQ(json(value), "") << value;
    EXPECT_EQ(json("[1]\0"s), "");
    EXPECT_EQ(json("\0[1]"s), "");
}

TEST(JsonPage, ColoursTokensByWhatTheyAre)
{
    const record r = sample::some_message(TEXT, R"({"key" : "text", "k2": [17, null]})");
    Page page;
    ASSERT_TRUE(page_json(page, &r, 80));
    EXPECT_EQ(page.style_of("\"key\""), STYLE_KEY);
    EXPECT_EQ(page.style_of("\"k2\""), STYLE_KEY);
    EXPECT_EQ(page.style_of("\"text\""), STYLE_STRING);
    EXPECT_EQ(page.style_of("17"), STYLE_NUMBER);
    EXPECT_EQ(page.style_of("null"), STYLE_WORD);
    EXPECT_EQ(page.style_of("{"), STYLE_NORMAL);
}

TEST(JsonPage, FoldsObjectsAndArrays)
{
    const record r = sample::some_message(TEXT, R"({"a":[1,{"b":2}],"c":{},"d":[3]})");
    Page page;
    ASSERT_TRUE(page_json(page, &r, 80));
    std::string folds;
    for (size_t i = 0; i < lines_count(page); i++) {
        const line l = lines_get(page, i);
        folds += std::to_string(l.depth) + (l.fold ? "+" + std::to_string(l.fold) : "") + " " +
                 std::string(l.text, l.len) + "\n";
    }
    EXPECT_EQ(folds, R"(0+1 {
1+2   "a": [
2     1,
2+3     {
3       "b": 2
3     }
2   ],
1   "c": {},
1+2   "d": [
2     3
2   ]
1 }
)");
}

TEST(JsonPage, KeepsWrappedLinesInTheirPart)
{
    const std::string data = "[\"" + std::string(200, 'x') + "\"]";
    const record r = sample::some_message(TEXT, data);
    Page page;
    ASSERT_TRUE(page_json(page, &r, 40));
    ASSERT_GT(lines_count(page), 6U);
    for (size_t i = 1; i < lines_count(page); i++) {
        EXPECT_EQ(lines_get(page, i).depth, 1U) << i;
        EXPECT_EQ(lines_get(page, i).fold, 0U) << i;
    }
}

TEST(JsonPage, RefusesWhatIsNestedTooDeep)
{
    const auto nested = [](size_t depth) {
        return std::string(depth, '[') + "1" + std::string(depth, ']');
    };
    EXPECT_NE(json(nested(JSON_DEPTH)), "");
    EXPECT_EQ(why_not_json(sample::some_message(TEXT, nested(JSON_DEPTH + 1))),
              "Shown as text, not as JSON: byte 256: it is nested too deep to be shown as JSON");
    const std::string bomb(1 << 20, '[');
    EXPECT_EQ(why_not_json(sample::some_message(TEXT, bomb)),
              "Shown as text, not as JSON: byte 256: it is nested too deep to be shown as JSON");
    EXPECT_NE(json("[\"" + bomb + "\"]"), "") << "brackets in a string nest nothing";
    std::string flat = "[[]";
    for (int i = 0; i < 2 * JSON_DEPTH; i++)
        flat += ",[1]";
    EXPECT_NE(json(flat + "]"), "") << "what is closed nests nothing";
}

// Deep lines are not indented further than a third: half a million of them stay small.
TEST(JsonPage, IndentsDeepPartsNoFurtherThanAThird)
{
    const std::string data = std::string(200, '[') + "7" + std::string(200, ']');
    for (const std::string &line : [&] {
             const record r = sample::some_message(TEXT, data);
             Page page;
             page_json(page, &r, 90);
             return page.texts();
         }())
        ASSERT_LE(line.size(), 31U);
}

TEST(JsonPage, SaysWhyAPayloadIsShownAsText)
{
    const record_missing missing = {1, 1};
    record r = sample::some_message(TEXT, "[1]");
    r.message.truncated = true;
    EXPECT_EQ(why_not_json(r), "Shown as text, not as JSON: only its beginning was kept");
    r.message.truncated = false;
    r.message.complete = false;
    r.message.missing = &missing;
    r.message.missing_count = 1;
    EXPECT_EQ(why_not_json(r), "Shown as text, not as JSON: not all of it was captured");
    EXPECT_EQ(why_not_json(sample::some_message(TEXT, "hello")),
              "Shown as text, not as JSON: byte 0: it begins nothing that JSON has");
    EXPECT_EQ(why_not_json(sample::some_message(BINARY, "[\xff]")),
              "Shown as text, not as JSON: it is not UTF-8, or has a NUL");
    EXPECT_EQ(why_not_json(sample::some_message(TEXT, std::string(PAGE_JSON_BYTES + 1, '1'))),
              "Shown as text, not as JSON: it is longer than 4194304 bytes");
    EXPECT_EQ(why_not_json(sample::some_message(TEXT, "")), "The payload is empty.");
    const std::pair<const char *, const char *> broken[] = {
        {"[1 2]", "byte 3: a comma or a closing bracket belongs here"},
        {"[1,]", "byte 3: a value belongs here"},
        {"{1:2}", "byte 1: a name in quotes or } belongs here"},
        {"{\"a\":1,}", "byte 7: a name in quotes belongs here"},
        {"{\"a\" 1}", "byte 5: a colon belongs here"},
        {"[1}", "byte 2: a comma or a closing bracket belongs here"},
        {"{]", "byte 1: a name in quotes or } belongs here"},
        {"[}", "byte 1: a value or ] belongs here"},
        {"[1]]", "byte 3: there is something behind its end"},
        {"[1", "it ends too early"},
        {" ", "it ends too early"},
    };
    for (const auto &[text, why] : broken)
        EXPECT_EQ(why_not_json(sample::some_message(TEXT, text)),
                  std::string("Shown as text, not as JSON: ") + why);
}

TEST(JsonPage, LetsNothingHarmfulPass)
{
    EXPECT_EQ(json("[\"" + utf8(0x202e) + utf8(0x9b) + "\x7f\"]"),
              "[\n  \"\\u{202e}\\u{9b}\\x7f\"\n]\n");
}

TEST(JsonPage, WrapsLongStrings)
{
    EXPECT_EQ(json(R"({"a":"0123456789012345678901234567890123456789"})", 32), R"({
  "a": "012345678901234567890123
      4567890123456789"
}
)");
}

// ---- Text
// ----------------------------------------------------------------------------------------

std::string as_text(const record &r, int width = 40)
{
    Page page;
    page_text(page, &r, width);
    page.expect_within(width);
    return page.text();
}

std::string as_text(const std::string &data, int width = 40)
{
    return as_text(sample::some_message(TEXT, data), width);
}

TEST(TextPage, BeginsALineAtANewlineAndEscapesWhatWouldHarm)
{
    EXPECT_EQ(
        as_text("one\ntwo\r\n\n\t\"x\" C:\\dir\x1b[31m\x07\x7f"s + utf8(0x9b) + utf8(0x202e) +
                    utf8(0x2028) + "\0"s,
                80),
        "one\ntwo\\r\n\n\\t\"x\" C:\\\\dir\\x1b[31m\\x07\\x7f\\u{9b}\\u{202e}\\u{2028}\\x00\n");
}

TEST(TextPage, WrapsByColumns)
{
    const std::string wide = "日";
    std::string data = "a";
    for (int i = 0; i < 20; i++)
        data += wide;
    EXPECT_EQ(count(as_text(data, 40), "\n"), 2U); /* 41 columns: the last one does not fit */
    EXPECT_EQ(as_text(data, 40).find('\n'), 1 + 19 * wide.size());
    EXPECT_EQ(as_text(std::string(80, 'x'), 40),
              std::string(40, 'x') + "\n" + std::string(40, 'x') + "\n");
    EXPECT_EQ(as_text(std::string(39, 'x') + "\x1b", 40), std::string(39, 'x') + "\n\\x1b\n");
}

// A mark stays with its letter, also at the edge; without a letter, or heaped, it is a number.
TEST(TextPage, KeepsMarksWithTheirLetters)
{
    const std::string acute = utf8(0x301);
    EXPECT_EQ(as_text(std::string(39, 'x') + "e" + acute + "y", 40),
              std::string(39, 'x') + "e" + acute + "\ny\n");
    EXPECT_EQ(as_text(acute + "a"), "\\u{301}a\n");
    EXPECT_EQ(as_text("a\n" + acute), "a\n\\u{301}\n");
    EXPECT_EQ(as_text("a" + acute + acute + acute + acute + acute),
              "a" + acute + acute + acute + acute + "\\u{301}\n");
}

TEST(TextPage, WritesCharactersOfUnknownWidthAsNumbers)
{
    EXPECT_EQ(as_text(utf8(0xfffe) + utf8(0xad) + utf8(0x600)), "\\u{fffe}\\u{ad}\\u{600}\n");
}

TEST(TextPage, MarksTheFirstByteThatIsNotUtf8)
{
    const record r = sample::some_message(TEXT, "Gr\xc3\xbc\xc3(\xff");
    Page page;
    page_text(page, &r, 80);
    EXPECT_EQ(page.text(), "Not UTF-8: byte 4 (c3) begins no valid character.\n"
                           "Grü\\xc3(\\xff\n");
    EXPECT_EQ(page.style_of("\\xc3"), STYLE_VIOLATION);
    EXPECT_EQ(page.style_of("\\xff"), STYLE_DIM);
    EXPECT_EQ(as_text("a\0b\x80"s, 80),
              "Not UTF-8: byte 3 (80) begins no valid character.\na\\x00b\\x80\n");
    EXPECT_EQ(as_text("caf\xc3", 80),
              "Not UTF-8: byte 3 (c3) begins no valid character.\ncaf\\xc3\n");
}

TEST(TextPage, DoesNotBlameACharacterThatWasCutOff)
{
    record r = sample::some_message(TEXT, "caf\xc3");
    r.message.truncated = true;
    r.message.length = 9;
    EXPECT_EQ(as_text(r), "Only the first 4 bytes were kept.\ncaf\\xc3\n");
    const record_missing missing = {4, 1};
    const std::string data = "caf\xe2\0\xac au \xfflait"s;
    r = sample::some_message(TEXT, data);
    r.message.complete = false;
    r.message.missing = &missing;
    r.message.missing_count = 1;
    EXPECT_EQ(as_text(r, 80), "Not all bytes of the payload were captured.\n"
                              "Not UTF-8: byte 10 (ff) begins no valid character.\n"
                              "caf\\xe2[1 unknown bytes]\\xac au \\xfflait\n");
}

TEST(TextPage, ShowsTheReasonOfAClose)
{
    EXPECT_EQ(as_text(sample::some_message(CLOSE, "\x03\xe8tired")), "tired\n");
    EXPECT_EQ(as_text(sample::some_message(CLOSE, "\x03\xe8")), "The Close has no reason.\n");
    EXPECT_EQ(as_text(sample::some_message(CLOSE, "")), "The payload is empty.\n");
}

// ---- Messages
// ------------------------------------------------------------------------------------

class MessagePage : public ::testing::Test
{
protected:
    MessagePage()
    {
        setenv("TZ", "UTC", 1);
        tzset();
    }
    static std::string show(const record &r, const std::vector<const record *> &related = {})
    {
        Page page;
        page_message(page, &r, related.data(), related.size(), 80, false);
        page.expect_within(80);
        return page.text();
    }
};

TEST_F(MessagePage, SaysWhatIsKnownOfAMessageInFrames)
{
    record r = sample::some_message(TEXT, "x");
    r.message.frames = 2;
    r.message.length = 1000;
    r.message.wire_length = 250;
    r.message.compressed = true;
    const wsp_frame_header first = header(TEXT, 200, 16, false), second = header(0, 50, 7, false);
    record one = frame_from(WSP_FROM_SERVER, first), two = frame_from(WSP_FROM_SERVER, second);
    two.frame.number = 5;
    two.frame.packet = 122;
    record wrong = sample::some(RECORD_VIOLATION);
    wrong.violation = {5, "mask-unexpected", "RFC 6455 5.1",
                       "a server must not mask the frames it sends"};
    EXPECT_EQ(show(r, {&one, &two, &wrong}),
              R"(Message 5 of connection 7 from the server: text
time          2025-11-19 11:00:00.123456
length        1000 bytes
on the wire   250 bytes, compressed (permessage-deflate) to 25% of its length
frames        2: #3 (200 bytes, packet 120), #5 (50 bytes, packet 122)
violations    ⚑ mask-unexpected: a server must not mask the frames it sends (RFC
              6455 5.1) frame #5
)");
}

TEST_F(MessagePage, SaysWhatIsNotKnown)
{
    record r = sample::some_message(BINARY, "0123456789");
    const record_missing missing[] = {{2, 3}, {8, 1}};
    r.message.complete = false;
    r.message.missing = missing;
    r.message.missing_count = 2;
    r.message.truncated = true;
    r.message.guessed = true;
    r.message.length = r.message.wire_length = 4000;
    EXPECT_EQ(show(r), R"(Message 5 of connection 7 from the server: binary
time          2025-11-19 11:00:00.123456
length        4000 bytes
on the wire   4000 bytes
unknown       bytes 2-4, bytes 8-8
kept          only the first 10 bytes (--max-data, or the memory limit)
guessed       ≈ bytes before it are missing, and nothing proves yet that its
              frames are frames
frames        1
)");
    r = sample::some_message(BINARY, "");
    r.message.data = nullptr;
    r.message.compressed = true;
    r.message.complete = false;
    EXPECT_NE(show(r).find("length        not known\n"), std::string::npos);
    EXPECT_NE(show(r).find("could not be inflated\n"), std::string::npos);
}

TEST_F(MessagePage, NamesCloseCodes)
{
    record r = sample::some_message(CLOSE, "\x03\xe9");
    r.message.close_code = 1001;
    EXPECT_NE(show(r).find("close code    1001 going away\n"), std::string::npos) << show(r);
    r.message.close_code = 1006;
    EXPECT_NE(show(r).find("close code    1006 abnormal closure, which must not appear on the"),
              std::string::npos)
        << show(r);
    r = sample::some_message(CLOSE, "");
    EXPECT_NE(show(r).find("close code    none"), std::string::npos) << show(r);
}

TEST_F(MessagePage, HasTheRoundTripOfAPong)
{
    record r = sample::some_message(WSP_OPCODE_PONG, "x");
    EXPECT_NE(show(r).find("round trip    answers no ping"), std::string::npos);
    r.message.rtt_ns = 12045678;
    EXPECT_NE(show(r).find("round trip    12.045 ms since its ping\n"), std::string::npos);
}

TEST_F(MessagePage, ListsOnlySoManyFrames)
{
    const record r = sample::some_message(TEXT, "x");
    const wsp_frame_header h = header(TEXT, 1, 7, false);
    const record one = frame_from(WSP_FROM_SERVER, h);
    const std::vector<const record *> many(5000, &one);
    EXPECT_EQ(count(unwrapped(show(r, many)), "packet 120"), 64U);
    EXPECT_NE(unwrapped(show(r, many)).find(", and 4936 more"), std::string::npos);
}

// ---- Any payload
// ---------------------------------------------------------------------------------

// Bytes of any kind, characters of any kind, and JSON of them.
std::string some_payload(std::mt19937 &random)
{
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    std::string data;
    const unsigned kind = below(4), len = below(400);
    while (data.size() < len) {
        const unsigned c = below(2) ? below(0x3000) : below(0x110000);
        if (kind == 0 || below(20) == 0)
            data += static_cast<char>(below(256));
        else if (c < 0xd800 || c > 0xdfff)
            data += utf8(c);
    }
    if (kind != 3)
        return data;
    for (char &c : data)
        if (static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\')
            c = 'x';
    return "{\"" + data + "\":[\"" + data + "\",{}]}";
}

TEST(Pages, KeepTheScreenWholeWhateverThePayload)
{
    std::mt19937 random(20251119);
    for (int i = 0; i < 4000; i++) {
        const std::string data = some_payload(random);
        const uint8_t opcodes[] = {TEXT, BINARY, CLOSE, WSP_OPCODE_PING};
        record r = sample::some_message(opcodes[random() % 4], data);
        const record_missing missing[] = {{random() % 200, 1 + random() % 30}, {300, 1000}};
        r.message.complete = random() % 2;
        r.message.missing = missing;
        r.message.missing_count = r.message.complete ? 0 : 2;
        r.message.truncated = random() % 2;
        const wsp_frame_header h = header(TEXT, data.size(), 16, random() % 2);
        const int width = 40 + static_cast<int>(random() % 100);
        Page page;
        page_text(page, &r, width);
        page_json(page, &r, width);
        page_hex(page, &r, &h, width);
        page_message(page, &r, nullptr, 0, width, true);
        page.expect_within(width);
        if (HasFatalFailure())
            return;
    }
}

} // namespace
