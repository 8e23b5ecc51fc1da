// wsdump on compressed captures: by name and from standard input, whole and cut.
#include "bundled.h"
#include "packed.h"
#include "program.h"

#include <gtest/gtest.h>

namespace
{

build::Bytes bytes_of(const std::string &path)
{
    const std::string content = contents_of(path);
    return build::Bytes(content.begin(), content.end());
}

class Packed : public testing::TestWithParam<Packing>
{
};

TEST_P(Packed, CapturesGiveTheSameRecords)
{
    for (const std::string &name : bundled_captures()) {
        const Outcome plain = wsdump({"-r", capture_path(name), "--json"});
        const build::TempFile packed(GetParam().pack(bytes_of(capture_path(name))));
        const Outcome by_name = wsdump({"-r", packed.path(), "--json"});
        EXPECT_EQ(by_name.status, 0);
        EXPECT_TRUE(by_name.out == plain.out) << name;
        EXPECT_EQ(by_name.err, plain.err) << name;
        Surroundings from_stdin;
        from_stdin.input = packed.path();
        const Outcome piped = wsdump({"-r", "-", "--json"}, from_stdin);
        EXPECT_EQ(piped.status, 0);
        EXPECT_TRUE(piped.out == plain.out) << name;
    }
}

TEST_P(Packed, CapturesThatAreCutOffAreDecodedUpToThere)
{
    const build::Bytes whole = GetParam().pack(bytes_of(capture_path("many.pcapng")));
    const build::TempFile file(build::Bytes(whole.begin(), whole.end() - 10000));
    const Outcome plain = wsdump({"-r", capture_path("many.pcapng"), "--show", "open,message"});
    const Outcome cut = wsdump({"-r", file.path(), "--show", "open,message", "-q"});
    EXPECT_EQ(cut.status, 1);
    EXPECT_NE(cut.err.find(std::string(": the ") + GetParam().name + " data is cut off\n"),
              std::string::npos)
        << cut.err;
    EXPECT_EQ(lines_of(cut.err).size(), 1u) << cut.err;
    EXPECT_GT(cut.out.size(), plain.out.size() / 2);
    // Up to there everything is the same; what is unfinished is told of at the end.
    const size_t same = static_cast<size_t>(
        std::mismatch(cut.out.begin(), cut.out.end(), plain.out.begin()).first - cut.out.begin());
    EXPECT_GT(same, cut.out.size() / 2);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Packed, testing::ValuesIn(packings()),
                         [](const auto &parameter) { return parameter.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Packed);

} // namespace
