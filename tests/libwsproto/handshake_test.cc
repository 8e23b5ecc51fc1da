// The opening handshake: keys, what each role finds wrong with the other's head, what it writes.
#include "guarded.h"
#include "parsed_head.h"
#include "parts.h"

#include <wsproto/error.h>
#include <wsproto/handshake.h>

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

using std::string;
using std::string_view;
using namespace std::string_literals;

namespace
{

const string KEY = "dGhlIHNhbXBsZSBub25jZQ=="; // RFC 6455 1.3
const string ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

string accept_key(string_view key)
{
    Guarded in(key), out(29);
    EXPECT_EQ(wsp_accept_key(out.chars(), in.chars(), in.size()), 28);
    EXPECT_EQ(out.chars()[28], '\0');
    return out.chars();
}

// ---- Keys ----------------------------------------------------------------------------------

// RFC 6455 1.3
TEST(AcceptKey, IsThatOfTheRfcsExample)
{
    EXPECT_EQ(accept_key(KEY), ACCEPT);
}

// Values from Python's hashlib. The GUID adds 36 bytes: blocks of SHA-1 end at 20, 28, 84 and 92.
TEST(AcceptKey, IsRightAroundTheBlocksOfSha1)
{
    const struct {
        size_t len;
        const char *accept;
    } cases[] = {
        {0, "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="},   {1, "DaiRqPcCZpFq+/JgXi9Dyxcowew="},
        {18, "YumCSec/nEFwvCJL+PWN0TlKkkM="},  {19, "fK4ByergD+edipKfQCTgKqWiS5M="},
        {20, "dD7oG6b4McOBrnxseXQBhTXsyds="},  {27, "+CdpbIMaI6srQ5RK+f1cqyrV3zk="},
        {28, "EpvNHYJOC9N+hdq56c8Y4ZZp+h4="},  {29, "G1e7P8RIxNg55AfQYFjft5t4ejc="},
        {82, "8w3nfHDkTSlSxJA0fpSzRab+gFU="},  {83, "NYdtoE0By/8qk0bIlkQGYmR7s78="},
        {84, "zjlNzRc3TMDhsIZpaYBZVpwdsDE="},  {91, "lsModt+DhZTTKQ7h9w181NF4y5Y="},
        {92, "5u0wxjVUh/GoDviSXTIvNmXF5x8="},  {93, "vtuFqle3qiiOqiI0bkl1UIDs5OE="},
        {200, "Ry03eFrlFu7tRolqJcEznPWpYSc="}, {1024, "YKjvn/+b9zopcrJEloU3ZuEATaI="},
    };
    for (const auto &c : cases) {
        string key;
        for (size_t i = 0; i < c.len; i++)
            key += static_cast<char>('A' + i % 26);
        EXPECT_EQ(accept_key(key), c.accept) << c.len;
    }
}

// Each key is made of the accept before it, so the last one is right only if all 201 are.
TEST(AcceptKey, IsRightForEveryLengthUpTo200)
{
    string accept;
    for (size_t len = 0; len <= 200; len++) {
        string key;
        while (key.size() < len)
            key += accept;
        accept = accept_key(string_view(key).substr(0, len));
    }
    EXPECT_EQ(accept, "XqaKJFaO3q9VbNVpcT9KDVGGqns=");
}

// The processor's own SHA-1, where it has one, against the portable one.
TEST(AcceptKey, IsTheSameWithAndWithoutTheProcessorsSha1)
{
    uint32_t random = 1;
    for (size_t len = 0; len <= 1024; len++) {
        string key;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            key += static_cast<char>(random >> 24);
        }
        Guarded in(key), out(29);
        EXPECT_EQ(wsp_accept_key_portable(out.chars(), in.chars(), in.size()), 28);
        EXPECT_EQ(out.chars(), accept_key(key)) << len;
    }
}

TEST(AcceptKey, RefusesMoreThan1024BytesAndWritesNothing)
{
    const string key(1025, 'A');
    char out[29] = "untouched";
    EXPECT_EQ(wsp_accept_key(out, key.data(), key.size()), WSP_ERR_RANGE);
    EXPECT_STREQ(out, "untouched");
}

// RFC 6455 1.3: the example's key is "the sample nonce".
TEST(HandshakeKey, IsTheBase64OfSixteenBytes)
{
    Guarded nonce("the sample nonce"), out(25);
    wsp_handshake_key(out.chars(), nonce.data());
    EXPECT_EQ(out.chars(), KEY);

    const Guarded high(string(16, '\xff'));
    wsp_handshake_key(out.chars(), high.data());
    EXPECT_STREQ(out.chars(), "/////////////////////w==");
}

// ---- The table of faults -------------------------------------------------------------------

TEST(HandshakeFault, EveryBitHasARowWithANameAClauseAndASentence)
{
    const char *const names[] = {"head",      "method", "upgrade", "connection",
                                 "version",   "key",    "accept",  "subprotocol",
                                 "extension", "origin", "status"};
    uint32_t bit = 1;
    for (const char *name : names) {
        const wsp_handshake_fault *fault = wsp_handshake_fault_first(bit);
        ASSERT_NE(fault, nullptr) << name;
        EXPECT_EQ(fault->bit, bit);
        EXPECT_EQ(fault->name, "handshake-"s + name);
        EXPECT_EQ(wsp_handshake_fault_named(fault->name), fault);
        EXPECT_EQ(string(fault->clause).substr(0, 9), "RFC 6455 ");
        EXPECT_NE(fault->text[strlen(fault->text) - 1], '.');
        bit <<= 1;
    }
    EXPECT_EQ(wsp_handshake_fault_first(bit), nullptr);
    EXPECT_EQ(wsp_handshake_fault_first(0), nullptr);
    EXPECT_EQ(wsp_handshake_fault_named("handshake"), nullptr);
    EXPECT_EQ(wsp_handshake_fault_named("handshake-keys"), nullptr);
}

