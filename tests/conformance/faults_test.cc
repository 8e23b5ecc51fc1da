// Do the vectors notice mistakes? The faulty codec makes one at a time, and each must be caught by
// every vector that the table names for it. And do they let pass what is no mistake?
#include "faulty_adapter.h"

#include <glib.h>

using faulty::Fault;
namespace conformance = wsproto_conformance;

namespace
{
struct Row {
    Fault fault;
    const char *name;
    const char *what;
    std::vector<const char *> caught_by; // globs over the vectors' ids
};

#define FAULT(name) Fault::name, #name

const std::vector<Row> faults = {
    {FAULT(rsv_ignored),
     "reserved bits are not looked at",
     {"framing/rsv1", "framing/rsv2", "framing/rsv3", "framing/rsv12*", "framing/rsv?-on-*"}},
    {FAULT(rsv_ignored_on_control),
     "reserved bits are looked at on data frames only",
     {"framing/rsv?-on-p*", "framing/rsv3-on-close", "framing/rsv1-negotiated-on-ping"}},
    {FAULT(rsv_all_with_extension),
     "an extension lets all reserved bits pass",
     {"framing/rsv2-while-rsv1-negotiated"}},
    {FAULT(rsv1_on_continuation),
     "a negotiated RSV1 may stand on any frame of a message",
     {"framing/rsv1-negotiated-on-continuation", "framing/rsv1-negotiated-on-first-and-last"}},

    {FAULT(unmasked_accepted), "a client's frame may be unmasked", {"masking/client-unmasked-*"}},
    {FAULT(unmasked_accepted_when_empty),
     "a client's empty frame may be unmasked",
     {"masking/client-unmasked-empty", "masking/client-unmasked-ping"}},
    {FAULT(unmasked_accepted_later),
     "only a client's first frame must be masked",
     {"masking/client-unmasked-after-masked", "masking/client-unmasked-continuation"}},
    {FAULT(masked_accepted), "a server's frame may be masked", {"masking/server-masked-*"}},
    {FAULT(mask_phase_of_read),
     "the key starts over with every read",
     {"framing/text-masked", "masking/key-in-wire-order", "masking/length-in-*"}},
    {FAULT(mask_phase_of_message),
     "the key goes on from frame to frame",
     {"masking/phase-begins-anew-with-each-frame"}},
    {FAULT(mask_key_of_first_frame),
     "the first frame's key unmasks all",
     {"masking/key-per-frame", "control/keys-of-their-own"}},
    {FAULT(mask_key_zero_refused), "a key of zeros is taken for no mask", {"masking/key-zero"}},

    {FAULT(length_not_minimal_16),
     "16 bits may hold any length",
     {"length/not-minimal-*-in-16", "length/not-minimal-ping", "length/not-minimal-masked"}},
    {FAULT(length_not_minimal_64),
     "64 bits may hold any length",
     {"length/not-minimal-*-in-64", "length/not-minimal-close"}},
    {FAULT(length_msb_accepted),
     "the top bit of a length may be set",
     {"length/2-to-63", "length/2-to-64-minus-1", "length/top-bit-and-5"}},
    {FAULT(length_cut_to_32_bits),
     "a length keeps its lower 32 bits",
     {"length/declared-2-to-32", "length/declared-2-to-32-plus-1", "limits/frame-beyond-32-bits"}},
    {FAULT(length_signed_32_bits),
     "a length beyond 2^31 - 1 is taken for negative",
     {"length/declared-2-to-31", "length/declared-2-to-32*", "length/declared-2-to-63-minus-1"}},
    {FAULT(length_16_swapped),
     "a 16-bit length is read in the other byte order",
     {"length/126", "length/127", "framing/binary-256"}},

    {FAULT(control_126_accepted), "a control frame may have 126 bytes", {"control/*-126*"}},
    {FAULT(control_125_refused),
     "a control frame may have 124 bytes at most",
     {"control/p?ng-125", "close/reason-of-123-bytes"}},
    {FAULT(control_16_bits_accepted),
     "a control frame may have a 16-bit length",
     {"control/*-126*"}},
    {FAULT(control_fragmented_accepted),
     "a control frame may be without FIN",
     {"control/p?ng-not-final", "control/close-not-final", "control/*-empty-and-not-final"}},
    {FAULT(control_ends_message),
     "a control frame ends the open message",
     {"fragmentation/p?ng-between", "fragmentation/text-inside-after-ping"}},
    {FAULT(control_joins_message),
     "a control frame's payload goes into the open message",
     {"fragmentation/ping-between*", "utf8/known-behind-ping"}},
    {FAULT(control_after_message),
     "a control frame is kept back until the message is whole",
     {"fragmentation/p?ng-between", "fragmentation/open-message-is-not-delivered"}},
    {FAULT(pong_unsolicited_refused), "a Pong must answer a Ping", {"control/pong-unsolicited"}},

    {FAULT(reserved_data_accepted),
     "reserved data frames are skipped",
     {"opcodes/reserved-[3-7]", "opcodes/reserved-data-empty"}},
    {FAULT(reserved_control_accepted),
     "reserved control frames are skipped",
     {"opcodes/reserved-[b-f]", "opcodes/reserved-control-*"}},
    {FAULT(continuation_without_start),
     "a continuation may begin a message",
     {"fragmentation/continuation-*"}},
    {FAULT(new_message_inside), "a message may begin inside another", {"fragmentation/*-inside-*"}},
    {FAULT(type_of_last_frame),
     "the last frame's opcode is that of the message",
     {"fragmentation/two-frames", "fragmentation/binary"}},
    {FAULT(empty_fragment_refused),
     "a fragment must not be empty",
     {"fragmentation/empty-f*", "fragmentation/all-empty"}},
    {FAULT(empty_fragment_ends_message),
     "an empty fragment ends its message",
     {"fragmentation/empty-f*", "utf8/empty-fragment-inside-character", "deflate/empty-frames"}},
    {FAULT(empty_message_dropped),
     "an empty message is not delivered",
     {"framing/empty-messages", "fragmentation/all-empty", "deflate/empty-message*"}},

    {FAULT(after_close_delivered),
     "messages behind a Close are delivered",
     {"close/text-behind", "close/binary-behind", "close/continuation-behind"}},
    {FAULT(after_close_dropped),
     "what follows a Close is dropped, and the adapter does not say so",
     {"close/text-behind", "close/continuation-behind"}},
    {FAULT(close_one_byte_accepted), "a Close may have one byte", {"close/one-byte*"}},
    {FAULT(close_empty_refused), "a Close must have a code", {"close/empty"}},
    {FAULT(close_1004_to_1006_accepted), "1004 to 1006 may be sent", {"close/code-100[456]"}},
    {FAULT(close_1015_accepted), "1015 may be sent", {"close/code-1015"}},
    {FAULT(close_unassigned_accepted),
     "1016 to 2999 may be sent",
     {"close/code-1016", "close/code-1100", "close/code-2*"}},
    {FAULT(close_below_1000_accepted),
     "codes below 1000 may be sent",
     {"close/code-0", "close/code-1", "close/code-999"}},
    {FAULT(close_1012_to_1014_refused),
     "only the codes of the RFC itself are known",
     {"close/code-101[234]"}},
    {FAULT(close_1007_to_1011_refused),
     "only the first codes are known",
     {"close/code-100[789]", "close/code-101[01]"}},
    {FAULT(close_private_refused),
     "codes for private use are refused",
     {"close/code-4000", "close/code-4999"}},
    {FAULT(close_reason_not_judged),
     "a reason may be any bytes",
     {"close/reason-wrong-*", "close/reason-surrogate", "close/reason-overlong*",
      "close/reason-ends-inside-character", "close/reason-cut-at-byte-123"}},
    {FAULT(close_reason_must_be_ascii), "a reason must be ASCII", {"close/reason"}},

    {FAULT(utf8_not_judged),
     "text may be any bytes",
     {"utf8/continuation*-??", "utf8/overlong-*", "utf8/surrogate-*", "utf8/beyond-*",
      "utf8/lead-*", "utf8/bound-*", "utf8/*-cut-*", "utf8/wrong-byte-*", "deflate/text-wrong-*",
      "deflate/text-plain-wrong-byte"}},
    {FAULT(utf8_of_each_frame),
     "each frame must be UTF-8 of its own",
     {"utf8/cut-after-*", "utf8/character-over-fragments", "utf8/fragments-of-one-byte",
      "deflate/text-character-over-fragments"}},
    {FAULT(utf8_of_each_read),
     "each read must be UTF-8 of its own",
     {"utf8/u-80", "utf8/u-800", "utf8/u-10000", "utf8/character-behind-*"}},
    {FAULT(utf8_late),
     "text is judged when its message is whole",
     {"utf8/known-*", "utf8/overlong-c0", "utf8/continuations-all",
      "deflate/text-wrong-in-the-first-fragment"}},
    {FAULT(utf8_end_not_judged),
     "a text may end inside a character",
     {"utf8/ends-in-*", "utf8/long-and-wrong-at-the-end", "deflate/text-ends-*",
      "deflate/text-goes-on-in-the-next-message"}},
    {FAULT(utf8_for_binary),
     "binary messages must be UTF-8",
     {"utf8/not-for-*binary", "deflate/text-not-for-binary"}},
    {FAULT(utf8_reset_by_control),
     "a control frame makes the validator forget where it was",
     {"utf8/character-over-fragments", "deflate/text-character-over-fragments"}},
    {FAULT(utf8_surrogates_accepted),
     "surrogates are characters",
     {"utf8/surrogate-*", "close/reason-surrogate"}},
    {FAULT(utf8_overlong_2_accepted),
     "C0 and C1 are taken",
     {"utf8/overlong-c?", "utf8/overlong-slash-in-two", "close/reason-overlong"}},
    {FAULT(utf8_overlong_3_accepted),
     "E0 takes any continuation byte",
     {"utf8/overlong-e0-9f", "utf8/overlong-*-in-three", "utf8/overlong-over-fragments"}},
    {FAULT(utf8_overlong_4_accepted),
     "F0 takes any continuation byte",
     {"utf8/overlong-f0-8f", "utf8/overlong-*-in-four"}},
    {FAULT(utf8_beyond_10ffff_accepted),
     "characters go up to U+1FFFFF",
     {"utf8/beyond-*", "utf8/lead-f[57]"}},
    {FAULT(utf8_five_bytes_accepted), "characters have up to six bytes", {"utf8/lead-f[8bcd]"}},
    {FAULT(utf8_noncharacters_refused),
     "noncharacters are refused",
     {"utf8/u-ffff", "utf8/noncharacters"}},
    {FAULT(utf8_nul_refused), "NUL is refused", {"utf8/nul"}},

    {FAULT(header_forgotten_at_cut),
     "a header that comes in two reads loses its front",
     {"framing/text-masked", "length/126", "length/65536-from-*"}},
    {FAULT(byte_after_frame_lost),
     "a read that begins with a frame loses its first byte",
     {"framing/two-messages-in-a-row", "length/frame-behind-*", "control/pings-in-a-row"}},
    {FAULT(payload_of_one_read_only),
     "of a payload in two reads only the second counts",
     {"framing/text-*masked", "framing/binary-256", "control/ping-125"}},

    {FAULT(end_not_judged), "a stream may end anywhere", {"*/truncated-*"}},
    {FAULT(end_in_message_not_judged),
     "a stream may end between fragments",
     {"fragmentation/truncated-*"}},

    {FAULT(limit_frame_off_by_one),
     "a frame may have one byte more than the limit",
     {"limits/frame-beyond", "limits/frame-beyond-in-message"}},
    {FAULT(limit_message_of_frame_only),
     "the limit of messages is compared with frames",
     {"limits/message-beyond-in-fragments", "limits/message-beyond-by-one-byte-fragment"}},
    {FAULT(limit_message_kept), "all messages share one limit", {"limits/message-counted-anew"}},
    {FAULT(limit_fragments_counts_control),
     "control frames count as fragments",
     {"limits/fragments-count-no-control-frames"}},
    {FAULT(limit_fragments_not_judged),
     "there may be any number of fragments",
     {"limits/fragments-beyond*"}},
    {FAULT(limit_inflated_one_more),
     "a message may inflate to one byte more than the limit",
     {"limits/inflated-beyond*"}},
    {FAULT(limit_inflated_at_refused),
     "a message must inflate to less than the limit",
     {"limits/inflated-at*"}},
    {FAULT(limit_inflated_of_wire),
     "the limit of what is inflated is compared with what came",
     {"limits/inflated-not-compressed", "limits/inflated-beyond-in-a-match"}},
    {FAULT(limit_inflated_of_frame),
     "each fragment has the whole limit",
     {"limits/inflated-beyond-in-fragments"}},
    {FAULT(limit_inflated_kept), "all messages share one limit", {"limits/inflated-counted-anew"}},
    {FAULT(limit_inflated_for_plain),
     "the limit is that of plain messages too",
     {"limits/inflated-not-of-plain-messages"}},
    {FAULT(limit_ratio_one_more), "one byte more than the ratio allows", {"limits/ratio-beyond*"}},
    {FAULT(limit_ratio_at_refused), "a ratio must be lower than the limit", {"limits/ratio-at*"}},
    {FAULT(limit_ratio_from_1023),
     "the ratio of 1023 bytes counts",
     {"limits/ratio-of-1023-bytes"}},
    {FAULT(limit_ratio_from_1025),
     "the ratio of 1024 bytes does not count",
     {"limits/ratio-of-1024-bytes"}},
    {FAULT(limit_ratio_of_whole_message),
     "the ratio is judged when the message is whole",
     {"limits/ratio-beyond-for-a-while"}},
    {FAULT(limit_ratio_of_frame),
     "only what came in this fragment counts",
     {"limits/ratio-at-in-fragments"}},
    {FAULT(limit_ratio_of_connection),
     "what came in earlier messages counts",
     {"limits/ratio-beyond-behind-what-did-not-shrink"}},

    {FAULT(deflate_delivered_raw),
     "compressed messages are delivered as they came",
     {"deflate/one-message", "deflate/masked", "deflate/fragments"}},
    {FAULT(deflate_for_plain), "every message is inflated", {"deflate/plain-in-between"}},
    {FAULT(deflate_of_each_frame),
     "each fragment is inflated by itself",
     {"deflate/fragments", "deflate/*-over-fragments"}},
    {FAULT(deflate_of_the_other_role),
     "the parameters of the other role hold",
     {"deflate/parameters-of-the-other-role", "deflate/refers-to-a-forgotten-window"}},
    {FAULT(deflate_window_forgotten),
     "the window is never kept",
     {"deflate/window-is-kept", "deflate/empty-message-keeps-the-window"}},
    {FAULT(deflate_window_kept),
     "the window is always kept",
     {"deflate/refers-to-a-forgotten-window"}},
    {FAULT(deflate_window_short),
     "one byte of the window is missing",
     {"deflate/window-of-15-bits", "deflate/final-block-keeps-all-of-the-window"}},
    {FAULT(deflate_too_far_accepted),
     "in front of the window there are zeros",
     {"deflate/before-the-beginning", "deflate/one-byte-before-the-beginning"}},
    {FAULT(deflate_stored_length_not_judged),
     "the length of a stored block is believed",
     {"deflate/stored-length-wrong"}},
    {FAULT(deflate_reserved_block_accepted),
     "a block of type 3 ends the message",
     {"deflate/reserved-block-type"}},
    {FAULT(deflate_final_ends_message),
     "a block with BFINAL ends the message",
     {"deflate/final-block-keeps-the-window", "deflate/final-blocks-in-a-row"}},
    {FAULT(deflate_final_forgets_window),
     "a block with BFINAL makes the window empty",
     {"deflate/final-block-keeps-*"}},
    {FAULT(deflate_final_not_aligned),
     "behind BFINAL the next bit goes on",
     {"deflate/final-block", "deflate/final-blocks-in-a-row"}},
    {FAULT(deflate_plain_enters_window),
     "plain messages enter the window",
     {"deflate/plain-in-between"}},
    {FAULT(deflate_empty_refused),
     "a message of one zero byte is refused",
     {"deflate/empty-message*"}},
    {FAULT(utf8_of_deflated_not_judged),
     "compressed text may be any bytes",
     {"deflate/text-wrong-*", "deflate/text-ends-*"}},
    {FAULT(utf8_of_deflated_on_wire),
     "text is judged as it came",
     {"deflate/one-message", "deflate/text-wrong-byte-in-a-match"}},

    {FAULT(upgrade_knows_case),
     "the values of Upgrade and Connection know case",
     {"handshake-request/values-in-any-case", "handshake-response/any-case"}},
    {FAULT(upgrade_part_of_word),
     "Upgrade and Connection are searched as texts",
     {"handshake-request/upgrade-other", "handshake-request/connection-part-of-word"}},
    {FAULT(connection_not_a_list),
     "Connection must be equal to upgrade",
     {"handshake-*/connection-list*", "handshake-request/connection-in-two-lines"}},
    {FAULT(names_know_case),
     "names of headers know case",
     {"handshake-request/names-in-any-case", "handshake-response/any-case"}},
    {FAULT(method_not_judged), "any method will do", {"handshake-request/method-*"}},
    {FAULT(version_not_judged), "any version will do", {"handshake-request/version-*"}},
    {FAULT(key_length_not_judged),
     "any key will do",
     {"handshake-request/key-of-*", "handshake-request/key-not-base64"}},
    {FAULT(host_not_judged), "Host may be missing", {"handshake-request/host-missing"}},
    {FAULT(http_version_not_judged), "HTTP/1.0 will do", {"handshake-*/http-1.0"}},
    {FAULT(head_lines_not_judged),
     "a header line may have any form",
     {"handshake-request/line-without-colon", "handshake-*/nul-in-value",
      "handshake-request/space-before-colon"}},
    {FAULT(subprotocols_not_judged),
     "an offer of subprotocols may have any form",
     {"handshake-request/subprotocol-*"}},
    {FAULT(extensions_not_judged),
     "extensions may have any form",
     {"handshake-request/extension-quote*a", "handshake-request/extension-value-missing",
      "handshake-request/extension-semicolon-at-the-end"}},
    {FAULT(status_any_1xx), "any status of the 100s will do", {"handshake-response/status-100"}},
    {FAULT(accept_not_judged),
     "any accept value will do",
     {"handshake-response/accept-for-another-key", "handshake-response/accept-of-*",
      "handshake-response/accept-with*"}},
    {FAULT(accept_ignores_case),
     "the accept value knows no case",
     {"handshake-response/accept-in-other-case"}},
    {FAULT(accept_untrimmed),
     "white space behind the accept value is part of it",
     {"handshake-response/white-space-around-accept"}},
    {FAULT(subprotocol_unoffered),
     "the answer may name any subprotocol",
     {"handshake-response/subprotocol-not-offered", "handshake-response/subprotocol-none-offered"}},
    {FAULT(subprotocol_ignores_case),
     "names of subprotocols know no case",
     {"handshake-response/subprotocol-in-other-case"}},
    {FAULT(extension_unoffered),
     "the answer may name any extension",
     {"handshake-response/extension-not-offered", "handshake-response/extension-none-offered"}},
    {FAULT(frames_behind_head_lost),
     "frames in the segment of the head are lost",
     {"handshake-response/frame*-in-the-same-segment"}},
    {FAULT(head_must_come_whole),
     "a head must come in one read",
     {"handshake-request/rfc-example", "handshake-response/rfc-example"}},

    {FAULT(deflate_name_begins_so),
     "other names that begin so are taken for it",
     {"deflate-offer/other-extensions"}},
    {FAULT(parameter_unknown_accepted),
     "unknown parameters are passed over",
     {"deflate-*/unknown*", "deflate-offer/next-behind-wrong-unknown"}},
    {FAULT(parameter_double_accepted),
     "of a double parameter the first counts",
     {"deflate-*/*-double"}},
    {FAULT(parameter_flag_with_value_accepted),
     "a parameter without value may have one",
     {"deflate-*/*-forgets-with-*value", "deflate-offer/next-behind-wrong-value"}},
    {FAULT(parameter_quotes_kept),
     "quotes are part of a value",
     {"deflate-*/server-window-quoted"}},
    {FAULT(window_without_value_accepted),
     "a window may be without value",
     {"deflate-*/*-window-without-value"}},
    {FAULT(window_below_8_accepted),
     "a window may have less than 8 bits",
     {"deflate-*/*-window-[07]", "deflate-*/*-window-quoted-7"}},
    {FAULT(window_16_accepted),
     "a window may have 16 bits",
     {"deflate-offer/*-window-16", "deflate-answer/server-window-16"}},
    {FAULT(window_8_refused),
     "a window must have 9 bits",
     {"deflate-answer/server-window-8-unasked", "deflate-answer/client-window-8"}},
    {FAULT(window_leading_zero_accepted),
     "a number may begin with zeros",
     {"deflate-*/*-window-leading-zero*"}},
    {FAULT(window_cut_to_8_bits),
     "a number keeps its lower 8 bits",
     {"deflate-*/*-window-264", "deflate-*/*-window-4294967304"}},
    {FAULT(window_in_any_notation),
     "a number is read as C writes it, as far as it goes",
     {"deflate-*/*-window-plus", "deflate-*/*-window-fraction", "deflate-*/*-window-hex",
      "deflate-*/*-window-leading-zero-of-15"}},
    {FAULT(window_wrong_ignored),
     "a wrong window is as good as none",
     {"deflate-*/*-window-[07]", "deflate-*/*-window-16", "deflate-*/*-window-no-number"}},
    {FAULT(offer_client_window_needs_value),
     "an offer of client_max_window_bits needs a value",
     {"deflate-offer/client-window", "deflate-offer/policy-client-window"}},
    {FAULT(offers_of_first_line_only),
     "of several lines the first counts",
     {"deflate-offer/next-in-another-line", "deflate-answer/in-the-second-line"}},
    {FAULT(offers_first_only),
     "only the first offer is looked at",
     {"deflate-offer/next-*", "deflate-offer/third",
      "deflate-offer/policy-client-window-allowed-by-the-next"}},
    {FAULT(offers_last_wins), "the last offer is taken", {"deflate-offer/first-of-two*"}},
    {FAULT(offers_none_answered),
     "the answer says permessage-deflate unasked",
     {"deflate-offer/none", "deflate-offer/other-extensions"}},
    {FAULT(answer_wider_than_offer),
     "the policy's window is answered, however small the one offered",
     {"deflate-offer/policy-*-window-offered-9"}},
    {FAULT(answer_wider_than_policy),
     "the offered window is answered, however small the policy's",
     {"deflate-offer/policy-*-window-offered-11"}},
    {FAULT(answer_leaves_out_15),
     "a window of 15 bits is never named",
     {"deflate-offer/server-window-15"}},
    {FAULT(answer_grants_no_forgetting),
     "server_no_context_takeover is not granted",
     {"deflate-offer/server-forgets", "deflate-offer/first-of-two",
      "deflate-offer/all-parameters"}},
    {FAULT(answer_swaps_sides),
     "the answer names the other side's parameters",
     {"deflate-offer/server-window-9", "deflate-offer/server-forgets",
      "deflate-offer/policy-client-window", "deflate-offer/policy-*-forgets"}},
    {FAULT(answer_tells_any_client),
     "a client is told to limit its window although it cannot",
     {"deflate-offer/policy-client-window-not-allowed",
      "deflate-offer/policy-client-window-14-not-allowed"}},
    {FAULT(answer_names_client_window_always),
     "client_max_window_bits is always answered",
     {"deflate-offer/plain", "deflate-offer/policy-client-window-15"}},
    {FAULT(answer_must_be_there),
     "a server must not decline",
     {"deflate-answer/none", "deflate-answer/other-extension"}},
    {FAULT(answer_not_granting_accepted),
     "server_no_context_takeover need not be granted",
     {"deflate-answer/server-forgets-not-granted",
      "deflate-answer/server-forgets-answered-for-the-client"}},
    {FAULT(answer_without_window_accepted),
     "server_max_window_bits need not be granted",
     {"deflate-answer/server-window-*-not-granted"}},
    {FAULT(answer_wider_window_accepted),
     "a server's window may be wider than was asked for",
     {"deflate-answer/server-window-wider"}},
    {FAULT(answer_client_window_unasked_accepted),
     "any client can limit its window",
     {"deflate-answer/client-window-*-not-allowed"}},
    {FAULT(answer_client_window_wider_accepted),
     "a client's window may be wider than it offered",
     {"deflate-answer/client-window-wider"}},
    {FAULT(answer_unasked_refused),
     "an answer must name nothing unasked",
     {"deflate-answer/*-unasked"}},
    {FAULT(answer_to_first_offer_only),
     "an answer must be to the first offer",
     {"deflate-answer/to-the-second-offer"}},
    {FAULT(answer_mixed_accepted),
     "each parameter may answer another offer",
     {"deflate-answer/mixed-of-two-offers", "deflate-answer/to-no-offer"}},
    {FAULT(answer_own_words_forgotten),
     "what the client offered to do needs an answer",
     {"deflate-answer/client-*-not-repeated"}},
    {FAULT(answer_read_for_other_side),
     "a client takes its own parameters for the server's",
     {"deflate-answer/client-forgets-unasked", "deflate-answer/server-window-8-unasked",
      "deflate-answer/client-window-8"}},
};

// GLib's patterns have no sets, so each [abc] or [a-c] is written out here.
std::vector<std::string> written_out(const std::string &glob)
{
    const size_t open = glob.find('['), shut = glob.find(']');
    if (open == std::string::npos)
        return {glob};
    std::string set = glob.substr(open + 1, shut - open - 1);
    if (set.size() == 3 && set[1] == '-')
        for (char c = set[0], last = set[2]; c <= last; c++)
            set = c == set[0] ? std::string(1, c) : set + c;
    std::vector<std::string> all;
    for (char c : set)
        all.push_back(glob.substr(0, open) + c + glob.substr(shut + 1));
    return all;
}

const std::vector<conformance::Vector> &vectors()
{
    static const std::vector<conformance::Vector> all = conformance::read_folder(VECTORS_DIR);
    return all;
}

void test_fault(const Row &row)
{
    const conformance::Adapter adapter = faulty::adapter_with(row.fault);
    for (const char *set : row.caught_by)
        for (const std::string &glob : written_out(set)) {
            size_t matches = 0;
            for (const conformance::Vector &v : vectors()) {
                if (!g_pattern_match_simple(glob.c_str(), v.id.c_str()) || v.result == "acceptable")
                    continue;
                matches++;
                EXPECT_FALSE(conformance::problems_with(v, adapter).empty())
                    << v.id << " does not notice that " << row.what;
            }
            EXPECT_GT(matches, 0U) << glob << " names no vector";
        }
}

const bool added = [] {
    for (const Row &row : faults)
        conformance::add_test("Faults", row.name, [&row] { test_fault(row); });
    return true;
}();

// ---- What is no mistake ----------------------------------------------------------------------

void expect_no_problems(const conformance::Adapter &adapter)
{
    for (const conformance::Vector &v : vectors())
        if (conformance::reason_to_skip(v, adapter.abilities).empty()) {
            const conformance::Problems problems = conformance::problems_with(v, adapter);
            EXPECT_TRUE(problems.empty()) << v.id << ": " << problems[0];
        }
}

TEST(Abilities, JudgingTextWhenItIsWholeIsNoMistakeIfTheAdapterSaysSo)
{
    conformance::Adapter adapter = faulty::adapter_with(Fault::utf8_late);
    adapter.abilities.judges_early = false;
    expect_no_problems(adapter);
}

TEST(Abilities, DroppingWhatFollowsACloseIsNoMistakeIfTheAdapterSaysSo)
{
    conformance::Adapter adapter = faulty::adapter_with(Fault::after_close_dropped);
    adapter.abilities.discards_after_close = true;
    expect_no_problems(adapter);
}

TEST(Abilities, NotLookingAtTheEndIsNoMistakeIfTheAdapterSaysSo)
{
    conformance::Adapter adapter = faulty::adapter_with(Fault::end_not_judged);
    adapter.abilities.judges_end = false;
    expect_no_problems(adapter);
}

std::string reason_for(const char *id, const conformance::Abilities &abilities)
{
    for (const conformance::Vector &v : vectors())
        if (v.id == id)
            return conformance::reason_to_skip(v, abilities);
    return "no such vector";
}

TEST(Abilities, WhatAnImplementationLacksIsTheReasonToSkip)
{
    conformance::Abilities none;
    none.reads = {"server"};
    none.judges_end = none.judges_early = false;
    EXPECT_EQ(reason_for("framing/text-unmasked", none), "");
    EXPECT_EQ(reason_for("framing/text-masked", none), "does not read what a client sends");
    EXPECT_EQ(reason_for("handshake-response/minimal", none),
              "does not judge the server's opening handshake");
    EXPECT_EQ(reason_for("framing/rsv1-negotiated", none), "does not have the extension rsv");
    EXPECT_EQ(reason_for("limits/frame-at", none), "does not have the limit max_frame");
    EXPECT_EQ(reason_for("framing/truncated-in-payload", none),
              "does not judge where a stream ends");
    EXPECT_EQ(reason_for("utf8/known-before-frame-ends", none),
              "judges whole messages, and the vector ends inside one");
}

TEST(Sending, ACodecThatWritesTheWrongWayIsCaught)
{
    conformance::Adapter adapter = faulty::adapter_with(Fault::none);
    adapter.write = [](const conformance::Setup &setup, const conformance::Event &event) {
        conformance::Setup other;
        other.role = setup.role == "client" ? "server" : "client";
        return faulty::write(other, event);
    };
    for (const conformance::Sending &s : conformance::sendings)
        for (const char *role : {"client", "server"})
            EXPECT_FALSE(conformance::problems_with(s, adapter, role).empty()) << s.name;
}
} // namespace
