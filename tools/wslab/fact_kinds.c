/* The table of facts, and the values. See fact_kinds.h. */
#include "fact_kinds.h"

static char *yes_no(bool value)
{
    return g_strdup(value ? "yes" : "no");
}

static char *number(guint64 value)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

static char *masked(const fact *f, const fact_found *at)
{
    (void)f;
    return yes_no(at->frame->header.masked);
}

static char *masking_key(const fact *f, const fact_found *at)
{
    (void)f;
    const uint8_t *k = at->frame->header.masking_key;
    return at->frame->header.masked ? g_strdup_printf("%02x%02x%02x%02x", k[0], k[1], k[2], k[3])
                                    : NULL;
}

static char *length_form(const fact *f, const fact_found *at)
{
    (void)f;
    return number(at->frame->header.length_form);
}

static char *header_length(const fact *f, const fact_found *at)
{
    (void)f;
    return number((guint64)wsp_frame_header_size(&at->frame->header));
}

static char *payload_length(const fact *f, const fact_found *at)
{
    (void)f;
    return number(at->frame->header.payload_length);
}

static char *fin(const fact *f, const fact_found *at)
{
    (void)f;
    return yes_no(at->frame->header.fin);
}

static char *opcode(const fact *f, const fact_found *at)
{
    (void)f;
    return g_strdup(wsp_opcode_name(at->frame->header.opcode));
}

static char *frame_number(const fact *f, const fact_found *at)
{
    (void)f;
    return number(at->frame->number);
}

static char *byte_at(const GByteArray *bytes, guint64 index)
{
    return index < bytes->len ? g_strdup_printf("%02x", bytes->data[index]) : NULL;
}

static char *payload_byte(const fact *f, const fact_found *at)
{
    return byte_at(at->frame->payload, f->index);
}

/* Of the whole frame, its header first. */
static char *wire_byte(const fact *f, const fact_found *at)
{
    const wsp_frame_header *h = &at->frame->header;
    uint8_t head[WSP_FRAME_HEADER_MAX];
    guint64 len = (guint64)wsp_frame_header_encode(head, h);
    guint64 index = f->index - len; /* in the payload, if it is not in the header */
    if (f->index >= len + at->frame->payload->len)
        return NULL;
    uint8_t byte = f->index < len ? head[f->index] : at->frame->payload->data[index];
    if (f->index >= len && h->masked)
        wsp_mask(&byte, &byte, 1, h->masking_key, index);
    return g_strdup_printf("%02x", byte);
}

static char *text_of(const GByteArray *payload)
{
    return g_utf8_validate((const char *)payload->data, payload->len, NULL)
               ? g_strndup((const char *)payload->data, payload->len)
               : NULL;
}

static char *payload_text(const fact *f, const fact_found *at)
{
    (void)f;
    return text_of(at->frame->payload);
}

static char *message_text(const fact *f, const fact_found *at)
{
    (void)f;
    return text_of(at->message->payload);
}

static char *message_length(const fact *f, const fact_found *at)
{
    (void)f;
    return number(at->message->payload->len);
}

static char *fragments(const fact *f, const fact_found *at)
{
    (void)f;
    return number(at->message->frames);
}

static char *close_code(const fact *f, const fact_found *at)
{
    (void)f;
    const GByteArray *payload = at->frame->payload;
    bool has_code = at->frame->header.opcode == WSP_OPCODE_CLOSE && payload->len >= 2;
    return has_code ? number((guint64)(payload->data[0] << 8 | payload->data[1])) : NULL;
}

static char *violation(const fact *f, const fact_found *at)
{
    (void)f;
    const wsp_violation *v = wsp_violation_first(at->frame->violations);
    return v ? g_strdup(v->name) : NULL;
}

static char *connection_number(const fact *f, const fact_found *at)
{
    (void)f;
    return at->frame->connection->number ? number(at->frame->connection->number) : NULL;
}

/* With three decimals: what wsdump shows. */
static char *seconds(const fact *f, const fact_found *at)
{
    (void)f;
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    double passed = (double)(at->frame->time_ns - at->frame->connection->answered_ns) / 1e9;
    return g_strdup(g_ascii_formatd(text, sizeof text, "%.3f", passed));
}

static char *frames_count(const fact *f, const fact_found *at)
{
    (void)f;
    return number(at->frames);
}

static char *messages_count(const fact *f, const fact_found *at)
{
    (void)f;
    return number(at->messages);
}