TEST(HandshakeFault, AWalkVisitsEveryBitOfASetOnce)
{
    uint32_t set = WSP_H_HEAD | WSP_H_KEY | WSP_H_STATUS, seen = 0;
    for (const wsp_handshake_fault *f; (f = wsp_handshake_fault_first(set)); set &= ~f->bit)
        seen |= f->bit;
    EXPECT_EQ(seen, WSP_H_HEAD | WSP_H_KEY | WSP_H_STATUS);
}

TEST(HandshakeStatus, IsThatOfTheLowestBit)
{
    EXPECT_EQ(wsp_handshake_status(0), 0);
    EXPECT_EQ(wsp_handshake_status(WSP_H_HEAD | WSP_H_METHOD), 400);
    EXPECT_EQ(wsp_handshake_status(WSP_H_METHOD | WSP_H_VERSION), 405);
    EXPECT_EQ(wsp_handshake_status(WSP_H_UPGRADE | WSP_H_VERSION), 400);
    EXPECT_EQ(wsp_handshake_status(WSP_H_CONNECTION), 400);
    EXPECT_EQ(wsp_handshake_status(WSP_H_VERSION | WSP_H_KEY), 426);
    EXPECT_EQ(wsp_handshake_status(WSP_H_KEY | WSP_H_ORIGIN), 400);
    EXPECT_EQ(wsp_handshake_status(WSP_H_SUBPROTOCOL), 400);
    EXPECT_EQ(wsp_handshake_status(WSP_H_EXTENSION), 400);
    EXPECT_EQ(wsp_handshake_status(WSP_H_ORIGIN), 403);
    EXPECT_EQ(wsp_handshake_status(WSP_H_ACCEPT), 0);
    EXPECT_EQ(wsp_handshake_status(WSP_H_STATUS), 0);
}

// ---- Judging a request ---------------------------------------------------------------------

const string REQUEST = "GET /chat HTTP/1.1\r\n"
                       "Host: server.example.com\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Key: " +
                       KEY +
                       "\r\n"
                       "Sec-WebSocket-Version: 13\r\n"
                       "\r\n";

const string RESPONSE = "HTTP/1.1 101 Switching Protocols\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: " +
                        ACCEPT +
                        "\r\n"
                        "\r\n";

// `head` with its first `from` replaced; with "" a line is put before the empty one.
string with(string head, string_view from, string_view to)
{
    const size_t at = from.empty() ? head.size() - 2 : head.find(from);
    EXPECT_NE(at, string::npos) << from;
    return head.replace(at, from.size(), to);
}

uint32_t request_faults(const string &bytes)
{
    ParsedHead head(bytes);
    wsp_handshake_request request;
    const uint32_t faults = wsp_handshake_request_check(&request, head.get());
    EXPECT_EQ(request.faults, faults);
    return faults;
}

struct ChangeCase {
    string from, to; // as in with()
    uint32_t faults;
};

// RFC 6455 4.2.1, by number of its list
const ChangeCase request_changes[] = {
    // 1: an HTTP/1.1 or higher GET request with a resource name
    {"HTTP/1.1", "HTTP/1.2", 0},
    {"HTTP/1.1", "HTTP/1.0", WSP_H_HEAD},
    {"/chat", "http://server.example.com/chat", 0},
    {"/chat", "HTTPS://server.example.com/chat", 0},
    {"/chat", "ftp://server.example.com/chat", WSP_H_HEAD},
    {"/chat", "http:chat", WSP_H_HEAD},
    {"/chat", "http://", WSP_H_HEAD},
    {"/chat", "chat", WSP_H_HEAD},
    {"/chat", "*", WSP_H_HEAD},
    {"GET", "POST", WSP_H_METHOD},
    {"GET", "get", WSP_H_METHOD},
    // 2: Host
    {"server.example.com", "server.example.com:8080", 0},
    {"server.example.com", "[::1]:80", 0},
    {"Host: server.example.com\r\n", "", WSP_H_HEAD},
    {"Host: server.example.com", "Host:", WSP_H_HEAD},
    {"Host: server.example.com", "Host: user@server", WSP_H_HEAD},
    {"Host: server.example.com", "Host: a/b", WSP_H_HEAD},
    {"", "Host: server.example.com\r\n", WSP_H_HEAD},
    // 3: Upgrade
    {"Upgrade: websocket", "uPGRADE: WebSocket", 0},
    {"Upgrade: websocket", "Upgrade: h2c, websocket", 0},
    {"Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: websocket", 0},
    {"Upgrade: websocket\r\n", "", WSP_H_UPGRADE},
    {"Upgrade: websocket", "Upgrade: websockets", WSP_H_UPGRADE},
    {"Upgrade: websocket", "Upgrade: \"websocket\"", WSP_H_UPGRADE},
    // 4: Connection
    {"Connection: Upgrade", "Connection: keep-alive, upGRADE", 0},
    {"Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade", 0},
    {"Connection: Upgrade\r\n", "", WSP_H_CONNECTION},
    {"Connection: Upgrade", "Connection: close", WSP_H_CONNECTION},
    {"Connection: Upgrade", "Connection: upgrader", WSP_H_CONNECTION},
    // 5: Sec-WebSocket-Key
    {KEY, "  " + KEY + "\t ", 0},
    {KEY, "dGhlIHNhbXBsZSBub25jZR==", 0}, // bits beyond the 16 bytes are not zero
    {KEY, "+/+/+/+/+/+/+/+/+/+/+g==", 0},
    {"Sec-WebSocket-Key: " + KEY + "\r\n", "", WSP_H_KEY},
    {KEY, "", WSP_H_KEY},
    {KEY, "dGhlIHNhbXBsZSBub25jZQ=", WSP_H_KEY},
    {KEY, "dGhlIHNhbXBsZSBub25jZQ", WSP_H_KEY},
    {KEY, "dGhlIHNhbXBsZSBub25jZ===", WSP_H_KEY},
    {KEY, "dGhlIHNhbXBsZSBub25jZQ==A", WSP_H_KEY},
    {KEY, "dGhlIHNhbXBsZSBub25jZQAA", WSP_H_KEY}, // 18 bytes
    {KEY, "dGhlIHNhbXBsZSBub25j", WSP_H_KEY},     // 15 bytes
    {KEY, "dGhlIHNhbXBsZSBub25jZWE=", WSP_H_KEY}, // 17 bytes
    {KEY, "dGhlIHNhbXBsZSBub25jZ_==", WSP_H_KEY}, // base64url
    {KEY, "dGhlIHNhbXBs ZSBub25jZ==", WSP_H_KEY},
    {"", "Sec-WebSocket-Key: " + KEY + "\r\n", WSP_H_KEY}, // two keys
    // 6: Sec-WebSocket-Version
    {"Version: 13\r\n", "Version: 8\r\n", WSP_H_VERSION},
    {"Version: 13\r\n", "Version: 13, 8\r\n", WSP_H_VERSION},
    {"Version: 13\r\n", "Version: 013\r\n", WSP_H_VERSION},
    {"Version: 13\r\n", "Version:\r\n", WSP_H_VERSION},
    {"Sec-WebSocket-Version: 13\r\n", "", WSP_H_VERSION},
    {"", "Sec-WebSocket-Version: 13\r\n", WSP_H_VERSION},
    // 7: Origin
    {"", "Origin: https://example.org\r\n", 0},
    {"", "Origin: a\r\nOrigin: b\r\n", WSP_H_HEAD},
    // 8: Sec-WebSocket-Protocol
    {"", "Sec-WebSocket-Protocol: chat, superchat\r\n", 0},
    {"", "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: superchat\r\n", 0},
    {"", "Sec-WebSocket-Protocol: chat, Chat\r\n", 0},
    {"", "Sec-WebSocket-Protocol:\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: ,\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: a b\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: \"chat\"\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: chat, x, chat\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n", WSP_H_SUBPROTOCOL},
    // 9: Sec-WebSocket-Extensions
    {"", "Sec-WebSocket-Extensions: foo; a=\"1\", foo, bar\r\n", 0}, // foo is offered in two ways
    {"", "Sec-WebSocket-Extensions:\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions: foo;\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions2: foo;\r\n", 0}, // longer than any name of ours
    {"", "Sec-WebSocket-Extensions: foo, bar baz\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: =\r\n", WSP_H_EXTENSION},
    // RFC 9112 6: no body
    {"", "Content-Length: 0\r\n", 0},
    {"", "Content-Length: 5\r\n", WSP_H_HEAD},
    {"", "Content-Length:\r\n", WSP_H_HEAD},
    {"", "Content-Length: 0\r\ncontent-length: 5\r\n", WSP_H_HEAD},
    {"", "Transfer-Encoding: chunked\r\n", WSP_H_HEAD},
    // RFC 9112 2.2, 3 and 5: a strict form
    {"GET ", "GET  ", WSP_H_HEAD},
    {"13\r\n", "13\n", WSP_H_HEAD},
    {"Host:", "Host :", WSP_H_HEAD},
    {"", "X: folded\r\n value\r\n", WSP_H_HEAD},
    {"", "X: a\x01z\r\n", WSP_H_HEAD},
    {"", "X: a\0z\r\n"s, WSP_H_HEAD},
};

