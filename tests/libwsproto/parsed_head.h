// A head in guarded memory, taken apart: what the tests of the HTTP side begin with.
#pragma once

#include "guarded.h"

#include <wsproto/http.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

inline std::string str(wsp_text text)
{
    return text.data ? std::string(text.data, text.len) : "(absent)";
}

inline wsp_text text(std::string_view view)
{
    return {view.data(), view.size()};
}

class ParsedHead
{
public:
    explicit ParsedHead(std::string_view bytes, size_t max_headers = 64)
        : bytes_(bytes), headers_(max_headers * sizeof(wsp_http_header))
    {
        wsp_http_parse(&head_, bytes_.data(), bytes_.size(),
                       reinterpret_cast<wsp_http_header *>(headers_.data()), max_headers);
    }

    const wsp_http_head *operator->() const
    {
        return &head_;
    }
    const wsp_http_head *get() const
    {
        return &head_;
    }

    // "Name=value" of every header line.
    std::vector<std::string> lines() const
    {
        std::vector<std::string> all;
        for (size_t i = 0; i < head_.header_count; i++)
            all.push_back(str(head_.headers[i].name) + "=" + str(head_.headers[i].value));
        return all;
    }

    // The elements of the list of this name.
    std::vector<std::string> list(const char *name) const
    {
        std::vector<std::string> all;
        wsp_http_list_place at = {0, 0};
        wsp_text element;
        while (wsp_http_list_next(&head_, name, &at, &element))
            all.push_back(str(element));
        return all;
    }

private:
    Guarded bytes_;
    Guarded headers_;
    wsp_http_head head_;
};
