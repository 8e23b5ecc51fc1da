/*
 * Lesson 09's bucket, on a clock of our own: what it lets through in any stretch of time, that it
 * never refuses who keeps to the pace, and that it says the right time to come again. And its table
 * of addresses. This is the whole program of the lesson, but for its main.
 */
int limits_main(int argc, char **argv);
#define main limits_main
#include "09_limits/limits.c" /* NOLINT(bugprone-suspicious-include) */
#undef main

enum { SECOND = 1000000, ROUNDS = 20000 };

static const rate rates[] = {{10, 20}, {1, 1}, {0.01, 5}, {1000, 3}, {3, 400}, {0.5, 1}};

/* Random times and costs: in every stretch of time no more goes through than its burst and what
 * came meanwhile. (Enough to look at each stretch that begins with a full bucket, or with the
 * first one: so the whole.) */
static void test_never_more(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        const rate *r = &rates[i];
        bucket b = {0};
        int64_t now = SECOND;
        double taken = 0, full_at = (double)now; /* since when `taken` counts */
        for (int n = 0; n < ROUNDS; n++) {
            const double cost = g_rand_int_range(random, 1, MIN(r->burst, 5) + 1);
            now += (int64_t)(g_rand_double(random) * 2 / r->per_second * SECOND);
            if (b.at && b.tokens + (double)(now - b.at) / SECOND * r->per_second >= r->burst)
                taken = 0, full_at = (double)now; /* full again: a new stretch */
            if (bucket_take(&b, r, cost, now) == 0)
                taken += cost;
            const double may = r->burst + ((double)now - full_at) / SECOND * r->per_second;
            g_assert_cmpfloat(taken, <=, may + 1e-6);
            g_assert_cmpfloat(b.tokens, >=, 0);
            g_assert_cmpfloat(b.tokens, <=, r->burst);
        }
    }
}

/* The burst at once and not one more; then one each 1/rate, for ever. */
static void test_burst_and_pace(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        const rate *r = &rates[i];
        bucket b = {0};
        int64_t now = 12345;
        for (int n = 0; n < r->burst; n++)
            g_assert_cmpuint(bucket_take(&b, r, 1, now), ==, 0);
        g_assert_cmpuint(bucket_take(&b, r, 1, now), >, 0);
        for (int n = 0; n < ROUNDS; n++) {
            now += (int64_t)(SECOND / r->per_second) + 1;
            g_assert_cmpuint(bucket_take(&b, r, 1, now), ==, 0);
        }
    }
}

/* Who waits as long as it says gets it; who comes two milliseconds sooner does not. */
static void test_time_to_wait(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        const rate *r = &rates[i];
        bucket b = {0};
        int64_t now = SECOND;
        while (bucket_take(&b, r, 1, now) == 0)
            continue;
        const unsigned wait = bucket_take(&b, r, 1, now);
        g_assert_cmpuint(wait, >, 0);
        bucket early = b, right = b;
        g_assert_cmpuint(bucket_take(&right, r, 1, now + wait * INT64_C(1000)), ==, 0);
        if (wait > 2)
            g_assert_cmpuint(bucket_take(&early, r, 1, now + (wait - 2) * INT64_C(1000)), >, 0);
    }
}

/* Who asks all the time gets as much as who waits: a part of a token is not lost by looking. */
static void test_to_look_costs_nothing(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        const rate *r = &rates[i];
        bucket b = {0};
        int64_t now = SECOND;
        while (bucket_take(&b, r, 1, now) == 0)
            continue;
        int got = 0;
        const int64_t step = (int64_t)(SECOND / r->per_second) / 7; /* or a bit less */
        for (int n = 0; n < ROUNDS; n++)
            got += bucket_take(&b, r, 1, now += step) == 0;
        g_assert_cmpint(got, >=, ROUNDS / 8);
        g_assert_cmpint(got, <=, ROUNDS / 7);
    }
}

static void test_a_pause_fills_it_and_no_more(void)
{
    const rate r = {10, 20};
    bucket b = {0};
    g_assert_cmpuint(bucket_take(&b, &r, 20, SECOND), ==, 0);
    const int64_t later = INT64_C(10) * 365 * 24 * 3600 * SECOND; /* ten years */
    for (int n = 0; n < 20; n++)
        g_assert_cmpuint(bucket_take(&b, &r, 1, later), ==, 0);
    g_assert_cmpuint(bucket_take(&b, &r, 1, later), >, 0);
}

/* Otherwise a message that costs more than the bucket holds could never be said. */
static void test_a_cost_above_the_burst_is_the_burst(void)
{
    const rate r = {1, 3};
    bucket b = {0};
    g_assert_cmpuint(bucket_take(&b, &r, 5, SECOND), ==, 0);
    g_assert_cmpuint(bucket_take(&b, &r, 5, SECOND), ==, 3000);
    g_assert_cmpuint(bucket_take(&b, &r, 5, INT64_C(4) * SECOND), ==, 0);
}

static void test_no_burst_is_no_limit(void)
{
    const rate r = {1, 0};
    bucket b = {0};
    for (int n = 0; n < ROUNDS; n++)
        g_assert_cmpuint(bucket_take(&b, &r, 100, SECOND), ==, 0);
}

/* Addresses are forgotten when their buckets are full again; more than so many are one. */
static void test_addresses(void)
{
    int64_t now = SECOND;
    for (uint32_t n = 1; n <= ADDRESSES_MAX; n++)
        bucket_take(&address_of(n, now)->connects, &limits.connects, 1, now);
    address *kept = address_of(7, now);
    kept->open = 1;
    while (bucket_take(&address_of(8, now)->answers, &limits.connects, 1, now) == 0)
        continue; /* nobody is there, but it was refused a moment ago */
    address_of(8, now)->connects.at = 0;
    address *new_one = address_of(ADDRESSES_MAX + 1, now);
    g_assert_true(new_one == address_of(ADDRESSES_MAX + 2, now));
    g_assert_cmpuint(g_hash_table_size(all.addresses), ==, ADDRESSES_MAX + 1);
    g_assert_true(address_of(7, now) == kept);
    now += 2 * SECOND;
    g_assert_true(address_of(ADDRESSES_MAX + 1, now) != address_of(ADDRESSES_MAX + 2, now));
    g_assert_cmpuint(g_hash_table_size(all.addresses), ==, 4); /* and 7, which is open, and 8 */
    g_assert_true(address_of(7, now) == kept);
    g_hash_table_unref(all.addresses);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bucket/never-more", test_never_more);
    g_test_add_func("/bucket/burst-and-pace", test_burst_and_pace);
    g_test_add_func("/bucket/time-to-wait", test_time_to_wait);
    g_test_add_func("/bucket/to-look", test_to_look_costs_nothing);
    g_test_add_func("/bucket/pause", test_a_pause_fills_it_and_no_more);
    g_test_add_func("/bucket/cost", test_a_cost_above_the_burst_is_the_burst);
    g_test_add_func("/bucket/no-limit", test_no_burst_is_no_limit);
    g_test_add_func("/addresses", test_addresses);
    return g_test_run();
}
