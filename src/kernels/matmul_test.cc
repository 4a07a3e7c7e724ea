#include "kernels/matmul.h"

#include <gmock/gmock.h>

#include <ostream>

#include "kernels/dispatch.h"
#include "kernels/kernels_for_tests.h"

namespace rung {

/// How GoogleTest names a format in its messages.
void PrintTo(const FormatInfo& info, std::ostream* out) { *out << info.name; }

namespace {

constexpr size_t kTokenCounts[] = {1, 2, 5, 8, 9, 33};
constexpr size_t kRowCounts[] = {1, 3, 8, 17, 33};

/// Column counts that a format allows: around a block, and more than one chunk of a tile.
std::vector<size_t> column_counts(const FormatInfo& info, Precision precision) {
  if (info.block_values == 1 && precision == Precision::kF32) return {1, 31, 300};
  const size_t unit = std::max<size_t>(32, info.block_values);
  return {unit, 3 * unit, (1024 / unit + 1) * unit};
}

std::vector<float> product(Isa isa, ThreadPool& pool, Precision precision, const Matrix& weights,
                           const Activations& input, size_t tokens, size_t first = 0,
                           Batching batching = Batching::kFastest) {
  std::vector<float> out(tokens * weights.rows, -1.0f);
  MatmulScratch scratch;
  const MatmulJob job{weights, &input, first, tokens, out.data(), weights.rows};
  matmul_with(isa, pool, scratch, precision, {&job, 1}, batching);
  return out;
}

/// All shapes of one format on every instruction set against sums in double.
void check_format(const FormatInfo& info, Precision precision) {
  const bool integer = precision == Precision::kQ8 && info.unpack != nullptr;
  ThreadPool pool(1);
  Rng rng(5 + static_cast<uint64_t>(info.format));
  for (const size_t cols : column_counts(info, precision)) {
    const std::vector<float> x = random_floats(rng, 33 * cols);
    Activations input;
    input.assign(pool, x.data(), 33, cols, integer);
    for (const size_t rows : kRowCounts) {
      const TestMatrix weights(rng, info.format, rows, cols);
      std::vector<Expected> expected;
      for (size_t token = 0; token < 33; ++token)
        for (size_t row = 0; row < rows; ++row)
          expected.push_back(integer ? expect_q8(weights.matrix, row, input.quantized_rows(token))
                                     : expect_f32(weights.matrix, row, input.row(token)));
      for (const Isa isa : available_isas()) {
        for (const size_t tokens : kTokenCounts) {
          SCOPED_TRACE(testing::Message() << info.name << " " << isa_name(isa) << " rows " << rows << " cols " << cols
                                          << " tokens " << tokens);
          const std::vector<float> got = product(isa, pool, precision, weights.matrix, input, tokens);
          for (size_t at = 0; at < got.size(); ++at)
            ASSERT_NEAR(got[at], expected[at].value, expected[at].tolerance) << "element " << at;
        }
      }
    }
  }
}

class EveryFormat : public testing::TestWithParam<FormatInfo> {
 protected:
  static const FormatInfo& info() { return GetParam(); }
};
class EveryIntegerFormat : public EveryFormat {};

TEST_P(EveryFormat, Q8IsTheProductOfTheCodes) { check_format(info(), Precision::kQ8); }

TEST_P(EveryFormat, F32IsTheProductOfTheDecodedWeights) { check_format(info(), Precision::kF32); }

/// What makes a prefill decide as token-by-token decoding does: a token's outputs are the same bits in any company.
TEST_P(EveryFormat, InvariantProductsDoNotSeeTheOtherTokens) {
  Rng rng(11);
  ThreadPool pool(1);
  const size_t cols = 5 * std::max<size_t>(256, info().block_values), rows = 21, tokens = 33;
  const TestMatrix weights(rng, info().format, rows, cols);
  const std::vector<float> x = random_floats(rng, tokens * cols);
  for (const Precision precision : {Precision::kQ8, Precision::kF32}) {
    Activations input;
    input.assign(pool, x.data(), tokens, cols, true);
    for (const Isa isa : available_isas()) {
      const auto all = product(isa, pool, precision, weights.matrix, input, tokens, 0, Batching::kInvariant);
      for (size_t first = 0, count = 1; first + count <= tokens; first += count, ++count) {
        const auto part = product(isa, pool, precision, weights.matrix, input, count, first, Batching::kInvariant);
        const auto begin = all.begin() + static_cast<ptrdiff_t>(first * rows);
        ASSERT_TRUE(std::equal(part.begin(), part.end(), begin)) << isa_name(isa) << " " << count << " tokens";
      }
    }
  }
}

/// The two roads are really two: rounding activations to 8 bits shows, and no more than it may (half a step a value).
TEST_P(EveryIntegerFormat, Q8DiffersFromF32ByTheRoundingOfActivations) {
  Rng rng(6);
  ThreadPool pool(1);
  constexpr size_t kCols = 1024, kRows = 16;
  const TestMatrix weights(rng, info().format, kRows, kCols);
  const std::vector<float> x = random_floats(rng, 9 * kCols);
  Activations input;
  input.assign(pool, x.data(), 9, kCols, true);
  const std::vector<float> rounded = product(active_isa(), pool, Precision::kQ8, weights.matrix, input, 9);
  const std::vector<float> exact = product(active_isa(), pool, Precision::kF32, weights.matrix, input, 9);
  EXPECT_NE(rounded, exact);
  std::vector<float> decoded(kCols);
  for (size_t row = 0; row < kRows; ++row) {
    decode_row(info().format, weights.bytes.data() + row * row_bytes(info().format, kCols), kCols, decoded.data());
    double sizes = 0;
    for (const float value : decoded) sizes += std::abs(value);
    for (size_t token = 0; token < 9; ++token)
      EXPECT_NEAR(rounded[token * kRows + row], exact[token * kRows + row], sizes * 0.501 / 127);
  }
}

std::vector<FormatInfo> integer_formats() {
  std::vector<FormatInfo> formats;
  for (const FormatInfo& info : all_formats())
    if (info.unpack != nullptr) formats.push_back(info);
  return formats;
}

std::string test_name(const testing::TestParamInfo<FormatInfo>& test) { return std::string(test.param.name); }

INSTANTIATE_TEST_SUITE_P(Matmul, EveryFormat, testing::ValuesIn(all_formats().begin(), all_formats().end()), test_name);
INSTANTIATE_TEST_SUITE_P(Matmul, EveryIntegerFormat, testing::ValuesIn(integer_formats()), test_name);

TEST(Matmul, ThreadsDoNotChangeABit) {
  Rng rng(7);
  ThreadPool one(1), three(3);
  constexpr size_t kCols = 1280;
  const std::vector<float> x = random_floats(rng, 40 * kCols);
  for (const Format format : {Format::Q4_K, Format::Q6_K, Format::Q8_0, Format::F16}) {
    const TestMatrix weights(rng, format, 333, kCols);
    for (const Precision precision : {Precision::kQ8, Precision::kF32}) {
      Activations input, input3;
      input.assign(one, x.data(), 40, kCols, true);
      input3.assign(three, x.data(), 40, kCols, true);
      for (const Isa isa : available_isas())
        for (const size_t tokens : {1, 40})
          EXPECT_EQ(product(isa, one, precision, weights.matrix, input, tokens),
                    product(isa, three, precision, weights.matrix, input3, tokens))
              << format_name(format) << " " << isa_name(isa) << " " << tokens;
    }
  }
}

/// A power of two leaves the rounding as it was; both roads, in tiles and row by row.
TEST(Matmul, ScaleMultipliesEveryOutput) {
  Rng rng(9);
  ThreadPool pool(1);
  const std::vector<float> x = random_floats(rng, 40 * 256);
  Activations input;
  input.assign(pool, x.data(), 40, 256, true);
  TestMatrix weights(rng, Format::NVFP4, 70, 256);
  for (const Precision precision : {Precision::kQ8, Precision::kF32}) {
    for (const size_t tokens : {1, 40}) {
      weights.matrix.scale = 1.0f;
      std::vector<float> expected = product(active_isa(), pool, precision, weights.matrix, input, tokens);
      for (float& value : expected) value *= 0x1p-7f;
      weights.matrix.scale = 0x1p-7f;
      EXPECT_EQ(product(active_isa(), pool, precision, weights.matrix, input, tokens), expected);
    }
  }
}

/// Several jobs of several shapes in one call give what each gives alone, and write nowhere else.
TEST(Matmul, JobsAreIndependent) {
  Rng rng(8);
  ThreadPool pool(2);
  const std::vector<float> x = random_floats(rng, 20 * 512);
  Activations input;
  input.assign(pool, x.data(), 20, 512, true);
  const TestMatrix a(rng, Format::Q4_K, 70, 512), b(rng, Format::Q8_0, 5, 512), c(rng, Format::BF16, 19, 512);
  struct Case {
    const TestMatrix* weights;
    size_t first, tokens;
  };
  const std::vector<Case> cases = {{&a, 0, 20}, {&b, 3, 1}, {&c, 2, 17}, {&a, 7, 0}, {&c, 19, 1}, {&b, 1, 12}};
  std::vector<std::vector<float>> outs;
  std::vector<MatmulJob> jobs;
  for (const Case& one : cases) {
    const size_t stride = one.weights->matrix.rows + 3;
    outs.emplace_back(one.tokens * stride, -5.0f);
    jobs.push_back({one.weights->matrix, &input, one.first, one.tokens, outs.back().data(), stride});
  }
  MatmulScratch scratch;
  matmul(pool, scratch, Precision::kQ8, jobs);
  EXPECT_EQ(scratch.slices().front().size(), MatmulScratch::slice_bytes(input.cols(), 20));
  for (size_t index = 0; index < jobs.size(); ++index) {
    const std::vector<float> together = outs[index];
    std::fill(outs[index].begin(), outs[index].end(), -5.0f);
    matmul(pool, scratch, Precision::kQ8, {&jobs[index], 1});
    EXPECT_EQ(together, outs[index]) << "job " << index;
    for (size_t token = 0; token < jobs[index].tokens; ++token)
      for (size_t pad = 0; pad < 3; ++pad)
        EXPECT_EQ(together[token * jobs[index].out_stride + jobs[index].weights.rows + pad], -5.0f);
  }
}

TEST(Matmul, ZeroActivationsGiveZero) {
  Rng rng(9);
  ThreadPool pool(1);
  const std::vector<float> x(9 * 256, 0.0f);
  Activations input;
  input.assign(pool, x.data(), 9, 256, true);
  for (const FormatInfo& info : all_formats()) {
    const TestMatrix weights(rng, info.format, 18, 256);
    for (const Isa isa : available_isas())
      for (const size_t tokens : {1, 9})
        for (const Precision precision : {Precision::kQ8, Precision::kF32})
          EXPECT_THAT(product(isa, pool, precision, weights.matrix, input, tokens), testing::Each(0.0f)) << info.name;
  }
}

TEST(Matmul, NoJobsIsNothing) {
  ThreadPool pool(2);
  MatmulScratch scratch;
  matmul(pool, scratch, Precision::kQ8, {});
}

/// The largest codes on both sides with one sign, where a 16-bit intermediate would overflow first.
TEST(Matmul, ExtremeCodesDoNotSaturate) {
  ThreadPool pool(1);
  constexpr size_t kCols = 64, kRows = 16;
  std::vector<uint8_t> bytes;
  for (size_t block = 0; block < kRows * kCols / 32; ++block) {
    bytes.insert(bytes.end(), {0x00, 0x3c});                      // d = 1
    bytes.insert(bytes.end(), 32, block % 2 == 0 ? 0x80 : 0x7f);  // -128 or 127
  }
  const Matrix weights{Format::Q8_0, bytes.data(), kRows, kCols};
  std::vector<float> x(9 * kCols, 127.0f);  // scale 1, code 127
  for (size_t col = 0; col < 32; ++col) x[kCols + col] = -127.0f;
  Activations input;
  input.assign(pool, x.data(), 9, kCols, true);
  for (const Isa isa : available_isas()) {
    for (const size_t tokens : {2, 9}) {
      const std::vector<float> got = product(isa, pool, Precision::kQ8, weights, input, tokens);
      EXPECT_EQ(got[0], 32 * 127 * (-128 + 127)) << isa_name(isa);
      EXPECT_EQ(got[kRows], 32 * 127 * (128 + 127)) << isa_name(isa);
    }
  }
}

}  // namespace
}  // namespace rung