TEST(HandshakeRequest, EachFaultAloneGivesExactlyItsBit)
{
    EXPECT_EQ(request_faults(REQUEST), 0u);
    for (const ChangeCase &c : request_changes)
        EXPECT_EQ(request_faults(with(REQUEST, c.from, c.to)), c.faults)
            << c.from << " -> " << c.to;
}

TEST(HandshakeRequest, NamesAreKnownInAnyCaseAndOnlyToTheirLastLetter)
{
    const string names[] = {"Host", "Upgrade", "Connection", "Sec-WebSocket-Key",
                            "Sec-WebSocket-Version"};
    for (const string &name : names)
        for (size_t i = 0; i < name.size(); i++) {
            string other = name;
            other[i] = static_cast<char>(other[i] ^ 0x20); // '-' becomes CR
            if (name[i] != '-') {
                EXPECT_EQ(request_faults(with(REQUEST, name, other)), 0u) << other;
            }
            other[i] = name[i] == 'z' ? 'y' : 'z';
            EXPECT_NE(request_faults(with(REQUEST, name, other)), 0u) << other;
        }
    const string refused[] = {"Content-Length: 1", "Transfer-Encoding: x", "Origin: a\r\nOrigin: b",
                              "Sec-WebSocket-Protocol: ;", "Sec-WebSocket-Extensions: ;"};
    for (const string &line : refused) {
        string upper = line;
        for (char &c : upper)
            c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
        EXPECT_NE(request_faults(with(REQUEST, "", upper + "\r\n")), 0u) << upper;
        EXPECT_EQ(request_faults(with(REQUEST, "", "z" + line.substr(1) + "\r\n")), 0u) << line;
    }
}

TEST(HandshakeRequest, LinesOfOneHeaderMayStandApart)
{
    const string between = "X: \"\r\nSec-WebSocket-Kind: 1\r\n";
    const ChangeCase cases[] = {
        {"", "Content-Length: 0\r\n" + between + "Content-Length: 0\r\n", 0},
        {"", "Content-Length: 0\r\n" + between + "content-length: 1\r\n", WSP_H_HEAD},
        {"", "Content-Length: 1\r\n" + between + "Content-Length: 0\r\n", WSP_H_HEAD},
        {"", "Sec-WebSocket-Protocol: a\r\n" + between + "sec-websocket-protocol: b\r\n", 0},
        {"", "Sec-WebSocket-Protocol: a\r\n" + between + "sec-websocket-protocol: a\r\n",
         WSP_H_SUBPROTOCOL},
        {"", "Sec-WebSocket-Extensions: a\r\n" + between + "sec-websocket-extensions: ;\r\n",
         WSP_H_EXTENSION},
        {"Upgrade: websocket\r\n", "Upgrade: a\r\n" + between + "UPGRADE: websocket\r\n", 0},
    };
    for (const ChangeCase &c : cases)
        EXPECT_EQ(request_faults(with(REQUEST, c.from, c.to)), c.faults) << c.to;
}

