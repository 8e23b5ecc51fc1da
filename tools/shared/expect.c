#include "expect.h"

#include "event.h"
#include "player.h"

#include <string.h>
#include <sys/wait.h>

/* player_wait_all with the step's data made once. */
static bool wait_with_data(player *p, looker looks, const step *s)
{
    p->wanted = s->data ? player_bytes(p, s->data) : NULL;
    const bool right = player_wait_all(p, looks, s);
    g_clear_pointer(&p->wanted, g_byte_array_unref);
    return right;
}

static bool is_frame(const inbox_item *item, uint8_t opcode)
{
    return item->kind == INBOX_FRAME && item->header.opcode == opcode;
}

/* A ping that no step asked for. */
static bool is_passed_over(const inbox_item *item)
{
    return is_frame(item, WSP_OPCODE_PING) && !item->violations;
}

GList *expect_first(const player *p, peer *who, const step *s)
{
    for (GList *link = who->in.items.head; link;) {
        inbox_item *item = link->data;
        GList *next = link->next;
        if (!is_passed_over(item) && !event_is_ignored(p, item, s))
            return link;
        if (!item->whole)
            return NULL;
        inbox_drop(&who->in, link);
        link = next;
    }
    return NULL;
}

/* ---- Payload ---- */

/* Compare a frame's payload with p->wanted from `before` on. `ends`: nothing of what is wanted may
 * come behind this frame. */
static look compare(player *p, const peer *who, const inbox_item *item, size_t before, bool ends,
                    const step *s)
{
    if (!p->wanted)
        return item->whole ? LOOK_RIGHT : LOOK_AGAIN;
    const finding_bytes b = {.got = item->bytes->data,
                             .got_len = item->bytes->len,
                             .wanted = p->wanted->data + before,
                             .wanted_len = p->wanted->len - before,
                             .whole = item->whole && ends,
                             .offset = item->at + item->header_size,
                             .in_stream = true};
    const int64_t index = finding_difference(&b);
    if (index < 0)
        return item->whole ? LOOK_RIGHT : LOOK_AGAIN;
    if (index == 0 && finding_is_another(item))
        return player_wrong_item(p, who, item); /* not a wrong byte: another message */
    g_autofree char *wanted = data_describe(s->data);
    p->found.expected =
        g_strdup_printf("frame %" G_GUINT64_FORMAT " payload = %s", item->number, wanted);
    p->found.place =
        (play_place){.known = true, .connection = who->connection, .frame = item->number};
    finding_difference_told(&p->found, &b, index);
    return LOOK_WRONG;
}

/* ---- Messages ---- */

/* A message being put together from the inbox. */
typedef struct joining {
    size_t len; /* of its payload so far */
    bool begun;
    GPtrArray *used; /* of GList *: its frames, and the pings between them */
} joining;

/* One more item of the inbox: RIGHT = the message is whole, AGAIN = it goes on. */
static look join_item(player *p, const peer *who, joining *j, GList *link, const step *s)
{
    const inbox_item *item = link->data;
    if (is_passed_over(item)) {
        g_ptr_array_add(j->used, link);
        return LOOK_AGAIN;
    }
    if (j->begun && is_frame(item, WSP_OPCODE_PONG) && !item->violations)
        return LOOK_AGAIN; /* an answer to a ping of ours: stays for the step that expects it */
    if (item->kind != INBOX_FRAME && j->begun) {
        g_autofree char *name = finding_name(item);
        finding_item(&p->found, who->connection, item);
        finding_got_instead(&p->found, "got %zu bytes of it, then %s", j->len, name);
        return LOOK_WRONG;
    }
    const bool is_data = item->kind == INBOX_FRAME && !wsp_opcode_is_control(item->header.opcode);
    if (!is_data || (item->violations & ~WSP_V_TEXT_UTF8))
        return player_wrong_item(p, who, item);
    if (!j->begun && item->header.opcode != s->opcode) {
        finding_opcode(&p->found, who->connection, item, s->opcode);
        return LOOK_WRONG;
    }
    const look seen = compare(p, who, item, j->len, item->header.fin, s);
    if (seen == LOOK_WRONG || item->violations)
        return seen == LOOK_WRONG ? seen : player_wrong_item(p, who, item);
    j->begun = true;
    j->len += item->bytes->len;
    g_ptr_array_add(j->used, link);
    return seen == LOOK_RIGHT && item->header.fin ? LOOK_RIGHT : LOOK_AGAIN;
}

