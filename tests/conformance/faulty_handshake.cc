// The opening handshake of the deliberately faulty codec: heads taken apart with plain strings.
#include "faulty_codec.h"

#include <glib.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>

namespace faulty
{
namespace
{
using Strings = std::vector<std::string>;

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), g_ascii_tolower);
    return text;
}

std::string trim(const std::string &text)
{
    const size_t first = text.find_first_not_of(" \t");
    if (first == std::string::npos)
        return "";
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_token(const std::string &text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return g_ascii_isalnum(c) || std::string("!#$%&'*+-.^_`|~").find(c) != std::string::npos;
    });
}

bool is_base64(const std::string &text, size_t digits, const std::string &padding)
{
    return text.size() == digits + padding.size() && text.substr(digits) == padding &&
           std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(digits),
                       [](char c) { return g_ascii_isalnum(c) || c == '+' || c == '/'; });
}

// Cut at `mark`, but not inside quotes. Elements that are empty are left out.
Strings split(const std::string &text, char mark)
{
    Strings parts(1);
    bool quoted = false;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && quoted && i + 1 < text.size())
            parts.back() += text[i++];
        else if (text[i] == '"')
            quoted = !quoted;
        if (text[i] == mark && !quoted)
            parts.emplace_back();
        else
            parts.back() += text[i];
    }
    Strings kept;
    for (const std::string &part : parts)
        if (!trim(part).empty())
            kept.push_back(trim(part));
    return kept;
}

class Head
{
public:
    Head(const std::string &text, Fault fault) : fault_(fault)
    {
        size_t at = 0;
        for (size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
            std::string line = text.substr(at, end - at);
            if (!line.empty() && line.back() == '\r')
                line.pop_back();
            else
                legal_ = false;
            if (line.empty())
                continue;
            if (first_.empty())
                first_ = line;
            else
                take_line(line);
        }
    }

    bool has(Fault fault) const
    {
        return fault_ == fault;
    }
    const std::string &first() const
    {
        return first_;
    }
    bool legal() const
    {
        return legal_ || has(Fault::head_lines_not_judged);
    }
    Strings values(const std::string &name) const
    {
        Strings found;
        for (const auto &[key, value] : lines_)
            if (has(Fault::names_know_case) ? key == name : lower(key) == lower(name))
                found.push_back(value);
        return found;
    }
    // The value of a header that must be there once.
    std::string only(const std::string &name) const
    {
        const Strings found = values(name);
        return found.size() == 1 ? found[0] : "";
    }
    Strings list(const std::string &name) const
    {
        Strings all;
        for (const std::string &value : values(name))
            for (const std::string &part : split(value, ','))
                all.push_back(part);
        return all;
    }
    // Is every header of this name a list with something in it?
    bool empty_list(const std::string &name) const
    {
        return !values(name).empty() && list(name).empty();
    }

private:
    void take_line(const std::string &line)
    {
        const size_t colon = line.find(':');
        const bool control = std::any_of(line.begin(), line.end(), [](char c) {
            return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F;
        });
        if (colon == std::string::npos || !is_token(line.substr(0, colon)) || control)
            legal_ = false;
        if (colon == std::string::npos)
            return;
        const std::string value = line.substr(colon + 1);
        lines_.emplace_back(line.substr(0, colon), has(Fault::accept_untrimmed) && !value.empty()
                                                       ? value.substr(1)
                                                       : trim(value));
    }

    Fault fault_;
    bool legal_ = true;
    std::string first_;
    std::vector<std::pair<std::string, std::string>> lines_;
};

bool lists(const Head &head, const std::string &name, const std::string &word)
{
    for (const std::string &element : head.list(name)) {
        if ((head.has(Fault::upgrade_knows_case) ? element : lower(element)) == word)
            return true;
        if (head.has(Fault::upgrade_part_of_word) && lower(element).find(word) != std::string::npos)
            return true;
    }
    return false;
}

bool connection_legal(const Head &head)
{
    if (head.has(Fault::connection_not_a_list))
        return lower(head.only("Connection")) == "upgrade";
    return lists(head, "Connection", "upgrade");
}

