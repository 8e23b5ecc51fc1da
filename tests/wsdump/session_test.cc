// The session stage before the 101: which bytes are a handshake, and what is said of it. What comes
// after it is conversation_test's.
#include "traffic.h"

#include <gtest/gtest.h>

#include <map>

namespace
{

enum { CLIENT = Traffic::CLIENT, SERVER = Traffic::SERVER };

const std::string seen = "1 open seen 192.0.2.1:40000 > 192.0.2.2:80 /chat 101";
const std::string partial_101 = "1 open partial 192.0.2.1:40000 > 192.0.2.2:80 101";
const std::string partial_request = "1 open partial 192.0.2.1:40000 > 192.0.2.2:80 /chat";
const std::string hello = "1 server text 1 length 5 'hello'";

std::string refused_with(int conn, int status)
{
    return std::to_string(conn) + " open refused 192.0.2.1:40000 > 192.0.2.2:80 /chat " +
           std::to_string(status);
}

const char no_end[] = " end eof [0 frames, 0 messages, 0 of 0 bytes]"
                      " [0 frames, 0 messages, 0 of 0 bytes]";

Bytes server_hello()
{
    return Frame(1, "hello");
}

TEST(Session, OpensWithTheHandshake)
{
    Traffic t;
    t.handshake();
    EXPECT_EQ(t.records(), Lines{seen});
    EXPECT_EQ(t.last_time, 2000000);
    EXPECT_EQ(t.totals().websockets, 1u);
}

TEST(Session, SaysNothingOfOtherTraffic)
{
    Traffic t;
    t.say(CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    t.say(SERVER, refused(200, "hello"));
    t.say(CLIENT, from_hex("16030100"));
    t.say(SERVER, from_hex("81056869"));
    t.lose(SERVER, 10);
    t.end(TCP_END_FIN);
    EXPECT_EQ(t.records(), Lines{});
    EXPECT_EQ(t.totals().connections, 1u);
    EXPECT_EQ(t.totals().websockets, 0u);
}

TEST(Session, FindsHandshakesThatBeginOnEitherSide)
{
    Traffic t;
    t.say(SERVER, request());
    t.say(CLIENT, accepted());
    t.say(SERVER, Frame(1, "hello").masked());
    EXPECT_EQ(t.records(), (Lines{"1 open seen 192.0.2.2:80 > 192.0.2.1:40000 /chat 101",
                                  "1 client text 1 length 5 'hello'"}));
}

TEST(Session, ReadsHeadsThatAreCutAnywhere)
{
    const Bytes asked = from_text(request()), answered = from_text(accepted());
    for (size_t cut = 1; cut < asked.size(); cut++) {
        const auto at = static_cast<std::ptrdiff_t>(cut);
        Traffic t;
        t.say(CLIENT, Bytes(asked.begin(), asked.begin() + at));
        t.say(CLIENT, Bytes(asked.begin() + at, asked.end()));
        t.say(SERVER, answered);
        ASSERT_EQ(t.records(), Lines{seen}) << cut;
    }
    for (size_t cut = 1; cut < answered.size(); cut++) {
        const auto at = static_cast<std::ptrdiff_t>(cut);
        Traffic t;
        t.say(CLIENT, asked);
        t.say(SERVER, Bytes(answered.begin(), answered.begin() + at));
        t.say(SERVER, Bytes(answered.begin() + at, answered.end()) + server_hello());
        ASSERT_EQ(t.records(), (Lines{seen, hello})) << cut;
    }
}

TEST(Session, ReadsHeadsByteByByte)
{
    Traffic t;
    t.say_in_pieces(CLIENT, from_text(request()), 1);
    t.say_in_pieces(SERVER, from_text(accepted()) + server_hello(), 1);
    EXPECT_EQ(t.records(), (Lines{seen, hello}));
}

TEST(Session, ReadsAFrameInTheSegmentOfThe101)
{
    Traffic t;
    t.say(CLIENT, request());
    t.say(SERVER, from_text(accepted()) + server_hello());
    EXPECT_EQ(t.records(), (Lines{seen, hello}));
}

TEST(Session, KeepsWhatTheClientSendsBeforeThe101)
{
    Traffic t;
    t.say(CLIENT, from_text(request()) + Frame(1, "one").masked());
    t.say(CLIENT, Bytes(Frame(1, "two").masked()));
    t.say(SERVER, accepted());
    t.say(CLIENT, Bytes(Frame(1, "three").masked()));
    EXPECT_EQ(t.records(),
              (Lines{seen, "1 client text 1 length 3 'one'", "1 client text 2 length 3 'two'",
                     "1 client text 3 length 5 'three'"}));
}

TEST(Session, SaysWhereWhatTheClientSentBeforeThe101IsLost)
{
    Traffic t;
    t.say(CLIENT, from_text(request()) + Frame(1, "one").masked());
    t.lose(CLIENT, 4);
    t.say(SERVER, accepted());
    EXPECT_EQ(t.records(), (Lines{seen, "1 client text 1 length 3 'one'", "1 client gap 4"}));
}

TEST(Session, BoundsWhatTheClientSendsBeforeThe101)
{
    Traffic t(10);
    const Bytes large = Frame(2, Bytes(1 << 20, 'x')).masked();
    t.say(CLIENT, from_text(request()) + Frame(1, "one").masked());
    t.say_in_pieces(CLIENT, large, 1 << 18);
    t.say(CLIENT, Bytes(Frame(1, "two").masked()));
    t.say(SERVER, accepted());
    t.say(CLIENT, Bytes(Frame(1, "three").masked()));
    EXPECT_EQ(t.records(),
              (Lines{seen, "1 client text 1 length 3 'one'",
                     "1 client binary 2 length 1048576 incomplete missing 786418+262144 truncated "
                     "'xxxxxxxxxx'",
                     "1 client text 3 length 3 'two'", "1 client text 4 length 5 'three'"}));
}

TEST(Session, ReadsPastInterimResponses)
{
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                                "Link: </a>\r\nContent-Length: 7\r\n\r\n";
    Traffic apart, together;
    apart.say(CLIENT, request());
    apart.say(SERVER, interim);
    apart.say(SERVER, accepted());
    EXPECT_EQ(apart.records(), Lines{seen});

    together.say(CLIENT, request());
    together.say(SERVER, from_text(interim + accepted()) + server_hello());
    EXPECT_EQ(together.records(), (Lines{seen, hello}));
}

TEST(Session, ReportsRefusals)
{
    for (int status : {200, 302, 400, 401, 403, 404, 426, 503}) {
        Traffic t;
        t.say(CLIENT, request());
        t.say(SERVER, refused(status, "no"));
        EXPECT_EQ(t.records(), Lines{refused_with(1, status)});
        t.end(TCP_END_EOF);
        EXPECT_EQ(t.records(), Lines{"1" + std::string(no_end)});
    }
}

TEST(Session, ReportsEveryAttemptOnOneConnection)
{
    Traffic t;
    t.say(CLIENT, request());
    t.say(SERVER, refused(401, "who are you?"));
    t.say(CLIENT, request("Authorization: Basic YTpi\r\n"));
    t.say(SERVER, from_text(accepted()) + server_hello());
    const std::string close_end = std::string(no_end).replace(5, 3, "close");
    EXPECT_EQ(t.records(), (Lines{refused_with(1, 401), "1" + close_end, "2" + seen.substr(1),
                                  "2" + hello.substr(1)}));
}

TEST(Session, ForgetsWhatARefusedClientSentTooEarly)
{
    Traffic t;
    t.say(CLIENT, from_text(request()) + Frame(1, "too early").masked());
    t.say(SERVER, refused(401));
    t.say(CLIENT, request());
    t.say(SERVER, accepted());
    t.say(CLIENT, Bytes(Frame(1, "hello").masked()));
    const Lines records = t.records();
    EXPECT_EQ(records.back(), "2 client text 1 length 5 'hello'");
    EXPECT_EQ(records.size(), 4u);
}

TEST(Session, OpensPartiallyWithA101WhoseRequestWasNotSeen)
{
    Traffic t;
    t.say(SERVER, from_text(accepted()) + server_hello());
    t.say(CLIENT, Bytes(Frame(1, "hi").masked()));
    EXPECT_EQ(t.records(), (Lines{partial_101, hello, "1 client text 2 length 2 'hi'"}));
}

TEST(Session, PassesOverARequestThatTheCaptureHasBehindIts101)
{
    const Bytes late = from_text(request()) + Frame(1, "hi").masked();
    for (size_t size : {1u, 7u, 1000u}) {
        Traffic t;
        t.say(SERVER, accepted());
        t.say_in_pieces(CLIENT, late, size);
        t.say(CLIENT, Bytes(Frame(9, "G").masked()));
        EXPECT_EQ(t.records(), (Lines{partial_101, "1 client text 1 length 2 'hi'",
                                      "1 client ping 2 length 1 'G'"}));
    }
}

TEST(Session, TakesNoFrameForARequestBehindIts101)
{
    Traffic t;
    t.say(SERVER, accepted());
    t.say(CLIENT, Bytes(Frame(7, "strange").masked().rsv(4).not_final())); // begins with 'G'
    t.say(CLIENT, Bytes(Frame(1, "hi").masked()));
    EXPECT_EQ(t.records(), (Lines{partial_101, "1 client violation rsv-unnegotiated frame 1",
                                  "1 client violation opcode-reserved frame 1",
                                  "1 client violation continuation-expected frame 2",
                                  "1 client text 1 length 2 'hi'"}));
}

TEST(Session, OpensPartiallyWhenTheRequestIsNotWhole)
{
    Traffic t;
    t.say(CLIENT, "GET /chat HTTP/1.1\r\nHost: exam");
    t.lose(CLIENT, 30);
    t.say(CLIENT, ": 13\r\n\r\n");
    t.say(SERVER, accepted());
    EXPECT_EQ(t.records(), Lines{partial_101});
}

TEST(Session, ReportsARequestWithoutAnswerWhenTheConnectionEnds)
{
    Traffic t;
    t.say(CLIENT, request());
    EXPECT_EQ(t.records(), Lines{});
    t.end(TCP_END_RST);
    EXPECT_EQ(t.records(),
              (Lines{partial_request, "1" + std::string(no_end).replace(5, 3, "rst")}));
}

TEST(Session, FindsTheHandshakeBehindOrdinaryRequests)
{
    Traffic t;
    t.say(CLIENT, "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na=b&");
    t.say(SERVER, refused(200, "welcome"));
    t.say(CLIENT, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    t.say(SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n"); // announced, not sent
    t.say(CLIENT, request());
    t.say(SERVER, accepted());
    EXPECT_EQ(t.records(), Lines{seen});
}

TEST(Session, AnswersPipelinedRequestsInTheirOrder)
{
    const std::string page = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        "0\r\n\r\n";
    Traffic t;
    t.say(CLIENT, page + page + request());
    t.say(SERVER, refused(200, "hello"));
    t.say(SERVER, chunked);
    EXPECT_EQ(t.records(), Lines{});
    t.say(SERVER, from_text(accepted()) + server_hello());
    EXPECT_EQ(t.records(), (Lines{seen, hello}));

    Traffic one_segment;
    one_segment.say(CLIENT, page + request());
    one_segment.say(SERVER, refused(200, "hello") + refused(403));
    EXPECT_EQ(one_segment.records(), Lines{refused_with(1, 403)});
}

TEST(Session, IsNotMisledByBodiesThatLookLikeHeads)
{
    const std::string heads[] = {"HTTP/1.1 200 OK\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n"};
    for (const std::string &head : heads) {
        for (const char *body : {"GET without an end of the line, and then some", "POST", "HTTP/1.",
                                 "HELLO THERE\r\n", "A b", "Abc"}) {
            Traffic t;
            t.say(CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            t.say(SERVER, head);
            t.say(SERVER, std::string(body));
            t.say(CLIENT, request());
            t.say(SERVER, accepted());
            EXPECT_EQ(t.records(), Lines{seen}) << body;
        }
    }
}

TEST(Session, IsNotMisledByBodiesOfRequests)
{
    Traffic t;
    t.say(CLIENT, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    t.say(CLIENT, "A \r\nHELLO THERE\r\n");
    t.say(SERVER, refused(200));
    t.say(CLIENT, request());
    t.say(SERVER, accepted());
    EXPECT_EQ(t.records(), Lines{seen});
}

TEST(Session, CountsLostBytesOfABody)
{
    Traffic t;
    t.say(CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + request());
    t.say(SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n");
    t.lose(SERVER, 290);
    t.say(SERVER, "0123456789" + refused(403));
    EXPECT_EQ(t.records(), Lines{refused_with(1, 403)});
}

TEST(Session, FindsTheHandshakeBehindAGap)
{
    Traffic t;
    t.say(CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    t.lose(SERVER, 1000);
    t.say(CLIENT, request());
    t.say(SERVER, refused(403));
    EXPECT_EQ(t.records(), Lines{refused_with(1, 403)});
}

TEST(Session, ReadsHeadsWithManyHeaders)
{
    std::string many;
    for (int i = 0; i < 900; i++)
        many += "X-" + std::to_string(i) + ": a\r\n";
    Traffic t;
    t.say(CLIENT, request(many));
    t.say(SERVER, accepted(many));
    EXPECT_EQ(t.records(), Lines{seen});
}

TEST(Session, DropsHeadsWithoutEnd)
{
    Traffic t;
    t.say(CLIENT, "GET /chat HTTP/1.1\r\n");
    for (int i = 0; i < 100; i++)
        t.say(CLIENT, "X: " + std::string(1000, 'x') + "\r\n");
    t.say(CLIENT, request());
    t.say(SERVER, accepted());
    EXPECT_EQ(t.records(), Lines{seen});
}

// --- faults ---

std::string without(std::string head, const std::string &line)
{
    const size_t at = head.find(line);
    return at == std::string::npos ? "?" : head.erase(at, head.find("\r\n", at) + 2 - at);
}

TEST(SessionFaults, AreReportedOfTheRequest)
{
    const std::map<std::string, std::string> heads = {
        {"handshake-method", "POST" + request().substr(3)},
        {"handshake-upgrade", without(request(), "Upgrade: ")},
        {"handshake-connection", without(request(), "Connection: ")},
        {"handshake-version", without(request(), "Sec-WebSocket-Version: ")},
        {"handshake-key", request("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")},
        {"handshake-subprotocol", request("Sec-WebSocket-Protocol: a, a\r\n")},
        {"handshake-extension", request("Sec-WebSocket-Extensions: ;\r\n")},
        {"handshake-head", without(request(), "Host: ")},
    };
    for (const auto &[rule, head] : heads) {
        Traffic t;
        t.say(CLIENT, head);
        t.say(SERVER, accepted());
        EXPECT_EQ(t.records(), (Lines{seen, "1 client violation " + rule + " frame 0"}));
        const wsp_handshake_fault *fault = wsp_handshake_fault_named(rule.c_str());
        EXPECT_EQ(t.violation, std::string(fault->clause) + ": " + fault->text);
    }
}

TEST(SessionFaults, AreReportedOfTheResponse)
{
    const std::map<std::string, std::string> heads = {
        {"handshake-upgrade", without(accepted(), "Upgrade: ")},
        {"handshake-connection", without(accepted(), "Connection: ")},
        {"handshake-accept", without(accepted(), "Sec-WebSocket-Accept: ")},
        {"handshake-subprotocol", accepted("Sec-WebSocket-Protocol: a\r\n")},
        {"handshake-extension", accepted("Sec-WebSocket-Extensions: permessage-deflate\r\n")},
        {"handshake-head", accepted("a b: c\r\n")},
    };
    for (const auto &[rule, head] : heads) {
        Traffic t;
        t.say(CLIENT, request());
        t.say(SERVER, from_text(head) + server_hello());
        EXPECT_EQ(t.records(), (Lines{seen, "1 server violation " + rule + " frame 0", hello}));
    }
}

TEST(SessionFaults, AreAllReported)
{
    Traffic t;
    t.say(CLIENT, "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
    t.say(SERVER, "HTTP/1.1 101 Fine\r\n\r\n");
    EXPECT_EQ(t.records(), (Lines{seen, "1 client violation handshake-head frame 0",
                                  "1 client violation handshake-connection frame 0",
                                  "1 client violation handshake-version frame 0",
                                  "1 client violation handshake-key frame 0",
                                  "1 server violation handshake-upgrade frame 0",
                                  "1 server violation handshake-connection frame 0",
                                  "1 server violation handshake-accept frame 0"}));
    EXPECT_EQ(t.totals().violations, 7u);
}

TEST(SessionFaults, OfARefusedRequestAreReported)
{
    Traffic t;
    t.say(CLIENT, without(request(), "Sec-WebSocket-Version: "));
    t.say(SERVER, refused(426));
    EXPECT_EQ(t.records(),
              (Lines{refused_with(1, 426), "1 client violation handshake-version frame 0"}));
}

} // namespace
