// What a vector's setup means for the library: for both of its adapters.
#pragma once

#include "wsproto_conformance.h"

#ifdef WSPROTO_DEFLATE
#include <wsproto/deflate.h>
#endif
#include <wsproto/message.h>

namespace libwsproto
{
namespace conformance = wsproto_conformance;

#ifdef WSPROTO_DEFLATE
using Inflater = std::unique_ptr<wsp_inflater, void (*)(wsp_inflater *)>;

// The window that these parameters grant to "client" or "server".
inline uint8_t window_of(const conformance::Parameters &agreed, const std::string &role)
{
    const auto bits = agreed.find(role + "_max_window_bits");
    return static_cast<uint8_t>(
        bits == agreed.end() || bits->second.empty() ? 15 : std::stoi(bits->second));
}

// What undoes the compression of this sender; none where it was not negotiated.
inline Inflater make_inflater(const conformance::Setup &setup)
{
    const auto deflate = setup.extensions.find("permessage-deflate");
    if (deflate == setup.extensions.end())
        return {nullptr, wsp_inflater_free};
    const bool forgets = deflate->second.count(setup.role + "_no_context_takeover") > 0;
    return {wsp_inflater_new(window_of(deflate->second, setup.role), forgets, nullptr),
            wsp_inflater_free};
}
#else
using Inflater = std::unique_ptr<wsp_inflater>;

inline Inflater make_inflater(const conformance::Setup &)
{
    return nullptr;
}
#endif

inline wsp_message_rules message_rules(const conformance::Setup &setup, const Inflater &inflater)
{
    wsp_message_rules rules = {};
    rules.max_message = setup.limit("max_message");
    rules.max_fragments = setup.limit("max_fragments");
    rules.max_inflated = setup.limit("max_inflated");
    rules.max_ratio = static_cast<uint32_t>(setup.limit("max_ratio"));
    rules.inflater = inflater.get();
    return rules;
}

// What this build of the library can do, whoever asks it.
inline conformance::Abilities common_abilities()
{
    conformance::Abilities abilities;
    abilities.places = true;
    abilities.limits = {"max_frame", "max_message", "max_fragments"};
#ifdef WSPROTO_DEFLATE
    abilities.extensions.insert("permessage-deflate");
    abilities.limits.insert({"max_inflated", "max_ratio"});
#endif
    return abilities;
}

// In a compressed message there is no byte at which a broken rule can be said to be known.
inline bool has_place(const conformance::Setup &setup, uint32_t violation)
{
    const uint32_t of_deflate = WSP_V_DEFLATE_DATA | WSP_V_LIMIT_INFLATED | WSP_V_LIMIT_RATIO;
    return setup.extensions.count("permessage-deflate") == 0 ||
           (violation & (of_deflate | WSP_V_TEXT_UTF8)) == 0;
}
} // namespace libwsproto
