// The captures that come with the project.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

// File names, e.g. "echo.pcapng".
inline std::vector<std::string> bundled_captures()
{
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(CAPTURES_DIR)) {
        const std::string extension = entry.path().extension();
        if (extension == ".pcapng" || extension == ".pcap")
            names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

inline std::string capture_path(const std::string &file)
{
    return std::string(CAPTURES_DIR) + "/" + file;
}

// "echo" of "echo.pcapng".
inline std::string capture_name(const std::string &file)
{
    return file.substr(0, file.find('.'));
}
