#include "kernels/elementwise.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "kernels/dispatch.h"
#include "kernels/kernels_for_tests.h"

namespace rung {
namespace {

constexpr size_t kSizes[] = {1, 2, 7, 8, 9, 31, 32, 33, 64, 100, 257};
constexpr float kInf = std::numeric_limits<float>::infinity();

/// Steps between two floats of one sign, as units in the last place.
double ulps(float got, double expected) {
  const float nearest = static_cast<float>(expected);
  if (got == nearest) return 0;
  const float step = std::nextafter(std::abs(nearest), kInf) - std::abs(nearest);
  return std::abs(static_cast<double>(got) - expected) / static_cast<double>(step);
}

template <typename Check>
void for_each_isa_and_size(Check&& check) {
  for (const Isa isa : available_isas()) {
    for (const size_t n : kSizes) {
      SCOPED_TRACE(testing::Message() << isa_name(isa) << " n " << n);
      check(elementwise_for(isa), n);
    }
  }
}

Expected expect_dot(const float* a, const float* b, size_t n) {
  Expected expected;
  double magnitude = 0;
  for (size_t at = 0; at < n; ++at) {
    expected.value += double{a[at]} * b[at];
    magnitude += std::abs(double{a[at]} * b[at]);
  }
  expected.tolerance = static_cast<double>(n + 1) * kUnit * magnitude;
  return expected;
}

TEST(Elementwise, Dot) {
  Rng rng(10);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t n) {
    const std::vector<float> a = random_floats(rng, n), b = random_floats(rng, n);
    const Expected expected = expect_dot(a.data(), b.data(), n);
    EXPECT_NEAR(table.dot(a.data(), b.data(), n), expected.value, expected.tolerance);
  });
}

TEST(Elementwise, DotRows) {
  Rng rng(11);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t dim) {
    for (const size_t rows : {1, 3, 8, 13}) {
      const std::vector<float> q = random_floats(rng, dim), k = random_floats(rng, rows * dim);
      std::vector<float> out(rows + 1, 3.0f);
      table.dot_rows(q.data(), k.data(), rows, dim, 0.25f, out.data());
      for (size_t row = 0; row < rows; ++row) {
        const Expected expected = expect_dot(q.data(), k.data() + row * dim, dim);
        EXPECT_NEAR(out[row], 0.25 * expected.value, 0.25 * expected.tolerance);
      }
      EXPECT_EQ(out[rows], 3.0f);
    }
  });
}

TEST(Elementwise, WeightedSum) {
  Rng rng(12);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t dim) {
    for (const size_t rows : {1, 3, 4, 5, 13}) {
      const std::vector<float> w = random_floats(rng, rows), v = random_floats(rng, rows * dim);
      const std::vector<float> before = random_floats(rng, dim);
      std::vector<float> out = before;
      out.push_back(3.0f);
      table.weighted_sum(w.data(), v.data(), rows, dim, out.data());
      for (size_t at = 0; at < dim; ++at) {
        double expected = before[at], magnitude = std::abs(before[at]);
        for (size_t row = 0; row < rows; ++row) {
          expected += double{w[row]} * v[row * dim + at];
          magnitude += std::abs(double{w[row]} * v[row * dim + at]);
        }
        EXPECT_NEAR(out[at], expected, static_cast<double>(rows + 1) * kUnit * magnitude);
      }
      EXPECT_EQ(out[dim], 3.0f);
    }
  });
}

TEST(Elementwise, ExpIsWithinTwoUlpOverItsWholeRange) {
  for (const Isa isa : available_isas()) {
    const ElementwiseTable& table = elementwise_for(isa);
    std::vector<float> x;
    for (double at = -104.0; at < 88.8; at += 0.00137) x.push_back(static_cast<float>(at));
    const std::vector<float> before = x;
    table.exp_sum(x.data(), x.size(), 0.0f);
    for (size_t at = 0; at < x.size(); ++at) {
      const double expected = std::exp(double{before[at]});
      if (expected > 3.4028234e38) continue;  // infinite or the largest number: within rounding of the limit
      ASSERT_LE(ulps(x[at], expected), 2.0) << isa_name(isa) << " exp(" << before[at] << ") = " << x[at];
    }
  }
}

TEST(Elementwise, ExpAtTheEdges) {
  for (const Isa isa : available_isas()) {
    std::vector<float> x = {0.0f, -kInf, -1e30f, -200.0f, -104.5f, 100.0f, 1e30f, kInf, std::nanf("")};
    elementwise_for(isa).exp_sum(x.data(), x.size(), 0.0f);
    EXPECT_THAT(std::vector<float>(x.begin(), x.end() - 1), testing::ElementsAre(1, 0, 0, 0, 0, kInf, kInf, kInf));
    EXPECT_TRUE(std::isnan(x.back())) << isa_name(isa);
  }
}