// RFC 3986 3.2.2 and RFC 4648 4
TEST(HandshakeRequest, HostAndKeyAreMadeOfTheirCharactersAndNoOthers)
{
    const string alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const string host = alnum + "-._~!$&'()*+,;=%", base64 = alnum + "+/";
    for (int c = 0; c < 256; c++) {
        const char byte = static_cast<char>(c);
        if (byte == '\r' || byte == '\n')
            continue;
        const bool control = (c < 0x20 && c != '\t') || c == 0x7f;
        const uint32_t head = control ? WSP_H_HEAD : 0;
        EXPECT_EQ(request_faults(with(REQUEST, "server", "ser"s + byte + "ver")),
                  host.find(byte) == string::npos ? WSP_H_HEAD : 0)
            << c;
        EXPECT_EQ(request_faults(with(REQUEST, "GhlIHN", "Ghl"s + byte + "HN")),
                  head | (base64.find(byte) == string::npos ? WSP_H_KEY : 0))
            << c;
    }
}

TEST(HandshakeRequest, CombinedFaultsAreAllThere)
{
    EXPECT_EQ(request_faults("POST / HTTP/1.0\r\nSec-WebSocket-Protocol: \"\r\n"
                             "Sec-WebSocket-Extensions: ;\r\n\r\n"),
              WSP_H_HEAD | WSP_H_METHOD | WSP_H_UPGRADE | WSP_H_CONNECTION | WSP_H_VERSION |
                  WSP_H_KEY | WSP_H_SUBPROTOCOL | WSP_H_EXTENSION);
}

TEST(HandshakeRequest, AHeadThatIsNoRequestIsAFaultOfTheHead)
{
    EXPECT_EQ(request_faults(with(REQUEST, "GET /chat HTTP/1.1", "HTTP/1.1 200 OK")), WSP_H_HEAD);
    EXPECT_EQ(request_faults(with(REQUEST, "GET /chat HTTP/1.1", "hello")), WSP_H_HEAD);
    EXPECT_EQ(request_faults(with(REQUEST, "HTTP/1.1", "HTTP/2.0")), WSP_H_HEAD);
    EXPECT_EQ(request_faults(""),
              WSP_H_HEAD | WSP_H_UPGRADE | WSP_H_CONNECTION | WSP_H_VERSION | WSP_H_KEY);
}

TEST(HandshakeRequest, TellsWhatTheRequestAsksForEvenIfItIsFaulty)
{
    ParsedHead head(with(REQUEST, "", "Origin: https://example.org\r\nHost: second\r\n"));
    wsp_handshake_request request;
    EXPECT_EQ(wsp_handshake_request_check(&request, head.get()), WSP_H_HEAD);
    EXPECT_EQ(str(request.target), "/chat");
    EXPECT_EQ(str(request.host), "server.example.com");
    EXPECT_EQ(str(request.origin), "https://example.org");
    EXPECT_EQ(str(request.key), KEY);

    ParsedHead plain(REQUEST);
    wsp_handshake_request_check(&request, plain.get());
    EXPECT_EQ(request.origin.data, nullptr);
}

TEST(HandshakeAttempt, IsARequestWithAnUpgradeToWebsocketOrAKey)
{
    const auto is_attempt = [](const string &bytes) {
        return wsp_handshake_is_attempt(ParsedHead(bytes).get());
    };
    EXPECT_TRUE(is_attempt(REQUEST));
    EXPECT_TRUE(is_attempt("POST / HTTP/1.0\r\nUpgrade: x, WebSocket\r\n\r\n"));
    EXPECT_TRUE(is_attempt("GET / HTTP/1.1\r\nsec-websocket-key:\r\n\r\n"));
    EXPECT_FALSE(is_attempt("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"));
    EXPECT_FALSE(is_attempt("GET /websocket HTTP/1.1\r\n\r\n"));
    EXPECT_FALSE(is_attempt(RESPONSE));
}

TEST(SubprotocolChoose, TakesTheFirstOfTheServersThatIsOffered)
{
    ParsedHead head(
        with(REQUEST, "", "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: C\r\n"));
    const auto choose = [&](std::vector<const char *> supported) {
        return wsp_subprotocol_choose(head.get(), supported.data(), supported.size());
    };
    EXPECT_EQ(choose({"b", "a"}), 0);
    EXPECT_EQ(choose({"x", "a", "b"}), 1);
    EXPECT_EQ(choose({"x", "C"}), 1);
    EXPECT_EQ(choose({"c", "A"}), -1) << "the case counts";
    EXPECT_EQ(choose({"a, b"}), -1);
    EXPECT_EQ(choose({""}), -1);
    EXPECT_EQ(choose({}), -1);
}

// ---- Origins -------------------------------------------------------------------------------

