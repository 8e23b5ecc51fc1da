/* A case from its beginning to its end: the program, the steps, the story, the verdict. */
#include "play.h"

#include "event.h"
#include "perform.h"
#include "player.h"
#include "printable.h"
#include "unread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *play_verdict_name(play_verdict verdict)
{
    static const char *const names[] = {"pass", "fail", "error", "skipped"};
    return names[verdict];
}

/* ---- The program ---- */

static look looks_listening(player *p, peer *who, const step *s)
{
    (void)who;
    (void)s;
    program_read(&p->program);
    g_autofree char *instead = program_listening(&p->program);
    if (instead)
        finding_got(&p->found, "the first line of its stdout is \"%.60s\"", instead);
    else if (!p->program.port && p->program.out < 0 && !program_has_ended(&p->program))
        finding_got(&p->found, "the program has closed its stdout");
    return p->program.port ? LOOK_RIGHT : p->found.got ? LOOK_WRONG : LOOK_AGAIN;
}

/* ThreadSanitizer starts a thread of its own with the program's first one. */
static unsigned threads_to_come(const player *p)
{
    g_autofree char *bytes = NULL;
    size_t len;
    return program_threads(&p->program) == 1 &&
           g_file_get_contents(p->options->program, &bytes, &len, NULL) &&
           memmem(bytes, len, "__tsan_init", strlen("__tsan_init")) != NULL;
}

/* Counts are taken when all of its threads sleep for the first time: it has begun to wait. */
static void count_at_start(player *p)
{
    bool waiting = false;
    for (unsigned i = 0; i < 200 && !waiting && !program_has_ended(&p->program); i++) {
        player_turn(p, 5);
        program_ticks(&p->program, &waiting);
    }
    p->base_descriptors = program_descriptors(&p->program);
    p->base_threads = program_threads(&p->program) + threads_to_come(p);
}

static bool start_server(player *p)
{
    static const char *const first[] = {"--port", "0", NULL};
    if (p->options->port) { /* somebody else's */
        p->program.port = p->options->port;
        p->program.output = g_string_new(NULL);
        p->program.log = g_string_new(NULL);
        p->program.typed = g_byte_array_new();
        return true;
    }
    if (!player_start(p, first, NULL))
        return false;
    p->found.expected = g_strdup("the program says \"listening on 127.0.0.1:PORT\"");
    if (!player_wait(p, looks_listening, NULL, NULL))
        return false;
    g_clear_pointer(&p->found.expected, g_free);
    count_at_start(p);
    return true;
}

/* A client finds us listening. */
static bool start_client(player *p)
{
    if (!listener_hold(&p->listener) || !listener_open(&p->listener)) {
        p->found.trouble = true;
        finding_got(&p->found, "no port to listen on: %s", g_strerror(errno));
        return false;
    }
    if (!player_start(p, NULL, NULL))
        return false;
    count_at_start(p);
    return true;
}

static bool start_nothing(player *p)
{
    (void)p;
    return true; /* the steps run it */
}

static double scale_of(const player *p)
{
    return p->options->scale > 0 ? p->options->scale : 1;
}

/* At the end we are polite: a Close is answered, by a server with the end of its stream too; an end
 * is followed by an end. */
static void be_polite(player *p)
{
    for (guint i = 0; i < p->peers->len; i++) {
        peer *one = p->peers->pdata[i];
        one->paused = false;
        if (one->close_came && !one->close_sent)
            peer_send_frame(one, &(wsp_frame_header){.fin = 1, .opcode = WSP_OPCODE_CLOSE}, "", 0);
        if (one->close_came && one->role == WSP_FROM_SERVER)
            peer_finish(one);
        if (one->in.ended)
            peer_close(one);
    }
}

/* Wait for the end of the program, so long; with `polite` clients. */
static bool await_end(player *p, double seconds, bool polite)
{
    const int64_t deadline = g_get_monotonic_time() + (int64_t)(seconds * 1e6);
    while (!program_has_ended(&p->program) && g_get_monotonic_time() < deadline) {
        if (polite)
            be_polite(p);
        player_turn(p, 5);
    }
    program_read(&p->program);
    return p->program.ended;
}