static look looks_for_message(player *p, peer *who, const step *s)
{
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    joining j = {.used = used};
    look seen = LOOK_AGAIN;
    for (GList *link = who->in.items.head; link && seen == LOOK_AGAIN; link = link->next)
        seen = join_item(p, who, &j, link, s);
    for (guint i = 0; seen == LOOK_RIGHT && i < used->len; i++)
        inbox_drop(&who->in, used->pdata[i]);
    return seen;
}

bool expect_message(player *p, const step *s)
{
    return wait_with_data(p, looks_for_message, s);
}

/* ---- Frames ---- */

/* One frame with this opcode; RIGHT takes it. */
static look take_frame(player *p, peer *who, GList *link, const step *s)
{
    const inbox_item *item = link->data;
    if (item->kind != INBOX_FRAME || (item->violations & ~WSP_V_TEXT_UTF8))
        return player_wrong_item(p, who, item);
    if (item->header.opcode != s->opcode) {
        const bool both_data =
            !wsp_opcode_is_control(item->header.opcode) && !wsp_opcode_is_control(s->opcode);
        if (!both_data)
            return player_wrong_item(p, who, item);
        finding_opcode(&p->found, who->connection, item, s->opcode);
        return LOOK_WRONG;
    }
    const look seen = compare(p, who, item, 0, true, s);
    if (seen != LOOK_WRONG && item->violations)
        return player_wrong_item(p, who, item);
    if (seen == LOOK_RIGHT)
        inbox_drop(&who->in, link);
    return seen;
}

static look looks_for_frame(player *p, peer *who, const step *s)
{
    GList *link = s->opcode == WSP_OPCODE_PING ? who->in.items.head : expect_first(p, who, s);
    return link ? take_frame(p, who, link, s) : LOOK_AGAIN;
}

bool expect_frame(player *p, const step *s)
{
    return wait_with_data(p, looks_for_frame, s);
}

static look looks_for_close(player *p, peer *who, const step *s)
{
    GList *link = expect_first(p, who, s);
    if (!link)
        return LOOK_AGAIN;
    const inbox_item *item = link->data;
    if (!is_frame(item, WSP_OPCODE_CLOSE) || item->violations)
        return item->kind == INBOX_FRAME && !item->whole && !item->violations
                   ? LOOK_AGAIN
                   : player_wrong_item(p, who, item);
    if (!item->whole)
        return LOOK_AGAIN;
    uint16_t code = 0;
    wsp_close_check(item->bytes->data, item->bytes->len, &code);
    const int got = item->bytes->len < 2 ? 1005 : code; /* 1005: there was none */
    const size_t reason = s->reason ? strlen(s->reason) : 0;
    const bool same_reason = !s->reason || (item->bytes->len == reason + 2 &&
                                            memcmp(item->bytes->data + 2, s->reason, reason) == 0);
    if ((s->code != STEP_NO_CODE && s->code != got) || !same_reason)
        return player_wrong_item(p, who, item);
    inbox_drop(&who->in, link);
    return LOOK_RIGHT;
}

bool expect_close(player *p, const step *s)
{
    return player_wait_all(p, looks_for_close, s);
}

/* ---- The end of the stream ---- */

