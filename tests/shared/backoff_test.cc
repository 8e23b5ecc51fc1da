// Are delays spread as full jitter spreads them? The bound must let every right program pass.
#include "played.h"
#include "spread.h"

#include <random>
#include <vector>

namespace
{
// The distance of a row of delays.
double distance(std::vector<uint64_t> delays, uint64_t most)
{
    std::sort(delays.begin(), delays.end());
    return spread_farthest(delays.data(), (unsigned)delays.size(), most).distance;
}

const std::string CASE = "expect backoff 100 6 base=100 cap=2000\n",
                  SMALL = "expect backoff 60 6 base=100 cap=2000\n";
} // namespace

// The fewest clients, and the smallest base, that a case may have.
const unsigned CLIENTS = 60;
const uint64_t BASE = 20;

TEST(Backoff, DistancesThatArePlain)
{
    EXPECT_NEAR(distance({50, 50, 50, 50}, 99), 0.5, 0.02);
    EXPECT_NEAR(distance({0, 0, 0, 0}, 99), 0.99, 0.001);
    EXPECT_NEAR(distance({99, 99, 99, 99}, 99), 0.99, 0.001);
    std::vector<uint64_t> each(100), upper(100);
    for (uint64_t i = 0; i < 100; i++)
        each[i] = i, upper[i] = 50 + i / 2;
    EXPECT_NEAR(distance(each, 99), 0, 0.001);
    EXPECT_NEAR(distance(upper, 99), 0.5, 0.001);
}

// No row of 100,000 comes near the bound, for the fewest clients, for either end of the range.
TEST(Backoff, ChanceNeverReachesTheBound)
{
    std::mt19937_64 random(7);
    for (const uint64_t most : {BASE, BASE * 20}) {
        for (const uint64_t end : {most, most - 1}) {
            std::uniform_int_distribution<uint64_t> delay(0, end);
            double worst = 0;
            for (int row = 0; row < 25000; row++) {
                std::vector<uint64_t> delays(CLIENTS);
                for (uint64_t &one : delays)
                    one = delay(random);
                worst = std::max(worst, distance(delays, most));
            }
            EXPECT_LT(worst, spread_bound(CLIENTS, most) - 0.05);
        }
    }
}

// Half of the range left empty is always found.
TEST(Backoff, TheBoundIsLessThanAHalf)
{
    EXPECT_LT(spread_bound(CLIENTS, BASE), 0.475);
}

TEST(Backoff, FullJitterPasses)
{
    passes(Played(CASE));
    passes(Played(SMALL));
}

TEST(Backoff, TheWallIsShown)
{
    fails(Played(CASE, "no-jitter"),
          "  1 expect  100 clients come back spread over 0 to 100 ms, retry 1\n"
          "                0 come within 99 ms, not about 99\n"
          "            0 ms |   0   0   0   0   0   0   0   0   0 100 | 100 ms\n"
          "            clients in each tenth of the time; about 10 in each would be even\n");
}

TEST(Backoff, WhatIsNoFullJitterFails)
{
    for (const char *fault : {"half-jitter", "little-jitter", "ignores-seed", "late-by-one"}) {
        Played p(SMALL, fault);
        EXPECT_EQ(p.r->verdict, PLAY_FAIL) << fault;
        EXPECT_NE(p.story.find("come back spread over 0 to 100 ms, retry 1\n"), std::string::npos)
            << p.story;
    }
    EXPECT_NE(Played(SMALL, "no-growth").story.find("spread over 0 to 200 ms, retry 2\n"),
              std::string::npos);
}

TEST(Backoff, OneClientThatIsWrong)
{
    Played more(CASE, "too-long");
    EXPECT_NE(more.story.find("waits at most 800 ms before retry 4"), std::string::npos)
        << more.story;
    Played other(SMALL, "other-seed");
    EXPECT_NE(other.story.find("waits as long again when it runs again"), std::string::npos)
        << other.story;
    fails(Played(CASE, "with-unit"),
          "  1 expect  the client with --seed 1 prints a whole number of ms for each retry\n"
          "                line 1 is \"23 ms\"\n");
    fails(Played(CASE, "one-line-less"),
          "  1 expect  the client with --seed 1 prints a whole number of ms for each retry\n"
          "                5 lines for 6 retries\n");
    fails(Played(CASE, "status"),
          "  1 expect  the client with --seed 1 ends with status 0          the program ended with "
          "status 1\n");
    fails(Played(CASE, "never-ends"),
          "  1 expect  100 clients come back spread out                     it does not end\n"
          "            the program does nothing: all of its threads wait\n");
}

TEST(Backoff, IsForAProgramThatIsRun)
{
    GError *error = nullptr;
    EXPECT_EQ(script_parse("1.case", ("title: t\nrole: client\n" + CASE).c_str(), &error), nullptr);
    EXPECT_NE(std::string(error->message).find("this is for a program that is no client"),
              std::string::npos);
    g_clear_error(&error);
    EXPECT_EQ(script_parse("1.case", "title: t\nexpect backoff 100 6 base=100\n", &error), nullptr);
    EXPECT_EQ(std::string(error->message).substr(0, 34), "1.case:2:30: cap=MS is missing\n  e");
    g_clear_error(&error);
    const auto reads = [](unsigned clients, uint64_t base) {
        script *s = script_parse("1.case",
                                 ("title: t\nexpect backoff " + std::to_string(clients) +
                                  " 6 base=" + std::to_string(base) + " cap=2000\n")
                                     .c_str(),
                                 nullptr);
        script_free(s);
        return s != nullptr;
    };
    EXPECT_TRUE(reads(CLIENTS, BASE));
    EXPECT_FALSE(reads(CLIENTS - 1, BASE));
    EXPECT_FALSE(reads(CLIENTS, BASE - 1));
}