TEST(Elementwise, ExpSumAddsWhatItStored) {
  Rng rng(13);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t n) {
    std::vector<float> x = random_floats(rng, n);
    x.push_back(3.0f);
    const std::vector<float> before = x;
    const float sum = table.exp_sum(x.data(), n, 0.5f);
    double expected = 0;
    for (size_t at = 0; at < n; ++at) {
      EXPECT_LE(ulps(x[at], std::exp(double{before[at] - 0.5f})), 2.0);
      expected += double{x[at]};
    }
    EXPECT_LE(ulps(sum, expected), 1.0);
    EXPECT_EQ(x[n], 3.0f);
  });
}

TEST(Elementwise, MaxFindsItAnywhere) {
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t n) {
    for (size_t at = 0; at < n; ++at) {
      std::vector<float> x(n + 1, -7.0f);
      x[n] = 100.0f;  // beyond the end
      x[at] = -2.0f;
      EXPECT_EQ(table.max(x.data(), n), -2.0f);
    }
  });
}

TEST(Elementwise, RmsNorm) {
  Rng rng(14);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t n) {
    std::vector<float> x = random_floats(rng, n), weight = random_floats(rng, n), out(n + 1, 3.0f);
    double squares = 0;
    for (const float value : x) squares += double{value} * value;
    const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + double{1e-5f});
    table.rms_norm(x.data(), weight.data(), n, 1e-5f, out.data());
    for (size_t at = 0; at < n; ++at) EXPECT_LE(ulps(out[at], x[at] * scale * weight[at]), 3.0);
    EXPECT_EQ(out[n], 3.0f);
    table.rms_norm(x.data(), weight.data(), n, 1e-5f, x.data());
    x.push_back(3.0f);
    EXPECT_EQ(x, out) << "in place";
  });
}

TEST(Elementwise, Swiglu) {
  Rng rng(15);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t n) {
    std::vector<float> gate = random_floats(rng, n), up = random_floats(rng, n);
    for (float& value : gate) value *= 20;
    const std::vector<float> before = gate;
    table.swiglu(gate.data(), up.data(), n);
    for (size_t at = 0; at < n; ++at) {
      const double expected = before[at] / (1 + std::exp(-double{before[at]})) * up[at];
      EXPECT_LE(ulps(gate[at], expected), 6.0) << before[at];
    }
  });
}

TEST(Elementwise, SwigluOfLargeGates) {
  for (const Isa isa : available_isas()) {
    std::vector<float> gate = {-1000.0f, 1000.0f, 0.0f, -88.0f};
    const std::vector<float> up(4, 2.0f);
    elementwise_for(isa).swiglu(gate.data(), up.data(), 4);
    EXPECT_EQ(gate[0], 0.0f);
    EXPECT_EQ(gate[1], 2000.0f);
    EXPECT_EQ(gate[2], 0.0f);
    EXPECT_LE(ulps(gate[3], -176.0 / (1 + std::exp(88.0))), 4.0);
  }
}

TEST(Elementwise, AxpyAndScale) {
  Rng rng(16);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t n) {
    const std::vector<float> x = random_floats(rng, n), before = random_floats(rng, n);
    std::vector<float> out = before;
    out.push_back(3.0f);
    table.axpy(0.3f, x.data(), n, out.data());
    for (size_t at = 0; at < n; ++at) {
      const double product = double{0.3f} * x[at];
      EXPECT_NEAR(out[at], before[at] + product, 2 * kUnit * (std::abs(product) + std::abs(before[at])));
    }
    std::vector<float> scaled = before;
    scaled.push_back(3.0f);
    table.scale(-0.7f, n, scaled.data());
    for (size_t at = 0; at < n; ++at) EXPECT_EQ(scaled[at], -0.7f * before[at]);
    EXPECT_EQ(out[n], 3.0f);
    EXPECT_EQ(scaled[n], 3.0f);
  });
}

TEST(Elementwise, RopeTurnsPairs) {
  Rng rng(17);
  for_each_isa_and_size([&](const ElementwiseTable& table, size_t pairs) {
    std::vector<float> cosine(pairs), sine(pairs);
    for (size_t pair = 0; pair < pairs; ++pair) {
      const double angle = 6.28 * rng.uniform();
      cosine[pair] = static_cast<float>(std::cos(angle));
      sine[pair] = static_cast<float>(std::sin(angle));
    }
    for (const bool adjacent : {false, true}) {
      const std::vector<float> before = random_floats(rng, 2 * pairs);
      std::vector<float> head = before;
      head.push_back(3.0f);
      table.rope(head.data(), cosine.data(), sine.data(), pairs, adjacent);
      for (size_t pair = 0; pair < pairs; ++pair) {
        const size_t first = adjacent ? 2 * pair : pair;
        const size_t second = adjacent ? first + 1 : pair + pairs;
        const double a = before[first], b = before[second], c = cosine[pair], s = sine[pair];
        const double tolerance = 2 * kUnit * (std::abs(a) + std::abs(b));
        EXPECT_NEAR(head[first], a * c - b * s, tolerance);
        EXPECT_NEAR(head[second], a * s + b * c, tolerance);
      }
      EXPECT_EQ(head[2 * pairs], 3.0f);
    }
  });
}

