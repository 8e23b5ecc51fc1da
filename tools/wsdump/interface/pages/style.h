/*
 * Styles: what a piece of text means, not how it looks. terminal.c has the table that gives each
 * its colour with 256, 8 or no colours; where there are none, attributes tell them apart.
 */
#ifndef WSDUMP_INTERFACE_STYLE_H
#define WSDUMP_INTERFACE_STYLE_H

typedef enum style {
    STYLE_NORMAL,
    STYLE_TITLE,          /* the first row of a screen */
    STYLE_BAR,            /* the function bar: what a key does ... */
    STYLE_BAR_KEY,        /* ... and the key */
    STYLE_HEADING,        /* of columns and sections */
    STYLE_SELECTED,       /* the row that keys act on */
    STYLE_SELECTED_OTHER, /* the same in the pane that keys do not go to */
    STYLE_TAGGED,
    STYLE_MATCH, /* of a search */
    STYLE_DIM,   /* what matters less: control frames, labels, offsets */
    STYLE_STRONG,
    STYLE_CLIENT, /* from the client */
    STYLE_SERVER, /* from the server */
    STYLE_VIOLATION,
    STYLE_GUESS,
    STYLE_GAP,
    STYLE_ERROR, /* of the program: a wrong filter, a capture that is damaged */
    STYLE_KEY,   /* JSON: member names; headers: field names */
    STYLE_STRING,
    STYLE_NUMBER,
    STYLE_WORD,    /* true, false, null */
    STYLE_MASKED,  /* bytes as they are on the wire, masked */
    STYLE_UNKNOWN, /* bytes that were not captured */
    STYLES
} style;

#endif
