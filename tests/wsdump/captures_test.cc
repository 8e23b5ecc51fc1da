// The bundled captures: what wsdump decodes is what the applications say they sent and received,
// all of it, in order, byte for byte, and nothing else. captures/README.md describes the logs.
#include "account.h"

#include <tuple>

namespace
{

using Case = std::tuple<std::string, std::string>; // file of the capture, side

std::vector<Case> cases()
{
    std::vector<Case> all;
    for (const std::string &file : bundled_captures())
        for (const char *side : {"client", "server"})
            if (std::filesystem::exists(log_path(file, side)))
                all.emplace_back(file, side);
    return all;
}

std::string case_name(const testing::TestParamInfo<Case> &info)
{
    return capture_name(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
}

class Captures : public testing::TestWithParam<Case>
{
};

TEST_P(Captures, AgreesWithTheApplication)
{
    const auto &[file, side] = GetParam();
    expect_agreement(capture_path(file), file, side, true);
}

INSTANTIATE_TEST_SUITE_P(Bundled, Captures, testing::ValuesIn(cases()), case_name);

TEST(CaptureLogs, BelongToEveryCaptureWithWebSockets)
{
    std::map<std::string, int> sides;
    for (const auto &[file, side] : cases())
        sides[file]++;
    for (const std::string &file : bundled_captures())
        EXPECT_EQ(sides[file], capture_name(file) == "http" ? 1 : 2) << file;
}

} // namespace
