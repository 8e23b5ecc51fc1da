// What the stages say of a capture file, without threads and without a store.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include "pipeline.h"
#include "sink.h"
#include "source.h"
}

inline std::string json_of(const record &r)
{
    char *text = nullptr;
    size_t len = 0;
    sink s = {};
    s.out = open_memstream(&text, &len);
    s.line = g_string_new(nullptr);
    s.format = sink_json;
    s.show[r.type] = true;
    sink_write(&s, &r);
    sink_flush(&s);
    fclose(s.out);
    g_string_free(s.line, TRUE);
    std::string line(text, len);
    free(text);
    return line;
}

// How its packets ended: SOURCE_END, SOURCE_DAMAGED.
inline source_status run_capture(const std::string &path, record_sink *take, void *user)
{
    GError *error = nullptr;
    source *in = source_open_file(path.c_str(), &error);
    if (!in)
        throw std::runtime_error(error->message);
    const pipeline_options options = {};
    pipeline *stages = pipeline_new(&options, take, user);
    packet p;
    source_status status;
    while ((status = source_next(in, &p)) == SOURCE_PACKET)
        pipeline_take(stages, &p);
    pipeline_finish(stages);
    pipeline_free(stages);
    source_close(in);
    return status;
}

inline std::vector<std::string> direct_json(const std::string &path)
{
    std::vector<std::string> lines;
    const auto take = [](void *user, const record *r) {
        static_cast<std::vector<std::string> *>(user)->push_back(json_of(*r));
    };
    run_capture(path, take, &lines);
    return lines;
}