// Undo the quotes of a parameter's value; what is left must be a token.
bool is_parameter_value(std::string value)
{
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
        value.erase(std::remove(value.begin(), value.end(), '\\'), value.end());
    }
    return is_token(value);
}

// The name of an extension, or nothing when it has not the form of RFC 6455 9.1.
std::string extension_name(const std::string &element)
{
    if (trim(element).empty() || trim(element).front() == ';' || trim(element).back() == ';')
        return "";
    const Strings parts = split(element, ';');
    for (size_t i = 1; i < parts.size(); i++) {
        const size_t equals = parts[i].find('=');
        if (!is_token(trim(parts[i].substr(0, equals))) ||
            (equals != std::string::npos && !is_parameter_value(trim(parts[i].substr(equals + 1)))))
            return "";
    }
    return parts.size() ==
                       1 + static_cast<size_t>(std::count(element.begin(), element.end(), ';')) &&
                   is_token(parts[0])
               ? parts[0]
               : "";
}

bool extensions_legal(const Head &head)
{
    const Strings all = head.list("Sec-WebSocket-Extensions");
    return head.has(Fault::extensions_not_judged) ||
           (!head.empty_list("Sec-WebSocket-Extensions") &&
            std::none_of(all.begin(), all.end(),
                         [](const std::string &e) { return extension_name(e).empty(); }));
}

bool subprotocols_legal(const Head &head)
{
    const Strings all = head.list("Sec-WebSocket-Protocol");
    const std::set<std::string> once(all.begin(), all.end());
    return head.has(Fault::subprotocols_not_judged) ||
           (!head.empty_list("Sec-WebSocket-Protocol") && once.size() == all.size() &&
            std::all_of(all.begin(), all.end(), is_token));
}

bool version_legal(const Head &head, const std::string &version)
{
    if (head.has(Fault::http_version_not_judged))
        return version.rfind("HTTP/", 0) == 0;
    return version.size() == 8 && version.rfind("HTTP/1.", 0) == 0 && version[7] >= '1' &&
           version[7] <= '9';
}

// host or host:port; nothing that belongs to another part of a URI.
bool is_host(const std::string &host)
{
    if (host.empty() || host.find_first_of("/ @?#,") != std::string::npos)
        return false;
    const size_t colon = host.rfind(':');
    if (colon == std::string::npos || host.back() == ']')
        return true;
    return colon > 0 && std::all_of(host.begin() + static_cast<ptrdiff_t>(colon) + 1, host.end(),
                                    [](char c) { return g_ascii_isdigit(c); });
}

bool is_target(const std::string &target)
{
    const bool plain =
        std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7F; });
    return plain && (target[0] == '/' || target.find("://") != std::string::npos);
}

bool request_head_legal(const Head &head)
{
    const std::string &line = head.first();
    const size_t one = line.find(' '), two = line.rfind(' ');
    if (one == two || !head.legal())
        return false;
    const std::string target = line.substr(one + 1, two - one - 1);
    return !target.empty() && is_target(target) && version_legal(head, line.substr(two + 1)) &&
           (head.has(Fault::host_not_judged) || is_host(head.only("Host"))) &&
           head.values("Origin").size() < 2 && head.values("Transfer-Encoding").empty() &&
           (head.values("Content-Length").empty() || head.only("Content-Length") == "0");
}

std::string accept_for(const std::string &key)
{
    GChecksum *sha1 = g_checksum_new(G_CHECKSUM_SHA1);
    const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    g_checksum_update(sha1, reinterpret_cast<const guchar *>(text.data()),
                      static_cast<gssize>(text.size()));
    guint8 digest[20];
    gsize size = sizeof digest;
    g_checksum_get_digest(sha1, digest, &size);
    g_checksum_free(sha1);
    char *encoded = g_base64_encode(digest, size);
    const std::string accept = encoded;
    g_free(encoded);
    return accept;
}

bool accept_legal(const Head &head, const Head &request)
{
    const std::string got = head.only("Sec-WebSocket-Accept");
    const std::string wanted = accept_for(request.only("Sec-WebSocket-Key"));
    if (head.has(Fault::accept_ignores_case))
        return lower(got) == lower(wanted);
    return got == wanted || (head.has(Fault::accept_not_judged) && !got.empty());
}

