// A second WebSocket codec, small and plain, which can be told to make one mistake: with none it
// shows that the vectors can be met by other code than the library's, with one that they notice.
// It is not fast, not complete (no writing of compressed messages and heads) and not for use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace faulty
{
using Bytes = std::vector<uint8_t>;

// One name per mistake; faults_test.cc has a sentence for each, and says which vectors notice it.
enum class Fault {
    none,
    // reserved bits
    rsv_ignored,
    rsv_ignored_on_control,
    rsv_all_with_extension,
    rsv1_on_continuation,
    // masking
    unmasked_accepted,
    unmasked_accepted_when_empty,
    unmasked_accepted_later,
    masked_accepted,
    mask_phase_of_read,
    mask_phase_of_message,
    mask_key_of_first_frame,
    mask_key_zero_refused,
    // lengths
    length_not_minimal_16,
    length_not_minimal_64,
    length_msb_accepted,
    length_cut_to_32_bits,
    length_signed_32_bits,
    length_16_swapped,
    // control frames
    control_126_accepted,
    control_125_refused,
    control_16_bits_accepted,
    control_fragmented_accepted,
    control_ends_message,
    control_joins_message,
    control_after_message,
    pong_unsolicited_refused,
    // opcodes and fragments
    reserved_data_accepted,
    reserved_control_accepted,
    continuation_without_start,
    new_message_inside,
    type_of_last_frame,
    empty_fragment_refused,
    empty_fragment_ends_message,
    empty_message_dropped,
    // Close
    after_close_delivered,
    after_close_dropped,
    close_one_byte_accepted,
    close_empty_refused,
    close_1004_to_1006_accepted,
    close_1015_accepted,
    close_unassigned_accepted,
    close_below_1000_accepted,
    close_1012_to_1014_refused,
    close_1007_to_1011_refused,
    close_private_refused,
    close_reason_not_judged,
    close_reason_must_be_ascii,
    // UTF-8
    utf8_not_judged,
    utf8_of_each_frame,
    utf8_of_each_read,
    utf8_late,
    utf8_end_not_judged,
    utf8_for_binary,
    utf8_reset_by_control,
    utf8_surrogates_accepted,
    utf8_overlong_2_accepted,
    utf8_overlong_3_accepted,
    utf8_overlong_4_accepted,
    utf8_beyond_10ffff_accepted,
    utf8_five_bytes_accepted,
    utf8_noncharacters_refused,
    utf8_nul_refused,
    // pieces
    header_forgotten_at_cut,
    byte_after_frame_lost,
    payload_of_one_read_only,
    // the end
    end_not_judged,
    end_in_message_not_judged,
    // limits
    limit_frame_off_by_one,
    limit_message_of_frame_only,
    limit_message_kept,
    limit_fragments_counts_control,
    limit_fragments_not_judged,
    limit_inflated_one_more,
    limit_inflated_at_refused,
    limit_inflated_of_wire,
    limit_inflated_of_frame,
    limit_inflated_kept,
    limit_inflated_for_plain,
    limit_ratio_one_more,
    limit_ratio_at_refused,
    limit_ratio_from_1023,
    limit_ratio_from_1025,
    limit_ratio_of_whole_message,
    limit_ratio_of_frame,
    limit_ratio_of_connection,
    // compressed messages
    deflate_delivered_raw,
    deflate_for_plain,
    deflate_of_each_frame,
    deflate_of_the_other_role,
    deflate_window_forgotten,
    deflate_window_kept,
    deflate_window_short,
    deflate_too_far_accepted,
    deflate_stored_length_not_judged,
    deflate_reserved_block_accepted,
    deflate_final_ends_message,
    deflate_final_forgets_window,
    deflate_final_not_aligned,
    deflate_plain_enters_window,
    deflate_empty_refused,
    utf8_of_deflated_not_judged,
    utf8_of_deflated_on_wire,
    // the opening handshake
    upgrade_knows_case,
    upgrade_part_of_word,
    connection_not_a_list,
    names_know_case,
    method_not_judged,
    version_not_judged,
    key_length_not_judged,
    host_not_judged,
    http_version_not_judged,
    head_lines_not_judged,
    subprotocols_not_judged,
    extensions_not_judged,
    status_any_1xx,
    accept_not_judged,
    accept_ignores_case,
    accept_untrimmed,
    subprotocol_unoffered,
    subprotocol_ignores_case,
    extension_unoffered,
    frames_behind_head_lost,
    head_must_come_whole,
    // the negotiation of permessage-deflate
    deflate_name_begins_so,
    parameter_unknown_accepted,
    parameter_double_accepted,
    parameter_flag_with_value_accepted,
    parameter_quotes_kept,
    window_without_value_accepted,
    window_below_8_accepted,
    window_16_accepted,
    window_8_refused,
    window_leading_zero_accepted,
    window_cut_to_8_bits,
    window_in_any_notation,
    window_wrong_ignored,
    offer_client_window_needs_value,
    offers_of_first_line_only,
    offers_first_only,
    offers_last_wins,
    offers_none_answered,
    answer_wider_than_offer,
    answer_wider_than_policy,
    answer_leaves_out_15,
    answer_grants_no_forgetting,
    answer_swaps_sides,
    answer_tells_any_client,
    answer_names_client_window_always,
    answer_must_be_there,
    answer_not_granting_accepted,
    answer_without_window_accepted,
    answer_wider_window_accepted,
    answer_client_window_unasked_accepted,
    answer_client_window_wider_accepted,
    answer_unasked_refused,
    answer_to_first_offer_only,
    answer_mixed_accepted,
    answer_own_words_forgotten,
    answer_read_for_other_side,
};

struct Limits {
    uint64_t frame = 0, message = 0, fragments = 0, inflated = 0; // 0 = none
};

// UTF-8 byte by byte: how many continuation bytes are due, and what the next may be.
class Utf8
{
public:
    explicit Utf8(Fault fault) : fault_(fault) {}

    bool take(uint8_t b)
    {
        if (due_ == 0)
            return lead(b);
        if (b < low_ || b > high_)
            return false;
        low_ = 0x80;
        high_ = 0xBF;
        character_ = character_ << 6 | (b & 0x3Fu);
        due_--;
        return due_ > 0 || fault_ != Fault::utf8_noncharacters_refused ||
               (character_ & 0xFFFE) != 0xFFFE;
    }
    bool done() const
    {
        return due_ == 0;
    }
    void reset()
    {
        due_ = 0;
    }

private:
    bool lead(uint8_t b);
    bool expect(int due, uint8_t low, uint8_t high)
    {
        due_ = due;
        low_ = low;
        high_ = high;
        return true;
    }

    Fault fault_;
    int due_ = 0;
    uint8_t low_ = 0, high_ = 0;
    uint32_t character_ = 0;
};

// The frames and messages of one side. receive takes bytes as they come; false = the connection has
// failed, and stays so.
class Codec
{
public:
    std::function<void(int opcode, const Bytes &payload)> on_message;
    // Optional: inflates the payload of a message with RSV1 as far as it has come; false = wrong.
    std::function<bool(const Bytes &so_far, bool last, Bytes *text)> inflate;

    Codec(bool from_client, Fault fault, uint8_t rsv_allowed = 0, Limits limits = {})
        : from_client_(from_client), fault_(fault), rsv_allowed_(rsv_allowed), limits_(limits),
          utf8_(fault), reason_utf8_(fault)
    {
    }

    bool receive(const uint8_t *in, size_t len);
    // The stream has ended; false = too soon.
    bool finish() const;

private:
    bool has(Fault fault) const
    {
        return fault_ == fault;
    }
    void begin_read(const uint8_t **in, size_t *len);
    bool take(uint8_t byte);
    bool take_header_byte(uint8_t byte);
    size_t header_size() const;
    void read_header();
    bool header_legal() const;
    bool rsv_legal() const;
    bool mask_legal() const;
    bool length_legal() const;
    bool control_legal() const;
    bool order_legal() const;
    bool limits_legal() const;
    void begin_frame();
    bool take_payload_byte(uint8_t byte);
    bool judge_close_byte(uint8_t byte);
    bool close_code_legal(int code) const;
    bool end_frame();
    bool inflate_so_far(bool last);
    bool end_message();
    void deliver(int opcode, const Bytes &payload);
    bool is_control() const
    {
        return opcode_ >= 8;
    }

    bool from_client_;
    Fault fault_;
    uint8_t rsv_allowed_;
    Limits limits_;
    Utf8 utf8_, reason_utf8_;

    Bytes header_; // as much of it as has come
    bool in_payload_ = false;
    bool fin_ = false, masked_ = false;
    int rsv_ = 0, opcode_ = 0, form_ = 7;
    uint64_t length_ = 0, got_ = 0; // of the payload
    uint8_t key_[4] = {}, first_key_[4] = {};
    uint64_t frames_ = 0, read_at_ = 0, message_masked_ = 0;

    bool in_message_ = false;
    int message_opcode_ = 0;
    Bytes message_, control_;
    uint64_t fragments_ = 0, message_length_ = 0;
    bool compressed_ = false;
    size_t frame_begin_ = 0, judged_ = 0; // of a compressed message: its bytes, its text
    Bytes inflated_;
    std::vector<std::pair<int, Bytes>> kept_; // for control_after_message
    bool closed_ = false, failed_ = false;
};

// A frame as a sender of this role writes it.
Bytes write_frame(bool client, int opcode, const Bytes &payload);

// The opening handshake: judges one whole head. 0 = legal, else the status to refuse with (a
// response: any number but 0).
int judge_request(const std::string &head, Fault fault);
int judge_response(const std::string &head, const std::string &request, Fault fault);

// permessage-deflate's parameters; one without a value has an empty text.
using Parameters = std::map<std::string, std::string>;

// A server's answer to the offers of this head, by a policy. None: it declines them.
std::optional<std::string> answer_offers(const std::string &head, const Parameters &policy,
                                         Fault fault);
// A client judges the answer; false = illegal. *agreed has no value when there is none.
bool judge_answer(const std::string &head, const std::string &request, Fault fault,
                  std::optional<Parameters> *agreed);

// Takes a stream that begins with a head: keeps it until it is whole.
class HeadBuffer
{
public:
    explicit HeadBuffer(Fault fault) : fault_(fault) {}
    // The number of bytes that belong to the head.
    size_t take(const uint8_t *in, size_t len);
    bool whole() const
    {
        return whole_;
    }
    const std::string &head() const
    {
        return head_;
    }

private:
    Fault fault_;
    std::string head_;
    bool whole_ = false;
};
} // namespace faulty
