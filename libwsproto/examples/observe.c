/* A passive observer: reads one direction of a connection from stdin, prints frames and faults. */
#include <wsproto/wsproto.h>

#include <inttypes.h>
#include <stdio.h>

static uint8_t in[4096], out[sizeof in];

static void report(uint32_t set)
{
    for (const wsp_violation *v; (v = wsp_violation_first(set)); set &= ~v->bit)
        printf("  %s (%s): %s\n", v->name, v->clause, v->text);
}

int main(void)
{
    wsp_reader r;
    wsp_message m;
    wsp_frame_rules rules = {.sender = WSP_FROM_UNKNOWN};
    wsp_reader_init(&r, &rules);
    wsp_message_init(&m, NULL);
    for (size_t len; (len = fread(in, 1, sizeof in, stdin)) > 0;)
        for (size_t used = 0;;) {
            wsp_event ev;
            used += wsp_reader_next(&r, in + used, len - used, &ev);
            if (ev.type == WSP_EVENT_NONE)
                break;
            if (ev.type == WSP_EVENT_FRAME)
                printf("%" PRIu64 ": %s%s, %" PRIu64 " bytes\n", ev.at, ev.frame->fin ? "FIN " : "",
                       wsp_opcode_name(ev.frame->opcode), ev.frame->payload_length);
            wsp_message_event mev;
            do {
                wsp_message_next(&m, &ev, out, sizeof out, &mev);
                report(ev.violations | mev.violations);
                ev.violations = 0;
            } while (mev.more);
        }
    report(wsp_reader_end(&r) | wsp_message_end(&m));
}
