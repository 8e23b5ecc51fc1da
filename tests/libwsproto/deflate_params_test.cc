// The negotiation of permessage-deflate (RFC 7692 5, 7.1): what the RFC leaves to the library, what
// it writes, and that both sides agree. What the RFC demands is in ../vectors/deflate-offer.json
// and deflate-answer.json.
#include "parsed_head.h"

#include <wsproto/deflate.h>
#include <wsproto/error.h>

#include <gtest/gtest.h>

namespace
{

const std::string pmd = "permessage-deflate";

// A head with these values of Sec-WebSocket-Extensions, each in a line of its own.
std::string head_of(const std::string &first, const std::vector<std::string> &values)
{
    std::string head = first + "\r\nHost: example.org\r\n";
    for (const std::string &value : values)
        head += "Sec-WebSocket-Extensions: " + value + "\r\n";
    return head + "\r\n";
}
std::string request_of(const std::vector<std::string> &offers)
{
    return head_of("GET / HTTP/1.1", offers);
}
std::string response_of(const std::vector<std::string> &answers)
{
    return head_of("HTTP/1.1 101 Switching Protocols", answers);
}

std::string text_of(const wsp_deflate_params &p)
{
    return std::to_string(p.server_max_window_bits) + (p.server_no_context_takeover ? "n" : "") +
           " " + std::to_string(p.client_max_window_bits) +
           (p.client_no_context_takeover ? "n" : "");
}

// "server's bits, n = no takeover; client's": the same notation for a policy.
wsp_deflate_policy policy_of(int server, bool server_forgets, int client, bool client_forgets)
{
    return {server_forgets, client_forgets, static_cast<uint8_t>(server),
            static_cast<uint8_t>(client)};
}

const wsp_deflate_policy anything = policy_of(0, false, 0, false);

// What a server answers to these offers; "none" when it declines them all.
std::string answer_to(const std::vector<std::string> &offers,
                      const wsp_deflate_policy &policy = anything)
{
    const ParsedHead request(request_of(offers));
    wsp_deflate_params agreed;
    if (!wsp_deflate_choose(&agreed, &policy, request.get()))
        return "none";
    char text[WSP_DEFLATE_TEXT];
    EXPECT_GT(wsp_deflate_answer_write(text, sizeof text, &agreed), 0);
    return text;
}

TEST(DeflateChoose, GrantsTheSmallestWindowAndRepeatsWhatTheClientSaysOfItself) // 7.1.1.2, 7.1.2
{
    const std::pair<std::string, std::string> cases[] = {
        {"; client_max_window_bits", ""},
        {"; client_max_window_bits=15", ""},
        {"; client_max_window_bits=8", "; client_max_window_bits=8"},
        {"; server_max_window_bits=8", "; server_max_window_bits=8"},
        {"; client_no_context_takeover", "; client_no_context_takeover"},
        {";client_max_window_bits=9;server_max_window_bits=12;client_no_context_takeover",
         "; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=9"},
    };
    for (const auto &[offer, answer] : cases)
        EXPECT_EQ(answer_to({pmd + offer}), pmd + answer) << offer;
}

TEST(DeflateChoose, DeclinesWhatHasNotTheFormOfAnExtension) // RFC 6455 9.1
{
    for (const char *parameters : {"; client_max_window_bits=", ";", "; server_max_window_bits=9;"})
        EXPECT_EQ(answer_to({pmd + parameters + ", " + pmd + "; server_max_window_bits=9"}),
                  pmd + "; server_max_window_bits=9")
            << "the next is looked at: " << parameters;
}

TEST(DeflateAnswer, IsWrittenOnlyFromLegalNumbersAndWithRoom)
{
    char text[WSP_DEFLATE_TEXT];
    for (int bits : {0, 7, 16}) {
        wsp_deflate_params wrong = {false, false, static_cast<uint8_t>(bits), 15, false};
        EXPECT_EQ(wsp_deflate_answer_write(text, sizeof text, &wrong), WSP_ERR_RANGE);
        wrong = {false, false, 15, static_cast<uint8_t>(bits), false};
        EXPECT_EQ(wsp_deflate_answer_write(text, sizeof text, &wrong), WSP_ERR_RANGE);
    }
    const wsp_deflate_params longest = {true, true, 10, 10, false};
    const int len = wsp_deflate_answer_write(text, sizeof text, &longest);
    ASSERT_GT(len, 0);
    for (size_t size = 0; size <= static_cast<size_t>(len); size++) {
        Guarded exact(size);
        EXPECT_EQ(wsp_deflate_answer_write(exact.chars(), size, &longest), WSP_ERR_SPACE);
    }
    EXPECT_EQ(wsp_deflate_answer_write(text, static_cast<size_t>(len) + 1, &longest), len);
}

TEST(DeflateOffer, SaysThatTheClientsWindowMayBeLimited)
{
    const std::pair<wsp_deflate_policy, std::string> cases[] = {
        {anything, "; client_max_window_bits"},
        {policy_of(15, false, 15, false), "; client_max_window_bits"},
        {policy_of(9, true, 8, true), "; server_no_context_takeover; client_no_context_takeover"
                                      "; server_max_window_bits=9; client_max_window_bits=8"},
    };
    char text[WSP_DEFLATE_TEXT];
    for (const auto &[policy, expected] : cases) {
        EXPECT_EQ(wsp_deflate_offer_write(text, sizeof text, &policy),
                  static_cast<int>(pmd.size() + expected.size()));
        EXPECT_EQ(text, pmd + expected);
    }
    for (int bits : {1, 7, 16}) {
        const wsp_deflate_policy server = policy_of(bits, false, 0, false),
                                 client = policy_of(0, false, bits, false);
        EXPECT_EQ(wsp_deflate_offer_write(text, sizeof text, &server), WSP_ERR_RANGE);
        EXPECT_EQ(wsp_deflate_offer_write(text, sizeof text, &client), WSP_ERR_RANGE);
    }
    EXPECT_EQ(wsp_deflate_offer_write(text, pmd.size(), &anything), WSP_ERR_SPACE);
}

// What a client makes of an answer; without an offer, what an observer does.
std::string verdict(const std::vector<std::string> &answers, const std::vector<std::string> *offers)
{
    const ParsedHead response(response_of(answers));
    const ParsedHead request(request_of(offers ? *offers : std::vector<std::string>{}));
    wsp_deflate_params agreed;
    switch (wsp_deflate_answer_check(&agreed, response.get(), offers ? request.get() : nullptr)) {
    case WSP_DEFLATE_NONE: return "none";
    case WSP_DEFLATE_AGREED: return text_of(agreed);
    case WSP_DEFLATE_ILLEGAL: return "illegal";
    }
    return "?";
}

TEST(DeflateAnswerCheck, TakesOneAnswerToWhatWasOffered) // 5
{
    const std::vector<std::string> offers = {pmd}, nothing;
    EXPECT_EQ(verdict({pmd}, &nothing), "illegal") << "it was not offered";
    EXPECT_EQ(verdict({pmd + ", " + pmd}, &offers), "illegal");
    EXPECT_EQ(verdict({pmd, "x-other", pmd}, &offers), "illegal") << "in two lines";
    EXPECT_EQ(verdict({"x-other", pmd}, &offers), "15 15");
}

TEST(DeflateAnswerCheck, WithoutTheRequestJudgesTheFormAlone)
{
    EXPECT_EQ(verdict({pmd + "; client_max_window_bits=9; server_no_context_takeover"}, nullptr),
              "15n 9");
    EXPECT_EQ(verdict({pmd + "; unknown"}, nullptr), "illegal");
    EXPECT_EQ(verdict({pmd + "; client_max_window_bits"}, nullptr), "illegal");
    EXPECT_EQ(verdict({}, nullptr), "none");
}

// Every policy against every offer: the two sides agree, and on nothing that one of them refused.
TEST(DeflateNegotiation, GivesBothSidesTheSameParameters)
{
    for (int bits : {0, 8, 12, 15})
        for (int theirs : {0, 8, 12, 15})
            for (int flags = 0; flags < 16; flags++) {
                const wsp_deflate_policy server = policy_of(bits, flags & 1, theirs, flags & 2),
                                         client = policy_of(theirs, flags & 4, bits, flags & 8);
                char text[WSP_DEFLATE_TEXT];
                wsp_deflate_offer_write(text, sizeof text, &client);
                const ParsedHead request(request_of({text}));
                wsp_deflate_params at_server, at_client;
                ASSERT_TRUE(wsp_deflate_choose(&at_server, &server, request.get()));
                wsp_deflate_answer_write(text, sizeof text, &at_server);
                const ParsedHead response(response_of({text}));
                ASSERT_EQ(wsp_deflate_answer_check(&at_client, response.get(), request.get()),
                          WSP_DEFLATE_AGREED)
                    << text;
                EXPECT_EQ(text_of(at_client), text_of(at_server)) << text;
                EXPECT_LE(at_server.server_max_window_bits, bits ? bits : 15);
                EXPECT_LE(at_server.client_max_window_bits, bits ? bits : 15);
            }
}

} // namespace