// RFC 6454 4 and 5
TEST(OriginEqual, ComparesSchemeHostAndPortAndNothingLess)
{
    const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"https://example.org", "https://example.org", true},
        {"HTTPS://Example.ORG", "https://example.org", true},
        {"https://example.org:443", "https://example.org", true},
        {"http://example.org:80", "http://example.org", true},
        {"ws://example.org:80", "ws://example.org", true},
        {"wss://example.org:443", "wss://example.org", true},
        {"http://example.org:443", "http://example.org", false},
        {"https://example.org:80", "https://example.org", false},
        {"http://example.org", "https://example.org", false},
        {"http://example.org", "ws://example.org", false},
        {"http://example.org:8080", "http://example.org:8080", true},
        {"http://example.org:8080", "http://example.org:8081", false},
        {"http://example.org:65535", "http://example.org:65535", true},
        {"http://example.org:65536", "http://example.org:65536", false},
        {"http://example.org:000080", "http://example.org:000080", false},
        {"http://example.org:", "http://example.org:", false},
        {"http://example.org:8x", "http://example.org:8x", false},
        {"http://example.org:-1", "http://example.org:-1", false},
        {"chrome-extension://abcdef", "chrome-extension://abcdef", true},
        {"a+b.c-1://x", "A+B.C-1://X", true},
        {"foo://x", "foo://x:0", false},
        // suffixes and prefixes
        {"https://example.org.evil.test", "https://example.org", false},
        {"https://evil-example.org", "https://example.org", false},
        {"https://evil.test#https://example.org", "https://example.org", false},
        {"https://sub.example.org", "https://example.org", false},
        {"https://example.or", "https://example.org", false},
        // addresses
        {"http://127.0.0.1:80", "http://127.0.0.1", true},
        {"http://[::1]", "http://[::1]:80", true},
        {"http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080", true},
        {"http://[::1]", "http://[::2]", false},
        {"http://[::1", "http://[::1", false},
        {"http://[::1]x", "http://[::1]x", false},
        {"http://[::1]80", "http://[::1]80", false},
        {"http://[]", "http://[]", false},
        {"http://[a/b]", "http://[a/b]", false},
        {"http://::1", "http://::1", false},
        // what is no origin equals nothing, not even itself
        {"null", "null", false},
        {"", "", false},
        {"*", "*", false},
        {"example.org", "example.org", false},
        {"//example.org", "//example.org", false},
        {"http:example.org", "http:example.org", false},
        {"http:/example.org", "http:/example.org", false},
        {"http", "http", false},
        {"http://", "http://", false},
        {"http://:80", "http://:80", false},
        {"file://", "file://", false},
        {"1http://a", "1http://a", false},
        {"http://user@example.org", "http://user@example.org", false},
        {"http://user@example.org", "http://example.org", false},
        {"http://example.org@evil.test", "http://example.org", false},
        {"http://example.org/", "http://example.org/", false},
        {"http://example.org/", "http://example.org", false},
        {"http://example.org?q", "http://example.org?q", false},
        {"http://example.org ", "http://example.org", false},
        {"http://a http://b", "http://a http://b", false},
    };
    for (const auto &c : cases) {
        const Guarded a{string_view(c.a)}, b{string_view(c.b)};
        EXPECT_EQ(wsp_origin_equal(text(a.view()), text(b.view())), c.equal) << c.a << " " << c.b;
        EXPECT_EQ(wsp_origin_equal(text(b.view()), text(a.view())), c.equal) << c.b << " " << c.a;
    }
    EXPECT_FALSE(wsp_origin_equal({nullptr, 0}, {nullptr, 0}));
}

// ---- Judging a response --------------------------------------------------------------------

const string OFFER = with(REQUEST, "",
                          "Sec-WebSocket-Protocol: chat, superchat\r\n"
                          "Sec-WebSocket-Extensions: foo; a=\"1, x-evil\", bar\r\n"
                          "Sec-WebSocket-Extensions: permessage-deflate\r\n");

uint32_t response_faults(const string &bytes, const string &offer = OFFER)
{
    ParsedHead head(bytes), request(offer);
    wsp_handshake_response response;
    const uint32_t faults = wsp_handshake_response_check(&response, head.get(), request.get());
    EXPECT_EQ(response.faults, faults);
    return faults;
}

uint32_t response_faults_alone(const string &bytes)
{
    ParsedHead head(bytes);
    wsp_handshake_response response;
    return wsp_handshake_response_check(&response, head.get(), nullptr);
}

// RFC 6455 4.1, by number of the list at its end
const ChangeCase response_changes[] = {
    // 1: 101
    {"101 Switching Protocols", "101 ", 0},
    {"101", "200", WSP_H_STATUS},
    {"101", "404", WSP_H_STATUS},
    {"HTTP/1.1", "HTTP/1.0", WSP_H_HEAD},
    // 2: Upgrade
    {"Upgrade: websocket", "Upgrade: WebSocket", 0},
    {"Upgrade: websocket\r\n", "", WSP_H_UPGRADE},
    {"Upgrade: websocket", "Upgrade: h2c", WSP_H_UPGRADE},
    {"Upgrade: websocket", "Upgrade: websocket, h2c", WSP_H_UPGRADE},
    // 3: Connection
    {"Connection: Upgrade", "Connection: keep-alive, UPGRADE", 0},
    {"Connection: Upgrade\r\n", "", WSP_H_CONNECTION},
    {"Connection: Upgrade", "Connection: keep-alive", WSP_H_CONNECTION},
    // 4: Sec-WebSocket-Accept
    {ACCEPT, "  " + ACCEPT + " ", 0},
    {"Sec-WebSocket-Accept: " + ACCEPT + "\r\n", "", WSP_H_ACCEPT},
    {ACCEPT, "", WSP_H_ACCEPT},
    {ACCEPT, "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WSP_H_ACCEPT}, // the case counts
    {ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo", WSP_H_ACCEPT},
    {ACCEPT, ACCEPT + "=", WSP_H_ACCEPT},
    {ACCEPT, KEY, WSP_H_ACCEPT},
    {"", "Sec-WebSocket-Accept: " + ACCEPT + "\r\n", WSP_H_ACCEPT},
    // 5: Sec-WebSocket-Extensions
    {"", "Sec-WebSocket-Extensions: bar\r\n", 0},
    {"", "Sec-WebSocket-Extensions: permessage-deflate; any=1, foo\r\n", 0},
    {"", "Sec-WebSocket-Extensions: Bar\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions: x-evil\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions: bar, x-evil\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions: bar;\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions:\r\n", WSP_H_EXTENSION},
    {"", "Sec-WebSocket-Extensions: bar, foo, bar\r\n", WSP_H_EXTENSION},
    // 6: Sec-WebSocket-Protocol
    {"", "Sec-WebSocket-Protocol: superchat\r\n", 0},
    {"", "Sec-WebSocket-Protocol: Chat\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: other\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol:\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: chat, superchat\r\n", WSP_H_SUBPROTOCOL},
    {"", "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n", WSP_H_SUBPROTOCOL},
    // RFC 9112
    {"", "X : 1\r\n", WSP_H_HEAD},
    {"websocket\r\n", "websocket\n", WSP_H_HEAD},
};

TEST(HandshakeResponse, EachFaultAloneGivesExactlyItsBit)
{
    EXPECT_EQ(response_faults(RESPONSE), 0u);
    for (const ChangeCase &c : response_changes)
        EXPECT_EQ(response_faults(with(RESPONSE, c.from, c.to)), c.faults)
            << c.from << " -> " << c.to;
}

TEST(HandshakeResponse, CombinedFaultsAreAllThere)
{
    EXPECT_EQ(response_faults("HTTP/1.0 101 \r\nSec-WebSocket-Protocol: x\r\n"
                              "Sec-WebSocket-Extensions: x\r\n\r\n"),
              WSP_H_HEAD | WSP_H_UPGRADE | WSP_H_CONNECTION | WSP_H_ACCEPT | WSP_H_SUBPROTOCOL |
                  WSP_H_EXTENSION);
}

TEST(HandshakeResponse, AnotherStatusIsARefusalAndNothingElse)
{
    ParsedHead head("HTTP/1.0 403 Forbidden\r\nX : y\r\nSec-WebSocket-Protocol: x\r\n\r\n");
    wsp_handshake_response response;
    EXPECT_EQ(wsp_handshake_response_check(&response, head.get(), nullptr), WSP_H_STATUS);
    EXPECT_EQ(response.status, 403);
}

TEST(HandshakeResponse, AHeadThatIsNoResponseIsAFaultOfTheHead)
{
    EXPECT_EQ(response_faults(with(RESPONSE, "HTTP/1.1 101", "ICY 101")), WSP_H_HEAD);
    EXPECT_EQ(response_faults(with(RESPONSE, "HTTP/1.1 101 Switching Protocols", "GET / HTTP/1.1")),
              WSP_H_HEAD);
    EXPECT_EQ(response_faults(with(RESPONSE, "HTTP/1.1 101", "HTTP/2 101")), WSP_H_HEAD);
    EXPECT_EQ(response_faults(""), WSP_H_HEAD | WSP_H_UPGRADE | WSP_H_CONNECTION | WSP_H_ACCEPT);
}

TEST(HandshakeResponse, NothingWasOfferedSoNothingMayBeAnswered)
{
    EXPECT_EQ(response_faults(with(RESPONSE, "", "Sec-WebSocket-Protocol: chat\r\n"), REQUEST),
              WSP_H_SUBPROTOCOL);
    EXPECT_EQ(response_faults(with(RESPONSE, "", "Sec-WebSocket-Extensions: foo\r\n"), REQUEST),
              WSP_H_EXTENSION);
}

TEST(HandshakeResponse, WithoutTheRequestOnlyTheFormIsJudged)
{
    const string other = with(RESPONSE, ACCEPT, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    EXPECT_EQ(response_faults(other), WSP_H_ACCEPT);
    EXPECT_EQ(response_faults_alone(other), 0u);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, ACCEPT, KEY)), WSP_H_ACCEPT);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, ACCEPT, "")), WSP_H_ACCEPT);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, ACCEPT, string(28, 'A'))), WSP_H_ACCEPT);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, ACCEPT, string(27, '_') + "=")), WSP_H_ACCEPT);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, "", "Sec-WebSocket-Protocol: any\r\n")), 0u);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, "", "Sec-WebSocket-Protocol: a b\r\n")),
              WSP_H_SUBPROTOCOL);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, "", "Sec-WebSocket-Extensions: any\r\n")), 0u);
    EXPECT_EQ(response_faults_alone(with(RESPONSE, "", "Sec-WebSocket-Extensions: x, x\r\n")),
              WSP_H_EXTENSION);
}