static look looks_for_end(player *p, peer *who, const step *s)
{
    GList *link = expect_first(p, who, s);
    if (!link)
        return LOOK_AGAIN;
    const inbox_item *item = link->data;
    const bool fin = item->kind == INBOX_FIN, reset = item->kind == INBOX_RESET;
    const char *what = s->verb->what;
    if (!fin && !reset)
        return item->kind == INBOX_FRAME && !item->whole ? LOOK_AGAIN
                                                         : player_wrong_item(p, who, item);
    if (strcmp(what, fin ? "reset" : "end") != 0)
        return LOOK_RIGHT; /* it stays: nothing can come behind it */
    finding_item(&p->found, who->connection, item);
    finding_got_instead(&p->found, fin ? "got FIN, not RST" : "got RST, not FIN");
    return LOOK_WRONG;
}

bool expect_end(player *p, const step *s)
{
    return player_wait_all(p, looks_for_end, s);
}

static look looks_when_ended(player *p, peer *who, const step *s)
{
    if (!who->ended_us)
        return LOOK_AGAIN;
    const int64_t passed_ms = (who->ended_us - who->last_sent_us) / 1000;
    if (passed_ms >= (int64_t)s->number)
        return LOOK_RIGHT;
    player_place_at_end(p, who);
    finding_got(&p->found, "the end came after %" G_GINT64_FORMAT " ms", passed_ms);
    return LOOK_WRONG;
}

bool expect_after(player *p, const step *s)
{
    return player_wait_all(p, looks_when_ended, s);
}

/* ---- Pings as a clock ---- */

/* Take up to `most` pings out of the inbox, wherever they stand; the number taken. */
static uint64_t take_pings(peer *who, uint64_t most)
{
    uint64_t taken = 0;
    for (GList *link = who->in.items.head; link && taken < most;) {
        GList *next = link->next;
        const inbox_item *item = link->data;
        if (is_passed_over(item) && item->whole) {
            inbox_drop(&who->in, link);
            taken++;
        }
        link = next;
    }
    return taken;
}

/* The first thing in the inbox that ends all hope of more pings: an end, a Close, nonsense. */
static const inbox_item *end_of_pings(const peer *who)
{
    for (GList *link = who->in.items.head; link; link = link->next) {
        const inbox_item *item = link->data;
        if (item->kind != INBOX_FRAME || item->violations ||
            (is_frame(item, WSP_OPCODE_CLOSE) && item->whole))
            return item;
    }
    return NULL;
}

static look wrong_after_pings(player *p, const peer *who, const inbox_item *item, uint64_t taken)
{
    g_autofree char *name = finding_name(item);
    finding_item(&p->found, who->connection, item);
    if (!item->violations)
        finding_got_instead(&p->found, "got %s after %" G_GUINT64_FORMAT " pings", name, taken);
    return LOOK_WRONG;
}

static look looks_for_pings(player *p, peer *who, const step *s)
{
    who->pings_taken += take_pings(who, s->number - who->pings_taken);
    if (who->pings_taken == s->number)
        return LOOK_RIGHT;
    const inbox_item *end = end_of_pings(who);
    return end ? wrong_after_pings(p, who, end, who->pings_taken) : LOOK_AGAIN;
}

bool expect_pings(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        ((peer *)group->pdata[i])->pings_taken = 0;
    return player_wait_all(p, looks_for_pings, s);
}

/* `a` is open as long as the clock, another connection, has not got its pings. */
static look looks_still_open(player *p, peer *who, const step *s)
{
    const inbox_item *end = end_of_pings(who);
    peer *clock = player_group(p, s->other)->pdata[0];
    if (end)
        return wrong_after_pings(p, who, end, clock->pings_taken);
    clock->pings_taken += take_pings(clock, s->number - clock->pings_taken);
    if (clock->pings_taken == s->number)
        return LOOK_RIGHT;
    end = end_of_pings(clock);
    return end ? wrong_after_pings(p, clock, end, clock->pings_taken) : LOOK_AGAIN;
}