bool subprotocol_legal(const Head &head, const Head &request)
{
    if (head.values("Sec-WebSocket-Protocol").empty())
        return true;
    const std::string chosen = head.only("Sec-WebSocket-Protocol");
    for (const std::string &offered : request.list("Sec-WebSocket-Protocol"))
        if (offered == chosen ||
            (head.has(Fault::subprotocol_ignores_case) && lower(offered) == lower(chosen)))
            return true;
    return head.has(Fault::subprotocol_unoffered) && is_token(chosen);
}

bool extension_answer_legal(const Head &head, const Head &request)
{
    std::set<std::string> offered;
    for (const std::string &element : request.list("Sec-WebSocket-Extensions"))
        offered.insert(extension_name(element));
    std::set<std::string> seen;
    for (const std::string &element : head.list("Sec-WebSocket-Extensions")) {
        const std::string name = extension_name(element);
        if (!seen.insert(name).second)
            return false;
        if (offered.count(name) == 0 && !head.has(Fault::extension_unoffered))
            return false;
    }
    return extensions_legal(head);
}
} // namespace

int judge_request(const std::string &text, Fault fault)
{
    const Head head(text, fault);
    const struct {
        bool legal;
        int status;
    } rules[] = {
        {request_head_legal(head), 400},
        {head.has(Fault::method_not_judged) || head.first().rfind("GET ", 0) == 0, 405},
        {lists(head, "Upgrade", "websocket"), 400},
        {connection_legal(head), 400},
        {head.has(Fault::version_not_judged) || head.only("Sec-WebSocket-Version") == "13", 426},
        {head.has(Fault::key_length_not_judged)
             ? !head.only("Sec-WebSocket-Key").empty()
             : is_base64(head.only("Sec-WebSocket-Key"), 22, "=="),
         400},
        {subprotocols_legal(head), 400},
        {extensions_legal(head), 400},
    };
    for (const auto &rule : rules)
        if (!rule.legal)
            return rule.status;
    return 0;
}

int judge_response(const std::string &text, const std::string &asked, Fault fault)
{
    const Head head(text, fault), request(asked, Fault::none);
    const std::string &line = head.first();
    const size_t space = line.find(' ');
    const std::string status = space == std::string::npos ? "" : line.substr(space + 1, 4);
    const bool switched =
        fault == Fault::status_any_1xx ? status[0] == '1' : status == "101" || status == "101 ";
    const Strings upgrade = head.list("Upgrade");
    const bool legal = switched && head.legal() && version_legal(head, line.substr(0, space)) &&
                       upgrade.size() == 1 && lists(head, "Upgrade", "websocket") &&
                       connection_legal(head) && accept_legal(head, request) &&
                       subprotocol_legal(head, request) && extension_answer_legal(head, request);
    return legal ? 0 : 1;
}

// ---- The negotiation of permessage-deflate ---------------------------------------------------

namespace
{
const char server_bits[] = "server_max_window_bits", client_bits[] = "client_max_window_bits",
           server_forgets[] = "server_no_context_takeover",
           client_forgets[] = "client_no_context_takeover";

const char *const sides[][2] = {{server_bits, client_bits}, {server_forgets, client_forgets}};

// The window of one side, 15 where nothing is said of it.
int window(const Parameters &parameters, const char *name)
{
    const auto found = parameters.find(name);
    return found == parameters.end() || found->second.empty() ? 15 : std::stoi(found->second);
}

Parameters with_sides_swapped(const Parameters &parameters)
{
    Parameters swapped;
    for (const auto &pair : sides)
        for (int side : {0, 1})
            if (parameters.count(pair[side]))
                swapped[pair[1 - side]] = parameters.at(pair[side]);
    return swapped;
}

bool is_window(const std::string &text, Fault fault, int *bits)
{
    *bits = 0;
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                     [](char c) { return g_ascii_isdigit(c); });
    if (fault == Fault::window_in_any_notation)
        *bits = static_cast<int>(std::strtol(text.c_str(), nullptr, 0));
    else if (digits && (text[0] != '0' || fault == Fault::window_leading_zero_accepted))
        *bits = static_cast<int>(std::min(std::stoull(text), 99ULL));
    if (digits && fault == Fault::window_cut_to_8_bits)
        *bits = static_cast<int>(std::stoull(text) & 255);
    if (digits && text.size() == 1 && fault == Fault::window_below_8_accepted)
        return true;
    return *bits >= (fault == Fault::window_8_refused ? 9 : 8) &&
           *bits <= (fault == Fault::window_16_accepted ? 16 : 15);
}