// The missing key is the request's fault, and is reported there.
TEST(HandshakeResponse, WithoutAUsableKeyOnlyTheFormOfTheAcceptIsJudged)
{
    const string no_key = with(REQUEST, "Sec-WebSocket-Key: " + KEY + "\r\n", "");
    const string long_key = with(REQUEST, KEY, string(1025, 'A'));
    for (const string &offer : {no_key, long_key}) {
        EXPECT_EQ(response_faults(RESPONSE, offer), 0u);
        EXPECT_EQ(response_faults(with(RESPONSE, ACCEPT, "x"), offer), WSP_H_ACCEPT);
    }
}

// An observer reads on: the key of a faulty request is still the one that was answered.
TEST(HandshakeResponse, AcceptAnswersTheKeyAsItStandsInTheHeader)
{
    EXPECT_EQ(
        response_faults(with(RESPONSE, ACCEPT, accept_key("short")), with(REQUEST, KEY, "short")),
        0u);
}

TEST(HandshakeResponse, TellsTheSubprotocolThatWasChosen)
{
    ParsedHead head(with(RESPONSE, "", "Sec-WebSocket-Protocol: chat\r\n")), plain(RESPONSE);
    wsp_handshake_response response;
    wsp_handshake_response_check(&response, head.get(), nullptr);
    EXPECT_EQ(str(response.subprotocol), "chat");
    EXPECT_EQ(response.status, 101);
    wsp_handshake_response_check(&response, plain.get(), nullptr);
    EXPECT_EQ(response.subprotocol.data, nullptr);
}

// ---- Long lists ----------------------------------------------------------------------------

// "x0, x1, x2 …" until the text has this length.
string long_list(size_t count)
{
    string list = "x0";
    for (size_t i = 1; i < count; i++)
        list += ",x" + std::to_string(i);
    return list;
}

TEST(HandshakeLongList, SixtyFourExtensionsMayBeAnsweredAndNoMore)
{
    for (size_t count : {64u, 65u}) {
        const string line = "Sec-WebSocket-Extensions: " + long_list(count) + "\r\n";
        EXPECT_EQ(response_faults(with(RESPONSE, "", line), with(REQUEST, "", line)),
                  count <= 64 ? 0u : WSP_H_EXTENSION);
    }
}

TEST(HandshakeLongList, ManySubprotocolsAreNoFaultAndADoubleAmongTheFirstSixtyFourIs)
{
    const string line = "Sec-WebSocket-Protocol: " + long_list(2000);
    EXPECT_EQ(request_faults(with(REQUEST, "", line + "\r\n")), 0u);
    EXPECT_EQ(request_faults(with(REQUEST, "", line + ",a b\r\n")), WSP_H_SUBPROTOCOL);
    const string short_line = "Sec-WebSocket-Protocol: " + long_list(63);
    EXPECT_EQ(request_faults(with(REQUEST, "", short_line + ",x0\r\n")), WSP_H_SUBPROTOCOL);
}

// ---- Writing -------------------------------------------------------------------------------

