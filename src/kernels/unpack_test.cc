#include <gmock/gmock.h>

#include <cstring>

#include "kernels/dispatch.h"
#include "kernels/kernels_for_tests.h"

namespace rung {
namespace {

struct Unpacked {
  std::vector<int8_t> codes;
  std::vector<float> scale, min;

  Unpacked(const FormatInfo& info, size_t values)
      : codes(values, 99), scale(values / info.group_values, 7.0f), min(values / info.group_values, 7.0f) {}
};

std::vector<uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<uint32_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), values.size() * sizeof(float));
  return bits;
}

TEST(Unpack, EveryIsaGivesTheBytesOfTheSpecification) {
  Rng rng(1);
  for (const FormatInfo& info : all_formats()) {
    if (info.unpack == nullptr) continue;
    for (const size_t blocks : {1, 2, 3, 40}) {
      const size_t values = blocks * info.block_values;
      const std::vector<uint8_t> bytes = random_blocks(rng, info.format, values);
      Unpacked expected(info, values);
      info.unpack(bytes.data(), values, expected.codes.data(), expected.scale.data(), expected.min.data());
      for (const Isa isa : available_isas()) {
        SCOPED_TRACE(std::string(info.name) + " " + std::string(isa_name(isa)));
        Unpacked got(info, values);
        unpack_for(isa, info.format)(bytes.data(), values, got.codes.data(), got.scale.data(), got.min.data());
        EXPECT_EQ(got.codes, expected.codes);
        EXPECT_EQ(bits_of(got.scale), bits_of(expected.scale));
        EXPECT_EQ(bits_of(got.min), bits_of(expected.min));
      }
    }
  }
}

TEST(Unpack, HotFormatsHaveASimdForm) {
  if (available_isas().size() < 2) GTEST_SKIP() << "this CPU has no AVX2";
  for (const Format format : {Format::Q8_0, Format::Q6_K, Format::Q5_K, Format::Q4_K, Format::Q3_K, Format::Q2_K,
                              Format::Q4_0, Format::IQ4_NL, Format::IQ4_XS, Format::MXFP4, Format::IQ2_XXS})
    EXPECT_NE(unpack_for(Isa::kAvx2, format), format_info(format).unpack) << format_name(format);
  EXPECT_EQ(unpack_for(Isa::kAvx2, Format::F16), nullptr);
}

TEST(Dequantize, EqualsDecodeRow) {
  Rng rng(2);
  for (const FormatInfo& info : all_formats()) {
    if (info.unpack == nullptr) continue;
    const size_t values = 3 * info.block_values;
    const std::vector<uint8_t> bytes = random_blocks(rng, info.format, values);
    std::vector<float> expected(values);
    decode_row(info.format, bytes.data(), values, expected.data());
    Unpacked row(info, values);
    info.unpack(bytes.data(), values, row.codes.data(), row.scale.data(), row.min.data());
    for (const Isa isa : available_isas()) {
      std::vector<float> got(values);
      kernels_for(isa).dequantize({row.codes.data(), row.scale.data(), row.min.data(), values, info.group_values},
                                  got.data());
      EXPECT_EQ(bits_of(got), bits_of(expected)) << info.name << " " << isa_name(isa);
    }
  }
}

}  // namespace
}  // namespace rung
