/* The opening handshake of a connection, explained. */
#include "page_handshake.h"
#include "page_screen.h"
#include "screens.h"

/* Those behind the open record belong to it: a handshake has fewer faults than this. */
enum { MAX_FAULTS = 32 };

/* The rows of one connection are linked from new to old, so its oldest are found from the front. */
static size_t find_faults(ui *u, const store_connection *c, const record *out[MAX_FAULTS])
{
    size_t count = 0;
    for (uint64_t row = c->open_row + 1; row < u->view.end && count < MAX_FAULTS; row++) {
        const record *r = store_row(&u->view, row);
        if (r->conn != c->number)
            continue;
        if (r->type != RECORD_VIOLATION || r->violation.frame != 0)
            break;
        out[count++] = r;
    }
    return count;
}

static void make(page_screen *p, ui *u, lines *out, int width)
{
    const store_connection *c = ui_connection(u, p->conn);
    if (!c || c->open_row < u->view.first || c->open_row >= u->view.end) {
        lines_begin(out);
        lines_add(out, STYLE_DIM, " The handshake of this connection has left memory.");
        return;
    }
    const record *faults[MAX_FAULTS];
    size_t count = find_faults(u, c, faults);
    page_handshake(out, store_row(&u->view, c->open_row), faults, count, width, term_is_ascii());
}

static const screen_class handshake_class = {
    .name = "handshake",
    .help = "Request and response of the opening handshake, what each header means, what the two "
            "agreed on, and what was wrong.",
    PAGE_SCREEN_FUNCTIONS,
};

screen *handshake_new(uint64_t conn)
{
    page_screen *p = page_screen_new(&handshake_class, conn);
    p->make = make;
    p->once = true;
    return &p->base;
}