const wsp_http_header MORE[] = {{text("X-One"), text("1 \t\xC3\xA4")}, {text("X-Two"), text("")}};

wsp_handshake_offer full_offer()
{
    wsp_handshake_offer offer = {};
    offer.target = "/chat?room=1";
    offer.host = "example.org:8080";
    offer.key = KEY.c_str();
    offer.origin = "https://example.org";
    offer.subprotocols = "chat, superchat";
    offer.extensions = "permessage-deflate; client_max_window_bits, foo; a=\"1\"";
    offer.more = MORE;
    offer.more_count = 2;
    return offer;
}

wsp_handshake_answer full_answer()
{
    wsp_handshake_answer answer = {};
    answer.key = text(KEY);
    answer.subprotocol = "superchat";
    answer.extensions = "permessage-deflate";
    answer.more = MORE;
    answer.more_count = 2;
    return answer;
}

using Write = std::function<int(char *out, size_t size)>;

Write request_writer(const wsp_handshake_offer &offer)
{
    return
        [offer](char *out, size_t size) { return wsp_handshake_request_write(out, size, &offer); };
}

Write accept_writer(const wsp_handshake_answer &answer)
{
    return
        [answer](char *out, size_t size) { return wsp_handshake_accept_write(out, size, &answer); };
}

Write refusal_writer(uint16_t status, const char *body, const wsp_http_header *more = nullptr,
                     size_t more_count = 0)
{
    return [=](char *out, size_t size) {
        return wsp_handshake_refusal_write(out, size, status, body, more, more_count);
    };
}

int result(const Write &write)
{
    char out[4096];
    return write(out, sizeof out);
}

string written(const Write &write)
{
    char out[4096];
    const int n = write(out, sizeof out);
    EXPECT_GT(n, 0);
    return n > 0 ? string(out, static_cast<size_t>(n)) : "";
}

TEST(HandshakeWrite, RequestIsTheOneThatTheRfcDescribes)
{
    wsp_handshake_offer offer = {};
    offer.target = "/chat";
    offer.host = "server.example.com";
    offer.key = KEY.c_str();
    EXPECT_EQ(written(request_writer(offer)), REQUEST);
}

TEST(HandshakeWrite, RequestWithEverythingIsJudgedFaultless)
{
    const string bytes = written(request_writer(full_offer()));
    wsp_http_scanner scanner;
    wsp_http_scan_init(&scanner, nullptr);
    EXPECT_EQ(
        wsp_http_scan(&scanner, reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()),
        static_cast<int64_t>(bytes.size()));
    EXPECT_TRUE(scanner.done);

    ParsedHead head(bytes);
    EXPECT_EQ(head.lines(), (std::vector<string>{
                                "Host=example.org:8080",
                                "Upgrade=websocket",
                                "Connection=Upgrade",
                                "Sec-WebSocket-Key=" + KEY,
                                "Sec-WebSocket-Version=13",
                                "Origin=https://example.org",
                                "Sec-WebSocket-Protocol=chat, superchat",
                                "Sec-WebSocket-Extensions=permessage-deflate; "
                                "client_max_window_bits, foo; a=\"1\"",
                                "X-One=1 \t\xC3\xA4",
                                "X-Two=",
                            }));
    wsp_handshake_request request;
    EXPECT_EQ(wsp_handshake_request_check(&request, head.get()), 0u);
    EXPECT_EQ(str(request.target), "/chat?room=1");
}

TEST(HandshakeWrite, AcceptAnswersTheRequestWithoutAFault)
{
    wsp_handshake_answer bare = {};
    bare.key = text(KEY);
    EXPECT_EQ(written(accept_writer(bare)), RESPONSE);

    const string bytes = written(accept_writer(full_answer()));
    EXPECT_EQ(response_faults(bytes, written(request_writer(full_offer()))), 0u);
    ParsedHead head(bytes);
    EXPECT_EQ(str(wsp_http_header_value(head.get(), "X-One", nullptr)), "1 \t\xC3\xA4");
    EXPECT_EQ(str(wsp_http_header_value(head.get(), "Sec-WebSocket-Protocol", nullptr)),
              "superchat");
}

TEST(HandshakeWrite, RefusalClosesAndHasALengthAndABody)
{
    EXPECT_EQ(written(refusal_writer(403, nullptr)),
              "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(written(refusal_writer(400, "no\r\nkey\n", MORE, 1)),
              "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
              "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\n"
              "X-One: 1 \t\xC3\xA4\r\n\r\nno\r\nkey\n");
    const wsp_http_header json[] = {{text("content-type"), text("application/json")}};
    EXPECT_EQ(written(refusal_writer(401, "{}", json, 1)),
              "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n"
              "content-type: application/json\r\n\r\n{}");
}

TEST(HandshakeWrite, RefusalSaysWhatItsStatusCallsFor)
{
    ParsedHead version(written(refusal_writer(426, nullptr))); // RFC 6455 4.4
    EXPECT_EQ(str(wsp_http_header_value(version.get(), "Sec-WebSocket-Version", nullptr)), "13");
    EXPECT_TRUE(wsp_http_list_has(version.get(), "Upgrade", "websocket"));
    EXPECT_TRUE(wsp_http_list_has(version.get(), "Connection", "upgrade"));
    EXPECT_TRUE(wsp_http_list_has(version.get(), "Connection", "close"));
    ParsedHead method(written(refusal_writer(405, nullptr)));
    EXPECT_EQ(str(wsp_http_header_value(method.get(), "Allow", nullptr)), "GET");
    EXPECT_TRUE(wsp_http_list_has(method.get(), "Connection", "close"));
}