static char *accept_key(const fact *f, const fact_found *at)
{
    (void)f;
    const decoded_head *request = &at->connection->heads[WSP_FROM_CLIENT];
    wsp_text key = request->whole
                       ? wsp_http_header_value(&request->parsed, "Sec-WebSocket-Key", NULL)
                       : (wsp_text){0};
    char accept[29];
    return key.data && wsp_accept_key(accept, key.data, key.len) > 0 ? g_strdup(accept) : NULL;
}

static char *header(const fact *f, const fact_found *at)
{
    const decoded_head *head =
        &at->connection->heads[f->from == ANY ? WSP_FROM_CLIENT : (wsp_sender)f->from];
    wsp_text value =
        head->whole ? wsp_http_header_value(&head->parsed, f->header, NULL) : (wsp_text){0};
    return value.data ? g_strndup(value.data, value.len) : NULL;
}

static char *status(const fact *f, const fact_found *at)
{
    (void)f;
    const decoded_head *answer = &at->connection->heads[WSP_FROM_SERVER];
    return answer->whole ? number(answer->parsed.status) : NULL;
}

/* What one side or both of them sent; or their heads. */
static guint64 sum(const fact *f, const uint64_t both[2])
{
    return (f->from != WSP_FROM_SERVER ? both[WSP_FROM_CLIENT] : 0) +
           (f->from != WSP_FROM_CLIENT ? both[WSP_FROM_SERVER] : 0);
}

static char *bytes(const fact *f, const fact_found *at)
{
    return number(sum(f, at->connection->bytes));
}

static char *head_bytes(const fact *f, const fact_found *at)
{
    const decoded_head *heads = at->connection->heads;
    return number(sum(f, (uint64_t[2]){heads[0].text->len, heads[1].text->len}));
}

static char *ended_by(const fact *f, const fact_found *at)
{
    (void)f;
    if (!at->connection->ended)
        return NULL;
    return g_strdup(at->connection->ended_by == WSP_FROM_CLIENT ? "client" : "server");
}

static char *ended_how(const fact *f, const fact_found *at)
{
    (void)f;
    if (!at->connection->ended)
        return NULL;
    return g_strdup(at->connection->reset ? "rst" : "fin");
}

/* ---- The table ---------------------------------------------------------------------------------
 */

#define MESSAGES "the connection's messages (Enter on its row)"
#define IN_LIST MESSAGES ", then f for all frames"
#define HANDSHAKE "the handshake (H)"
#define OPENED "the message itself (Enter on its row)"
#define IN_BITS "the frame itself (f in the messages shows all frames, Enter opens one)"

