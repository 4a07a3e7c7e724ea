#include "codec/encoder_fingerprint.h"

#include <gtest/gtest.h>

#include "base/cpu.h"
#include "codec/encoders.h"

namespace rung {
namespace {

Format changed_format;

/// As the encoder of the format that is changed, but for one bit of the last block.
void encode_differently(const EncodeInput& input, uint8_t* blocks) {
  format_info(changed_format).encode(input, blocks);
  blocks[input.rows * row_bytes(changed_format, input.columns) - 1] ^= 1;
}

TEST(EncoderFingerprint, TellsAChangeOfAnyEncoder) {
  const std::string present = encoder_fingerprint();
  EXPECT_EQ(present.size(), 32u);
  for (const FormatInfo& info : all_formats()) {
    if (info.encode == nullptr) continue;
    changed_format = info.format;
    EXPECT_NE(encoder_fingerprint([&](Format format) {
                return format == info.format ? EncodeFn(encode_differently) : format_info(format).encode;
              }),
              present)
        << info.name;
  }
}

TEST(EncoderFingerprint, IsTheSameWithEveryInstructionSet) {
  for (const Isa isa : available_isas())
    EXPECT_EQ(encoder_fingerprint([&](Format format) { return encoder_of(format, isa); }), encoder_fingerprint());
}

}  // namespace
}  // namespace rung