/* The program must stop when it is asked to, with status 0. A client may have stopped before. */
static bool stop_program(player *p)
{
    const double stop_s = p->options->stop_s > 0 ? p->options->stop_s : 5;
    const bool may_end = p->exit_judged || p->script->role == SCRIPT_CLIENT;
    if (!p->told_to_end && program_has_ended(&p->program) && !may_end) {
        g_autofree char *how = program_how_it_ended(&p->program);
        p->found.expected = g_strdup("the program is still there at the end");
        finding_got(&p->found, "%s", how);
        return false;
    }
    if (!p->told_to_end)
        program_signal(&p->program, SIGTERM);
    p->told_to_end = true;
    if (!await_end(p, stop_s * scale_of(p), true)) {
        p->found.expected = g_strdup_printf("it stops within %.0f s of SIGTERM", stop_s);
        finding_got(&p->found, "the program is still running");
        finding_detail(&p->found, "%u threads, %u open descriptors", program_threads(&p->program),
                       program_descriptors(&p->program));
        return false;
    }
    if (p->exit_judged || (WIFEXITED(p->program.status) && WEXITSTATUS(p->program.status) == 0))
        return true;
    g_autofree char *how = program_how_it_ended(&p->program);
    p->found.expected =
        g_strdup(p->script->role == SCRIPT_CLIENT ? "it ends with status 0, by itself or by SIGTERM"
                                                  : "it stops after SIGTERM with status 0");
    finding_got(&p->found, "%s", how);
    return false;
}

static void tell_lines(player *p, const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        if (*(char *)lines->pdata[i])
            finding_detail(&p->found, "log: %s", (char *)lines->pdata[i]);
}

static void tell_log(player *p, unsigned count)
{
    g_autoptr(GPtrArray) last = program_last_lines(&p->program, count);
    tell_lines(p, last);
}

/* A report of a sanitizer is a failure of its own, also where the program went on. */
static bool sanitizers_are_content(player *p)
{
    g_autofree char *report = program_sanitizer_report(&p->program);
    if (!report)
        return true;
    g_autoptr(GPtrArray) lines = program_report_lines(&p->program, 12);
    finding_got_instead(&p->found, "%s", report);
    g_ptr_array_set_size(p->found.detail, 0);
    tell_lines(p, lines);
    return false;
}

/* Something was wrong: did the program end meanwhile? That explains more than its effect. */
static void explain_end(player *p)
{
    const bool runs_on = p->script->role != SCRIPT_RUN;
    bool any_ended = !runs_on || p->program.out < 0;
    for (guint i = 0; i < p->peers->len; i++)
        any_ended = any_ended || ((peer *)p->peers->pdata[i])->in.ended;
    const bool expected = p->told_to_end || p->exit_judged;
    if (!p->started || p->found.trouble)
        return;
    if (any_ended && !expected)
        await_end(p, 0.3 * scale_of(p), false); /* its connections end before it does */
    program_read(&p->program);
    if (program_has_ended(&p->program) &&
        (program_crashed(&p->program) || (runs_on && !expected))) {
        g_autofree char *how = program_how_it_ended(&p->program);
        finding_got_instead(&p->found, "%s", how);
        g_ptr_array_set_size(p->found.detail, 0);
        tell_log(p, 8);
    }
}

/* ---- The story ---- */

static void free_line(void *memory)
{
    play_line *line = memory;
    g_free(line->text);
    g_free(line->result);
    g_ptr_array_unref(line->detail);
    g_free(line);
}

static play_line *add_line(player *p, bool expect, char *text, unsigned file_line)
{
    play_line *line = g_new0(play_line, 1);
    line->expect = expect;
    line->text = text;
    line->file_line = file_line;
    line->detail = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(p->result->story, line);
    return line;
}

static void set_line(play_line *line, bool ok, const char *result)
{
    line->ok = ok;
    g_free(line->result);
    line->result = printable(result);
}

/* Where the steps are: blocks that repeat, the step of the story that `say` began. */
typedef struct course {
    guint at;          /* index of the step */
    play_line *said;   /* of the last say; NULL = none */
    play_line **lines; /* of each step without a say; NULL = not reached */
    uint64_t *rounds;  /* of each repeat: rounds begun */
} course;

/* Is there only looking, no doing, in what a `say` describes? */
static bool only_expects(const script *s, guint from)
{
    for (guint i = from; i < s->steps->len; i++) {
        const step *one = s->steps->pdata[i];
        if (strcmp(one->verb->name, "say") == 0)
            break;
        if (one->verb->play && !step_expects(one))
            return false;
    }
    return true;
}