// Puts one parameter in; false when its element must not be taken.
bool take_parameter(const std::string &text, bool answer, Fault fault, Parameters *parameters)
{
    const size_t equals = std::min(text.find('='), text.size());
    const std::string name = trim(text.substr(0, equals));
    std::string value = equals < text.size() ? trim(text.substr(equals + 1)) : "";
    if (value.size() >= 2 && value[0] == '"' && fault != Fault::parameter_quotes_kept)
        value = value.substr(1, value.size() - 2);
    const bool flag = name == server_forgets || name == client_forgets;
    if (!flag && name != server_bits && name != client_bits)
        return fault == Fault::parameter_unknown_accepted;
    if (parameters->count(name))
        return fault == Fault::parameter_double_accepted;
    if (flag) {
        (*parameters)[name] = "";
        return value.empty() || fault == Fault::parameter_flag_with_value_accepted;
    }
    int bits;
    if (is_window(value, fault, &bits))
        (*parameters)[name] = std::to_string(bits);
    else if (!value.empty())
        return fault == Fault::window_wrong_ignored;
    else
        (*parameters)[name] = "";
    if (!value.empty() || fault == Fault::window_without_value_accepted)
        return true;
    return !answer && name == client_bits && fault != Fault::offer_client_window_needs_value;
}

// Every element that is permessage-deflate; no value where it must not be taken.
std::vector<std::optional<Parameters>> elements(const Head &head, bool answer, Fault fault)
{
    const std::string name = "permessage-deflate";
    Strings all = head.list("Sec-WebSocket-Extensions");
    if (fault == Fault::offers_of_first_line_only && !all.empty())
        all = split(head.values("Sec-WebSocket-Extensions")[0], ',');
    std::vector<std::optional<Parameters>> found;
    for (const std::string &element : all) {
        const Strings parts = split(element, ';');
        if (fault == Fault::deflate_name_begins_so ? parts[0].rfind(name, 0) != 0
                                                   : parts[0] != name)
            continue;
        Parameters parameters;
        const bool legal = std::all_of(parts.begin() + 1, parts.end(), [&](const std::string &p) {
            return take_parameter(p, answer, fault, &parameters);
        });
        found.push_back(legal ? std::optional<Parameters>(parameters) : std::nullopt);
    }
    return found;
}

// What the server grants of this offer; none where its policy cannot be had.
std::optional<Parameters> grant(const Parameters &offer, const Parameters &policy, Fault fault)
{
    Parameters answer;
    const int mine = window(policy, server_bits), theirs = window(policy, client_bits);
    const auto smaller = [&](int wanted, int offered) {
        return fault == Fault::answer_wider_than_offer && wanted < 15 ? wanted
               : fault == Fault::answer_wider_than_policy && offered < 15
                   ? offered
                   : std::min(wanted, offered);
    };
    const int bits = smaller(mine, window(offer, server_bits));
    if (bits < 15 || (offer.count(server_bits) && fault != Fault::answer_leaves_out_15))
        answer[server_bits] = std::to_string(bits);
    if (theirs < 15 && !offer.count(client_bits) && fault != Fault::answer_tells_any_client)
        return std::nullopt;
    if (theirs < 15 || fault == Fault::answer_names_client_window_always)
        answer[client_bits] = std::to_string(smaller(theirs, window(offer, client_bits)));
    if (policy.count(client_forgets))
        answer[client_forgets] = "";
    if (policy.count(server_forgets) ||
        (offer.count(server_forgets) && fault != Fault::answer_grants_no_forgetting))
        answer[server_forgets] = "";
    return fault == Fault::answer_swaps_sides ? with_sides_swapped(answer) : answer;
}