TEST(Elementwise, SixteenBitFloatsEqualTheScalarFunctions) {
  std::vector<uint16_t> all(65536 + 3);
  for (size_t at = 0; at < all.size(); ++at) all[at] = static_cast<uint16_t>(at);
  std::vector<float> out(all.size());
  for (const Isa isa : available_isas()) {
    elementwise_for(isa).half_to_float(all.data(), all.size(), out.data());
    for (size_t at = 0; at < all.size(); ++at) {
      const float expected = half_to_float(all[at]);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(out[at]));  // the CPU makes signalling NaNs quiet
      } else {
        EXPECT_EQ(std::bit_cast<uint32_t>(out[at]), std::bit_cast<uint32_t>(expected));
      }
    }
    elementwise_for(isa).bfloat16_to_float(all.data(), all.size(), out.data());
    for (size_t at = 0; at < all.size(); ++at)
      EXPECT_EQ(std::bit_cast<uint32_t>(out[at]), std::bit_cast<uint32_t>(bfloat16_to_float(all[at])));
  }
}

TEST(Elementwise, FloatToHalfRoundsAsTheScalarFunction) {
  Rng rng(18);
  std::vector<float> in;
  for (uint32_t half = 0; half < 0x7c00; ++half) {  // every half, the ties between them, and just beside
    const float low = half_to_float(static_cast<uint16_t>(half)), high = half_to_float(static_cast<uint16_t>(half + 1));
    const float middle = std::isinf(high) ? 65520.0f : low + (high - low) / 2;
    for (const float value : {low, middle, std::nextafter(middle, 0.0f), std::nextafter(middle, kInf)}) {
      in.push_back(value);
      in.push_back(-value);
    }
  }
  for (const float value : {1e6f, kInf, -kInf, 1e-30f, std::nanf(""), 0.0f}) in.push_back(value);
  in.push_back(-0.0f);
  std::vector<uint16_t> out(in.size());
  for (const Isa isa : available_isas()) {
    elementwise_for(isa).float_to_half(in.data(), in.size(), out.data());
    for (size_t at = 0; at < in.size(); ++at) ASSERT_EQ(out[at], float_to_half(in[at])) << in[at];
  }
}

TEST(Softmax, SumsToOneAndKeepsOrder) {
  Rng rng(19);
  for (const size_t n : kSizes) {
    std::vector<float> x = random_floats(rng, n);
    for (float& value : x) value = value * 50 + 1000;
    const std::vector<float> before = x;
    softmax_f32(x.data(), n);
    double expected_sum = 0, sum = 0;
    for (const float value : before) expected_sum += std::exp(double{value} - 1000);
    for (size_t at = 0; at < n; ++at) {
      sum += double{x[at]};
      // Two ulp of exp, one of the sum, two of division and product, and the rounding of x - max: half an ulp of 100.
      const double expected = std::exp(double{before[at]} - 1000) / expected_sum;
      EXPECT_NEAR(x[at], expected, expected * (6 * 2 * kUnit + 128 * kUnit) + 1e-44);
    }
    EXPECT_NEAR(sum, 1.0, 1e-6);
  }
}

TEST(Softmax, OneElementIsOneAndMaskedOnesAreZero) {
  float one = -1e30f;
  softmax_f32(&one, 1);
  EXPECT_EQ(one, 1.0f);
  std::vector<float> x = {-kInf, 3.0f, -kInf, 3.0f, -kInf};
  softmax_f32(x.data(), x.size());
  EXPECT_THAT(x, testing::ElementsAre(0, 0.5f, 0, 0.5f, 0));
}

TEST(Elementwise, PublicFunctionsUseTheActiveTable) {
  Rng rng(20);
  const std::vector<float> a = random_floats(rng, 77), b = random_floats(rng, 77);
  const ElementwiseTable& table = elementwise_for(active_isa());
  EXPECT_EQ(dot_f32(a.data(), b.data(), 77), table.dot(a.data(), b.data(), 77));
  std::vector<float> got = a, expected = a;
  swiglu_f32(got.data(), b.data(), 77);
  table.swiglu(expected.data(), b.data(), 77);
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace rung