/* The innermost repeat around step `at`, and its round; 0 = none. */
static uint64_t round_of(const script *s, const course *c)
{
    uint64_t round = 0;
    for (guint i = 0; i < c->at; i++) {
        const step *one = s->steps->pdata[i];
        if (strcmp(one->verb->name, "repeat") == 0 && one->partner > c->at)
            round = c->rounds[i];
    }
    return round;
}

static void tell_failure(player *p, const course *c, const step *s)
{
    finding *f = &p->found;
    const bool alone = c && !c->said && c->lines[c->at];
    play_line *line = alone ? c->lines[c->at]
                            : add_line(p, !s || step_expects(s),
                                       s ? step_describe(s, NULL) : g_strdup(""), s ? s->line : 0);
    const uint64_t round = s ? round_of(p->script, c) : 0;
    if (f->expected) {
        g_free(line->text);
        line->text = g_steal_pointer(&f->expected);
    }
    if (round > 1) {
        char *text = g_strdup_printf("%s (round %" G_GUINT64_FORMAT ")", line->text, round);
        g_free(line->text);
        line->text = text;
    }
    set_line(line, false, f->got ? f->got : "it went wrong");
    for (guint i = 0; i < f->detail->len; i++)
        g_ptr_array_add(line->detail, printable(f->detail->pdata[i]));
    p->result->place = f->place;
    p->result->place.from_client = p->script->role == SCRIPT_CLIENT;
    p->result->verdict = f->trouble ? PLAY_ERROR : PLAY_FAIL;
    p->result->reason =
        f->trouble ? g_strdup(line->result) : g_strdup_printf("%s: %s", line->text, line->result);
}

/* ---- The steps ---- */

/* `repeat` and `end` only choose the step that comes next. False: the step is one to be played. */
static bool is_course(player *p, course *c, const step *one)
{
    if (strcmp(one->verb->name, "repeat") == 0) {
        c->rounds[c->at] = 1;
        c->at++;
        return true;
    }
    if (strcmp(one->verb->name, "end") != 0 || one->ends_join)
        return false;
    const step *first = p->script->steps->pdata[one->partner];
    if (c->rounds[one->partner] < first->number) {
        event_forget(p, one->partner);
        c->rounds[one->partner]++;
        c->at = one->partner + 1;
    } else {
        c->at++;
    }
    return true;
}

static bool play_step(player *p, course *c, const step *one)
{
    finding_clear(&p->found);
    finding_init(&p->found);
    if (!c->said && !c->lines[c->at] && !one->ends_join)
        c->lines[c->at] = add_line(p, step_expects(one), step_describe(one, NULL), one->line);
    const bool ok = one->ends_join ? perform_end_join(p, one) : one->verb->play(p, one);
    if (!ok)
        return false;
    play_line *line = c->said ? c->said : c->lines[c->at];
    if (line && !line->result)
        set_line(line, true, "ok");
    return true;
}

static bool play_steps_of(player *p, course *c)
{
    const script *s = p->script;
    while (c->at < s->steps->len) {
        const step *one = s->steps->pdata[c->at];
        if (strcmp(one->verb->name, "say") == 0) {
            if (!c->lines[c->at])
                c->lines[c->at] =
                    add_line(p, only_expects(s, c->at + 1), g_strdup(one->text), one->line);
            c->said = c->lines[c->at++];
        } else if (!is_course(p, c, one)) {
            if (!play_step(p, c, one)) {
                explain_end(p);
                sanitizers_are_content(p);
                tell_failure(p, c, one);
                return false;
            }
            c->at++;
        }
    }
    return true;
}

static bool play_steps(player *p)
{
    const guint count = p->script->steps->len;
    course c = {.lines = g_new0(play_line *, count), .rounds = g_new0(uint64_t, count)};
    const bool passed = play_steps_of(p, &c);
    g_free(c.lines);
    g_free(c.rounds);
    return passed;
}

/* The first step that asks about the program itself, or does something to it; NULL = none. */
static const step *first_about_program(const script *s)
{
    for (guint i = 0; i < s->steps->len; i++) {
        const step *one = s->steps->pdata[i];
        if (one->verb->play && !one->verb->has_who)
            return one;
    }
    return NULL;
}

/* Why the case cannot be played against somebody else's server; NULL = it can. */
static char *needs_program(const script *s)
{
    const step *about = first_about_program(s);
    if (s->role == SCRIPT_CLIENT)
        return g_strdup("it is about a client, which the grader starts: give --program");
    return about ? g_strdup_printf("line %u (%s) needs a program that the grader starts",
                                   about->line, about->verb->shape)
                 : NULL;
}