// Does the answer keep to this offer?
bool answers(const Parameters &answer, const Parameters &offer, Fault fault)
{
    const bool asked_bits = offer.count(server_bits) > 0, bits = answer.count(server_bits) > 0;
    if (fault == Fault::answer_unasked_refused &&
        ((bits && !asked_bits) || answer.count(client_forgets) ||
         (answer.count(server_forgets) && !offer.count(server_forgets))))
        return false;
    if (offer.count(server_forgets) && !answer.count(server_forgets) &&
        fault != Fault::answer_not_granting_accepted)
        return false;
    if (asked_bits && !bits && fault != Fault::answer_without_window_accepted)
        return false;
    if (asked_bits && bits && window(answer, server_bits) > window(offer, server_bits) &&
        fault != Fault::answer_wider_window_accepted)
        return false;
    if (!answer.count(client_bits))
        return true;
    return (offer.count(client_bits) || fault == Fault::answer_client_window_unasked_accepted) &&
           (window(answer, client_bits) <= window(offer, client_bits) ||
            fault == Fault::answer_client_window_wider_accepted);
}

// Does each parameter keep to some offer, whichever?
bool answers_mixed(const Parameters &answer, const std::vector<std::optional<Parameters>> &offers)
{
    return std::all_of(answer.begin(), answer.end(), [&](const auto &parameter) {
        return std::any_of(offers.begin(), offers.end(), [&](const auto &offer) {
            return offer && offer->count(parameter.first);
        });
    });
}
} // namespace

std::optional<std::string> answer_offers(const std::string &text, const Parameters &policy,
                                         Fault fault)
{
    std::optional<Parameters> granted;
    const auto offers = elements(Head(text, fault), false, fault);
    for (const auto &offer : offers) {
        const std::optional<Parameters> grants =
            offer ? grant(*offer, policy, fault) : std::nullopt;
        if (grants)
            granted = grants;
        if ((granted && fault != Fault::offers_last_wins) || fault == Fault::offers_first_only)
            break;
    }
    if (offers.empty() && fault == Fault::offers_none_answered)
        granted = Parameters();
    if (!granted)
        return std::nullopt;
    std::string answer = "permessage-deflate";
    for (const auto &[name, value] : *granted)
        answer += "; " + name + (value.empty() ? "" : "=" + value);
    return answer;
}

bool judge_answer(const std::string &text, const std::string &asked, Fault fault,
                  std::optional<Parameters> *agreed)
{
    const auto found = elements(Head(text, fault), true, fault);
    auto offers = elements(Head(asked, fault), false, fault);
    if (found.empty())
        return fault != Fault::answer_must_be_there;
    if (!found[0])
        return false;
    if (fault == Fault::answer_to_first_offer_only)
        offers.resize(1);
    const Parameters &answer = *found[0];
    const auto offer = std::find_if(offers.begin(), offers.end(),
                                    [&](const auto &o) { return o && answers(answer, *o, fault); });
    if (offer == offers.end())
        return fault == Fault::answer_mixed_accepted && answers_mixed(answer, offers);
    Parameters all = answer;
    if (fault != Fault::answer_own_words_forgotten) {
        if ((*offer)->count(client_forgets))
            all[client_forgets] = "";
        all[client_bits] =
            std::to_string(std::min(window(answer, client_bits), window(**offer, client_bits)));
    }
    *agreed = fault == Fault::answer_read_for_other_side ? with_sides_swapped(all) : all;
    return true;
}

size_t HeadBuffer::take(const uint8_t *in, size_t len)
{
    if (fault_ == Fault::head_must_come_whole)
        head_.clear();
    size_t used = 0;
    while (used < len && !whole_) {
        head_ += static_cast<char>(in[used++]);
        const size_t n = head_.size();
        whole_ = (n >= 4 && head_.compare(n - 4, 4, "\r\n\r\n") == 0) ||
                 (n >= 2 && head_.compare(n - 2, 2, "\n\n") == 0) ||
                 (n >= 3 && head_.compare(n - 3, 3, "\n\r\n") == 0);
    }
    return fault_ == Fault::frames_behind_head_lost && whole_ ? len : used;
}
} // namespace faulty