TEST(HandshakeWrite, EveryRefusalFrom300To599ReadsBackAndNoOther)
{
    for (uint16_t status = 300; status <= 599; status++) {
        ParsedHead head(written(refusal_writer(status, "x")));
        EXPECT_EQ(head->status, status);
        EXPECT_EQ(head->faults, 0u) << status;
        EXPECT_EQ(str(wsp_http_header_value(head.get(), "Content-Length", nullptr)), "1");
    }
    for (int status : {0, 101, 299, 600, 65535})
        EXPECT_EQ(result(refusal_writer(static_cast<uint16_t>(status), nullptr)), WSP_ERR_RANGE);
    for (uint32_t bit = WSP_H_HEAD; bit <= WSP_H_ORIGIN; bit <<= 1) {
        if (bit != WSP_H_ACCEPT) {
            ParsedHead head(written(refusal_writer(wsp_handshake_status(bit), nullptr)));
            EXPECT_NE(str(head->reason), "") << "a fault's status has a reason";
        }
    }
}

TEST(HandshakeWrite, EveryRoomThatIsTooSmallGivesSpaceAndNothingIsWrittenPastIt)
{
    for (const Write &write : {request_writer(full_offer()), accept_writer(full_answer()),
                               refusal_writer(426, "a body", MORE, 2)}) {
        const string whole = written(write);
        for (size_t size = 0; size < whole.size(); size++) {
            Guarded out(size);
            EXPECT_EQ(write(out.chars(), size), WSP_ERR_SPACE) << size;
        }
        Guarded out(whole.size());
        EXPECT_EQ(write(out.chars(), out.size()), static_cast<int>(whole.size()));
        EXPECT_EQ(out.view(), whole);
    }
}

// ---- Injection: no text may end its line -----------------------------------------------------

const string EVIL[] = {"a\r\nX: y", "a\r\n", "a\rb", "a\nb", "a\x01z", "a\x7fz", "a\x1b[0m"};

TEST(HandshakeInjection, NoTextOfARequestMayHoldAControlCharacter)
{
    const char *wsp_handshake_offer::*const fields[] = {
        &wsp_handshake_offer::target,       &wsp_handshake_offer::host,
        &wsp_handshake_offer::key,          &wsp_handshake_offer::origin,
        &wsp_handshake_offer::subprotocols, &wsp_handshake_offer::extensions,
    };
    for (const auto &field : fields) {
        for (const string &evil : EVIL) {
            wsp_handshake_offer offer = full_offer();
            const string value = offer.*field + evil;
            offer.*field = value.c_str();
            EXPECT_EQ(result(request_writer(offer)), WSP_ERR_VALUE) << value;
        }
    }
}

TEST(HandshakeInjection, NoTextOfAnAcceptMayHoldAControlCharacter)
{
    for (const string &evil : EVIL) {
        wsp_handshake_answer answer = full_answer();
        answer.subprotocol = evil.c_str();
        EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE) << evil;
        answer = full_answer();
        answer.extensions = evil.c_str();
        EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE) << evil;
        answer = full_answer();
        answer.key = text(evil);
        EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE) << evil;
    }
}

// These are the texts with a length, which may hold NUL too.
TEST(HandshakeInjection, NoFurtherHeaderLineMayHoldAControlCharacterAndItsNameIsAToken)
{
    const auto expect_refused = [](string_view name, string_view value) {
        const wsp_http_header more[] = {MORE[0], {text(name), text(value)}};
        wsp_handshake_offer offer = full_offer();
        offer.more = more;
        EXPECT_EQ(result(request_writer(offer)), WSP_ERR_VALUE) << name << ": " << value;
        wsp_handshake_answer answer = full_answer();
        answer.more = more;
        EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE) << name << ": " << value;
        EXPECT_EQ(result(refusal_writer(400, nullptr, more, 2)), WSP_ERR_VALUE)
            << name << ": " << value;
    };
    for (const string &evil : EVIL) {
        expect_refused("X", evil);
        expect_refused(evil, "y");
    }
    expect_refused("X", "a\0z"s);
    expect_refused("X\0"s, "y");
    for (const char *name : {"", "a b", "a:", "\xC3\xA4"})
        expect_refused(name, "y");
}

TEST(HandshakeInjection, AKeyWithANulIsRefused)
{
    string key = KEY;
    key[5] = '\0';
    wsp_handshake_answer answer = full_answer();
    answer.key = text(key);
    EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE);
}

TEST(HandshakeWrite, WhatIsMissingOrMalformedIsRefused)
{
    const struct {
        const char *wsp_handshake_offer::*field;
        std::vector<const char *> values;
    } offers[] = {
        {&wsp_handshake_offer::target,
         {nullptr, "", "chat", "*", "/a b", "/a\tb", "/#top", "/\xC3\xA4", "http://a/"}},
        {&wsp_handshake_offer::host, {nullptr, "", "a b", "a/b", "u@a", "a:", "a:b", "[::1"}},
        {&wsp_handshake_offer::key, {nullptr, "", "short", "dGhlIHNhbXBsZSBub25jZQ==="}},
        {&wsp_handshake_offer::subprotocols, {"", ",", "a b", "a, a"}},
        {&wsp_handshake_offer::extensions, {"", ",", "a b", "a;", "a; b=\"1 2\""}},
    };
    for (const auto &o : offers) {
        for (const char *value : o.values) {
            wsp_handshake_offer offer = full_offer();
            offer.*o.field = value;
            EXPECT_EQ(result(request_writer(offer)), WSP_ERR_VALUE) << (value ? value : "NULL");
        }
    }
    wsp_handshake_answer answer = full_answer();
    answer.key = {nullptr, 0};
    EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE);
    answer = full_answer();
    answer.subprotocol = "";
    EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE);
    answer = full_answer();
    answer.extensions = "";
    EXPECT_EQ(result(accept_writer(answer)), WSP_ERR_VALUE);
}

// A refused text is refused whatever the room: WSP_ERR_SPACE must not make a caller try again.
TEST(HandshakeWrite, AValueErrorComesBeforeASpaceError)
{
    wsp_handshake_offer offer = full_offer();
    offer.host = "a\r\nb";
    EXPECT_EQ(wsp_handshake_request_write(nullptr, 0, &offer), WSP_ERR_VALUE);
    EXPECT_EQ(wsp_handshake_refusal_write(nullptr, 0, 200, nullptr, nullptr, 0), WSP_ERR_RANGE);
    EXPECT_EQ(wsp_handshake_refusal_write(nullptr, 0, 400, nullptr, nullptr, 0), WSP_ERR_SPACE);
}

} // namespace