bool expect_still_open(player *p, const step *s)
{
    peer *clock = player_group(p, s->other)->pdata[0];
    take_pings(clock, UINT64_MAX); /* those that came before do not count */
    clock->pings_taken = 0;
    return player_wait_all(p, looks_still_open, s);
}

/* ---- What the program prints, and how it ends ---- */

/* Compare text of the program with the step's data. */
static bool same_text(player *p, const char *text, size_t len, const step *s)
{
    g_autoptr(GByteArray) wanted = player_bytes(p, s->data);
    const finding_bytes b = {.got = (const uint8_t *)text,
                             .got_len = len,
                             .wanted = wanted->data,
                             .wanted_len = wanted->len,
                             .whole = true};
    const int64_t index = finding_difference(&b);
    if (index < 0)
        return true;
    if (len == 0)
        finding_got(&p->found, "it printed nothing");
    finding_difference_told(&p->found, &b, index);
    return false;
}

bool expect_output(player *p, const step *s)
{
    return same_text(p, p->program.output->str, p->program.output->len, s);
}

bool expect_output_line(player *p, const step *s)
{
    g_auto(GStrv) lines = g_strsplit(p->program.output->str, "\n", -1);
    guint count = g_strv_length(lines);
    if (count > 0 && *lines[count - 1] == '\0') /* behind the last line end */
        count--;
    if (s->number <= count)
        return same_text(p, lines[s->number - 1], strlen(lines[s->number - 1]), s);
    finding_got(&p->found, "it printed %u line%s", count, count == 1 ? "" : "s");
    return false;
}

/* How long the next `count` lines are, behind those that were judged; 0 = they are not whole yet.
 */
static size_t next_lines(const player *p, unsigned count)
{
    const char *from = p->program.output->str + p->printed, *at = from;
    for (; count > 0 && at; count--)
        at = (at = strchr(at, '\n')) ? at + 1 : NULL;
    return at ? (size_t)(at - from) : 0;
}

static unsigned count_lines(const GByteArray *text)
{
    unsigned count = 0;
    for (guint i = 0; i < text->len; i++)
        count += text->data[i] == '\n';
    return count;
}

static look looks_printed(player *p, peer *who, const step *s)
{
    (void)who;
    g_autoptr(GByteArray) wanted = player_bytes(p, s->data);
    const size_t size = next_lines(p, count_lines(wanted) + 1);
    if (size == 0)
        return LOOK_AGAIN;
    const char *got = p->program.output->str + p->printed;
    const size_t len = size - 1;
    if (len == wanted->len && memcmp(got, wanted->data, len) == 0) {
        p->printed += size;
        return LOOK_RIGHT;
    }
    if (len <= 60 && !memchr(got, '\n', len))
        finding_got(&p->found, "it printed \"%.*s\"", (int)len, got);
    else
        same_text(p, got, len, s);
    return LOOK_WRONG;
}

/* Nobody can wait for more: what is there of what was wanted? */
static void tell_rest(player *p, const step *s)
{
    const char *rest = p->program.output->str + p->printed;
    if (!*rest) {
        finding_got_instead(&p->found, "it printed nothing more");
    } else if (next_lines(p, 1) == 0) {
        finding_got_instead(&p->found, "it printed \"%.60s\" without an end of line", rest);
    } else {
        g_clear_pointer(&p->found.got, g_free);
        g_ptr_array_set_size(p->found.detail, 0);
        same_text(p, rest, strlen(rest) - 1, s);
    }
}

bool expect_printed(player *p, const step *s)
{
    if (player_wait(p, looks_printed, NULL, s))
        return true;
    g_autoptr(GByteArray) wanted = player_bytes(p, s->data);
    if (next_lines(p, count_lines(wanted) + 1) == 0)
        tell_rest(p, s);
    return false;
}