const fact_kind fact_kinds[] = {
    {"masked", OF_FRAME, YES_NO, NULL, masked,
     "A frame is masked when its MASK bit, the top bit of its second byte, is 1. Then four "
     "bytes of masking key follow, and the payload is XORed with them.",
     IN_BITS ": the field MASK"},
    {"masking-key", OF_FRAME, HEX, NULL, masking_key,
     "The masking key is the last four bytes of the frame's header, new for each frame.",
     IN_BITS ": the field masking key; the list of frames shows it behind \"mask\""},
    {"length-form", OF_FRAME, NUMBER, NULL, length_form,
     "The payload length has 7 bits, of which 126 means that the length follows in 16 bits, and "
     "127 that it follows in 64 bits. Asked is the number of bits that hold the length: 7, 16 "
     "or 64.",
     IN_BITS ": the fields payload len and extended length"},
    {"header-length", OF_FRAME, NUMBER, NULL, header_length,
     "The header is all that stands before the payload: 2 bytes, then 0, 2 or 8 of extended "
     "length, then 4 of masking key where the frame is masked.",
     IN_BITS ": the first line says \"bytes of header\""},
    {"payload-length", OF_FRAME, NUMBER, NULL, payload_length,
     "The payload length is what the header declares: bytes behind the header, of this frame "
     "alone.",
     IN_LIST ": the column of sizes; or the field payload len of the frame"},
    {"fin", OF_FRAME, YES_NO, NULL, fin,
     "FIN is the top bit of the first byte: 1 in the last frame of a message (or the only one), "
     "0 where more follow.",
     IN_BITS ": the field FIN"},
    {"opcode", OF_FRAME, OPCODE, NULL, opcode,
     "The opcode is the low four bits of the first byte: 0 continuation, 1 text, 2 binary, 8 "
     "close, 9 ping, 10 pong.",
     IN_BITS ": the field opcode"},
    {"frame-number", OF_FRAME, NUMBER, NULL, frame_number,
     "wsdump numbers the frames of a connection from 1, those of both directions together.",
     IN_LIST ": the number behind #"},
    {"payload-byte", OF_FRAME, HEX, "index", payload_byte,
     "Each byte of payload is XORed with one byte of the masking key: byte i with byte i mod 4. "
     "Both are counted from 0. Asked is the byte behind the XOR, as two hexadecimal digits.",
     OPENED ", then x: the column UNMASKED"},
    {"wire-byte", OF_FRAME, HEX, "index", wire_byte,
     "Asked is the byte as it went over the wire: of the whole frame, the header first, counted "
     "from 0. Payload is still masked there, where the frame is masked.",
     IN_BITS ": beside the fields stand the bytes on the wire"},
    {"payload-text", OF_FRAME, TEXT, NULL, payload_text,
     "The text is the frame's payload, unmasked and read as UTF-8.", OPENED ": its payload"},
    {"frames-count", OF_FRAME, COUNT, NULL, frames_count,
     "Every header is a frame: those of fragments, pings, pongs and Close count too, unless the "
     "question names one kind.",
     IN_LIST "; or i: the statistics of the connection"},
    {"violation", OF_FRAME, NAME, NULL, violation,
     "wsdump names each broken rule by an id, such as mask-missing.",
     "the findings of all connections (!)"},
    {"close-code", OF_FRAME, NUMBER, NULL, close_code,
     "The first two bytes of a Close frame's payload are its code, the high byte first.",
     MESSAGES ": the row close, behind its sizes"},
    {"connection-number", OF_FRAME, NUMBER, NULL, connection_number,
     "wsdump numbers the connections from 1, as their handshakes come.",
     "the first screen: the column #"},
    {"seconds", OF_FRAME, SECONDS, NULL, seconds,
     "Seconds from the server's answer to the opening handshake to the end of this frame.",
     MESSAGES ": t shows times SINCE START; take that of the row open away"},
    {"message-text", OF_MESSAGE, TEXT, NULL, message_text,
     "A message is all of its fragments, joined: the first frame and its continuations, up to FIN.",
     OPENED ": its payload"},
    {"message-length", OF_MESSAGE, NUMBER, NULL, message_length,
     "A message is as long as the payloads of all its frames together.",
     MESSAGES ": the column SIZE"},
    {"fragments", OF_MESSAGE, NUMBER, NULL, fragments,
     "The fragments of a message are its first frame and its continuations. Pings and pongs "
     "between them belong to no other message.",
     MESSAGES ": m on the message unfolds its frames"},
    {"messages-count", OF_MESSAGE, COUNT, NULL, messages_count,
     "A message counts once, however many frames it has. Pings, pongs and Close are messages of "
     "their own, unless the question names one kind.",
     MESSAGES "; the first screen counts them in the columns MSGS"},
    {"accept-key", OF_CONNECTION, TEXT, NULL, accept_key,
     "Sec-WebSocket-Accept is the base64 of the SHA-1 of the key, as it stands in the request, "
     "with 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 behind it.",
     HANDSHAKE ": below the heads it says what was expected"},
    {"header", OF_CONNECTION, TEXT, "name", header,
     "Asked is what stands behind the colon of this header line.",
     HANDSHAKE ": the request, and the response beside it or below"},
    {"status", OF_CONNECTION, NUMBER, NULL, status,
     "The status is the number in the first line of the response.",
     HANDSHAKE ": the first line of the response"},
    {"bytes", OF_CONNECTION, NUMBER, NULL, bytes,
     "Asked is all that was sent inside TCP: the head of HTTP and every frame, header and "
     "payload. The headers of TCP and IP do not count.",
     "the handshake (H: each line ends in two bytes, CR and LF, the last line is empty) and the "
     "frames (f in the messages: header and payload of each); add them up"},
    {"head-bytes", OF_CONNECTION, NUMBER, NULL, head_bytes,
     "A head is its first line, its header lines and an empty line. Each line ends in two "
     "bytes, CR and LF.",
     HANDSHAKE},
    {"ended-by", OF_CONNECTION, NAME, NULL, ended_by,
     "The side whose FIN or RST comes first ends the TCP connection.",
     MESSAGES ": the row end says how it ended; who was first, tshark shows"},
    {"ended-how", OF_CONNECTION, NAME, NULL, ended_how,
     "A TCP connection ends in order with FIN of both sides, or at once with RST, which throws "
     "away what was not read yet.",
     MESSAGES ": the row end"},
};
const size_t fact_kind_count = G_N_ELEMENTS(fact_kinds);
