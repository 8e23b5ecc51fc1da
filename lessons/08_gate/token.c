#include "08_gate/token.h"

#include "06_client/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <json-glib/json-glib.h>

enum { PARTS_MAX = 256 }; /* of the JSON in a token: rooms, and what others put beside them */

/* ---- base64url (RFC 4648 5): two other letters, and no "=" behind it ---- */

static char *base64url(const void *bytes, gsize len)
{
    char *text = g_base64_encode(bytes, len);
    g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

/* NULL where it is none. g_base64_decode() passes over what it does not know: we do not. */
static GBytes *base64url_decode(wsp_text in)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char *const missing[] = {"", NULL, "==", "="};
    g_autofree char *text = g_strndup(in.data, in.len);
    if (strspn(text, letters) != in.len || !missing[in.len % 4])
        return NULL;
    g_strdelimit(g_strdelimit(text, "-", '+'), "_", '/');
    g_autofree char *whole = g_strconcat(text, missing[in.len % 4], NULL);
    gsize len = 0;
    guchar *bytes = g_base64_decode(whole, &len);
    return g_bytes_new_take(bytes, len);
}

/* The JSON object in a part of a token; NULL where it is none. Anybody can write a header: it is
 * read before there is a signature to look at. */
static JsonNode *object_in(wsp_text part)
{
    g_autoptr(GBytes) json = base64url_decode(part);
    g_autoptr(JsonParser) parser = json_parser_new();
    gsize len = 0;
    const char *text = json ? g_bytes_get_data(json, &len) : NULL;
    if (len == 0 || !json_is_small(text, len, PARTS_MAX) ||
        !json_parser_load_from_data(parser, text, (gssize)len, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        return NULL;
    return json_parser_steal_root(parser);
}

/* ---- A token, and its signature ---- */

bool token_split(token *t, wsp_text text)
{
    const char *end = text.data + text.len;
    const char *first = text.len <= TOKEN_MAX ? memchr(text.data, '.', text.len) : NULL;
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return false;
    *t = (token){.header = {text.data, (size_t)(first - text.data)},
                 .claims = {first + 1, (size_t)(second - first - 1)},
                 .signature = {second + 1, (size_t)(end - second - 1)},
                 .text = {text.data, (size_t)(second - text.data)}};
    return true;
}

char *token_algorithm(const token *t)
{
    g_autoptr(JsonNode) header = object_in(t->header);
    JsonObject *object = header ? json_node_get_object(header) : NULL;
    if (!object || json_object_has_member(object, "crit")) /* "you must know these": we do not */
        return NULL;
    return g_strdup(json_text(json_object_get_member(object, "alg")));
}

rights *token_rights(const token *t, const char **wrong)
{
    g_autoptr(JsonNode) claims = object_in(t->claims);
    *wrong = "the claims are no JSON object";
    return claims ? rights_read(claims, wrong) : NULL;
}

char *token_sign(wsp_text text, GBytes *secret)
{
    enum { DIGEST = 32 };
    guint8 digest[DIGEST];
    gsize key_len = 0, len = DIGEST;
    const void *key = g_bytes_get_data(secret, &key_len);
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, key, key_len);
    g_hmac_update(hmac, (const guchar *)text.data, (gssize)text.len);
    g_hmac_get_digest(hmac, digest, &len);
    return base64url(digest, len);
}

/* ---- Making one ---- */

static void add_rooms(JsonBuilder *b, const char *name, char *const *rooms)
{
    json_builder_begin_array(json_builder_set_member_name(b, name));
    for (; *rooms; rooms++)
        json_builder_add_string_value(b, *rooms);
    json_builder_end_array(b);
}

char *token_make(const rights *r, GBytes *secret)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    g_autoptr(JsonBuilder) b = json_builder_begin_object(json_builder_new());
    json_builder_add_string_value(json_builder_set_member_name(b, "sub"), r->name);
    json_builder_add_int_value(json_builder_set_member_name(b, "exp"), r->expires);
    add_rooms(b, "join", r->join);
    add_rooms(b, "say", r->say);
    g_autoptr(JsonNode) root = json_builder_get_root(json_builder_end_object(b));
    g_autofree char *json = json_to_string(root, FALSE);
    g_autofree char *first = base64url(header, sizeof header - 1);
    g_autofree char *second = base64url(json, strlen(json));
    g_autofree char *text = g_strconcat(first, ".", second, NULL);
    g_autofree char *signature = token_sign((wsp_text){text, strlen(text)}, secret);
    return g_strconcat(text, ".", signature, NULL);
}

GBytes *secret_read(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *secret = g_malloc0(SECRET_MIN);
    gsize len = SECRET_MIN;
    if (path)
        g_clear_pointer(&secret, g_free);
    bool read = path ? g_file_get_contents(path, &secret, &len, &error)
                     : getrandom(secret, len, 0) == SECRET_MIN;
    while (path && read && len > 0 && (secret[len - 1] == '\n' || secret[len - 1] == '\r'))
        len--;
    if (!read || len < SECRET_MIN) {
        fprintf(stderr, "%s: %s%s\n", g_get_prgname(),
                error  ? error->message
                : path ? path
                       : "",
                read ? ": a secret has 32 bytes or more: openssl rand -base64 32" : "");
        exit(2);
    }
    return g_bytes_new_take(secret, len);
}