static look looks_for_exit(player *p, peer *who, const step *s)
{
    (void)who;
    if (!program_has_ended(&p->program))
        return LOOK_AGAIN;
    if (WIFEXITED(p->program.status) && WEXITSTATUS(p->program.status) == (int)s->number)
        return LOOK_RIGHT;
    g_autofree char *how = program_how_it_ended(&p->program);
    finding_got(&p->found, "%s", how);
    return LOOK_WRONG;
}

bool expect_exit(player *p, const step *s)
{
    p->exit_judged = player_wait(p, looks_for_exit, NULL, s);
    if (!p->exit_judged && !p->program.ended)
        finding_got_instead(&p->found, "the program is still running");
    return p->exit_judged;
}

static uint64_t count_matches(const player *p, const step *s)
{
    g_autofree char *log = g_utf8_make_valid(p->program.log->str, (gssize)p->program.log->len);
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    uint64_t count = 0;
    for (guint i = 0; lines[i]; i++)
        count += g_regex_match(s->pattern, lines[i], 0, NULL) ? 1 : 0;
    return count;
}

static look looks_for_log(player *p, peer *who, const step *s)
{
    (void)who;
    return count_matches(p, s) >= s->number ? LOOK_RIGHT : LOOK_AGAIN;
}

bool expect_log(player *p, const step *s)
{
    if (player_wait(p, looks_for_log, NULL, s))
        return true;
    const uint64_t count = count_matches(p, s);
    if (count == 0)
        finding_got_instead(&p->found, "no line matches");
    else
        finding_got_instead(&p->found, "%" G_GUINT64_FORMAT " match", count);
    g_ptr_array_set_size(p->found.detail, 0);
    g_autoptr(GPtrArray) last = program_last_lines(&p->program, 6);
    for (guint i = 0; i < last->len; i++)
        finding_detail(&p->found, "log: %s", (char *)last->pdata[i]);
    return false;
}

/* What is not there now: a step before this one has waited for what would have come with it. */
bool expect_no_log(player *p, const step *s)
{
    program_read(&p->program);
    const uint64_t count = count_matches(p, s);
    if (count > 0)
        finding_got(&p->found, "there are %" G_GUINT64_FORMAT, count);
    return count == 0;
}

/* ---- What it holds ---- */

static look looks_for_descriptors(player *p, peer *who, const step *s)
{
    (void)who;
    (void)s;
    const unsigned now = program_descriptors(&p->program); /* 0: it has ended */
    return now > 0 && now <= p->base_descriptors ? LOOK_RIGHT : LOOK_AGAIN;
}

/* "got 5 more" in place of "no response", with numbers. */
static bool told_more(player *p, unsigned now, unsigned base, const char *what)
{
    finding_got_instead(&p->found, "%u more", now - base);
    g_ptr_array_set_size(p->found.detail, 0);
    finding_detail(&p->found, "%u %s at the start, %u now", base, what, now);
    return false;
}

bool expect_descriptors(player *p, const step *s)
{
    if (player_wait(p, looks_for_descriptors, NULL, s))
        return true;
    if (p->program.ended)
        return false;
    told_more(p, program_descriptors(&p->program), p->base_descriptors, "open descriptors");
    unsigned sockets = 0;
    g_autoptr(GPtrArray) kinds = program_descriptor_kinds(&p->program);
    for (guint i = 0; i < kinds->len; i++)
        sockets += strcmp(kinds->pdata[i], "socket") == 0;
    finding_detail(&p->found, "%u of them are sockets", sockets);
    return false;
}

static look looks_for_threads(player *p, peer *who, const step *s)
{
    (void)who;
    (void)s;
    const unsigned now = program_threads(&p->program); /* 0: it has ended */
    return now > 0 && now <= p->base_threads ? LOOK_RIGHT : LOOK_AGAIN;
}

bool expect_threads(player *p, const step *s)
{
    if (player_wait(p, looks_for_threads, NULL, s))
        return true;
    return !p->program.ended &&
           told_more(p, program_threads(&p->program), p->base_threads, "threads");
}