static void play_all(player *p)
{
    static bool (*const starts[])(player *) = {[SCRIPT_SERVER] = start_server,
                                               [SCRIPT_CLIENT] = start_client,
                                               [SCRIPT_RUN] = start_nothing};
    p->result->reason = p->options->port ? needs_program(p->script) : NULL;
    if (p->result->reason) {
        p->result->verdict = PLAY_SKIPPED;
        return;
    }
    if (!starts[p->script->role](p)) {
        explain_end(p);
        sanitizers_are_content(p);
        tell_failure(p, NULL, NULL);
        return;
    }
    if (!play_steps(p))
        return;
    finding_clear(&p->found);
    finding_init(&p->found);
    const bool left = p->script->role == SCRIPT_RUN || p->options->port;
    const bool stopped = left || stop_program(p);
    if (!stopped && program_crashed(&p->program))
        tell_log(p, 8);
    const bool content = sanitizers_are_content(p);
    if (!content && stopped)
        p->found.expected = g_strdup("no report of a sanitizer");
    if (!content || !stopped)
        tell_failure(p, NULL, NULL);
}

/* ---- Beginning and end ---- */

static play_result *new_result(void)
{
    play_result *r = g_new0(play_result, 1);
    r->story = g_ptr_array_new_with_free_func(free_line);
    r->transcript = transcript_new();
    r->log = g_string_new(NULL);
    r->output = g_string_new(NULL);
    return r;
}

play_result *play_not_tried(play_verdict verdict, const char *reason)
{
    play_result *r = new_result();
    r->verdict = verdict;
    r->reason = g_strdup(reason);
    return r;
}

void play_ends_with_us(void)
{
    program_ends_with_us();
}

void play_result_free(play_result *r)
{
    if (!r)
        return;
    g_free(r->reason);
    g_ptr_array_unref(r->story);
    transcript_free(r->transcript);
    g_string_free(r->log, TRUE);
    g_string_free(r->output, TRUE);
    g_free(r);
}

static int64_t microseconds(const player *p, double seconds, double usual)
{
    return (int64_t)((seconds > 0 ? seconds : usual) * scale_of(p) * 1e6);
}

static void end_player(player *p)
{
    g_hash_table_unref(p->groups);
    g_hash_table_unref(p->remembered);
    listener_release(&p->listener);
    g_ptr_array_unref(p->peers); /* before the program: its last bytes are still recorded */
    if (p->program.log) {
        program_read(&p->program);
        g_string_assign(p->result->log, p->program.log->str);
        g_string_append_len(p->result->output, p->program.output->str,
                            (gssize)p->program.output->len);
        program_end(&p->program);
    }
    if (p->netlink >= 0)
        close(p->netlink);
    if (p->input)
        g_byte_array_unref(p->input);
    finding_clear(&p->found);
}

play_result *play_case(const script *s, const play_options *options)
{
    const int64_t start = g_get_monotonic_time();
    player p = {.script = s, .options = options, .result = new_result()};
    p.program = (program){.in = -1, .out = -1, .err = -1};
    listener_init(&p.listener);
    p.peers = g_ptr_array_new_with_free_func(peer_free);
    p.groups =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    p.remembered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    p.netlink = unread_open();
    p.ceiling_us = microseconds(&p, options->ceiling_s, 30);
    p.idle_us = MIN(microseconds(&p, options->idle_s, 5),
                    (int64_t)((options->idle_max_s > 0 ? options->idle_max_s : 20) * 1e6));
    p.result->seed = options->seed;
    finding_init(&p.found);
    program_raise_our_limit();
    play_all(&p);
    end_player(&p);
    p.result->seconds = (double)(g_get_monotonic_time() - start) / 1e6;
    return p.result;
}

double play_measure_scale(void)
{
    enum { RUNS = 8 };
    const double usual_s = 0.02; /* RUNS short processes on a machine of 2020 that is not busy */
    const int64_t start = g_get_monotonic_time();
    for (unsigned i = 0; i < RUNS; i++) {
        static const char *const argv[] = {"/bin/true", NULL};
        program p;
        if (program_start(&p, &(program_setup){.argv = argv}, NULL))
            while (!program_has_ended(&p))
                poll(NULL, 0, 1);
        program_end(&p);
    }
    const double took = (double)(g_get_monotonic_time() - start) / 1e6;
    return CLAMP(took / usual_s, 1, 20);
}
