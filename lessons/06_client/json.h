/* Given: JSON that comes from somebody else: before a reader of JSON sees it, and behind it. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

struct _JsonNode;

/*
 * Would a tree of this text have so many parts at most ('[', '{' or ',')? A tree takes fifty times
 * the memory of its text, and JSON-GLib goes one function call deeper for each level: a message of
 * 100,000 '[' would use up our stack. What only some readers know ('text', comments) is no JSON
 * (RFC 8259), and would let parts hide from us: that is never small.
 */
bool json_is_small(const char *text, size_t len, unsigned most);

/*
 * The text that this node is: valid UTF-8, the node's own. NULL where there is no node, or it is
 * something else. JSON-GLib makes no character of "\ud800", half a one: that is no text.
 */
const char *json_text(struct _JsonNode *node);

#endif
