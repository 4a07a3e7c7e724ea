#include "engine/kv_options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "base/page_buffer.h"
#include "engine/hadamard.h"
#include "engine/kv_cache.h"

namespace rung {
namespace {

TEST(KvOptions, TextAndBack) {
  const std::pair<const char*, const char*> texts[] = {{"f16", "f16"},
                                                       {"q8_0,q8_0", "q8_0"},
                                                       {"q8_0,q4_0", "q8_0/q4_0"},
                                                       {"q4_0+rot/q4_0", "q4_0+rot/q4_0"},
                                                       {"q4_0+rot+keep2", "q4_0+rot+keep2"},
                                                       {"f16/q5_1+keep1", "f16/q5_1+keep1"}};
  for (const auto& [text, name] : texts) {
    const auto options = parse_kv_options(text);
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(kv_options_name(*options), name);
    EXPECT_EQ(parse_kv_options(name), *options);
  }
  const KvOptions options = *parse_kv_options("q8_0,q4_0+rot+keep3");
  EXPECT_EQ(options.keys, (KvSide{KvFormat::kQ8_0, false}));
  EXPECT_EQ(options.values, (KvSide{KvFormat::kQ4_0, true}));
  EXPECT_EQ(options.keep_layers, 3u);
}

TEST(KvOptions, WhatIsWrongIsSaid) {
  const std::pair<const char*, const char*> texts[] = {{"", "found \"\", allowed is one of f32, f16, bf16"},
                                                       {"q4_k", "found \"q4_k\""},
                                                       {"q8_0,", "found \"\""},
                                                       {"q8_0,q4_0,q4_0", "found \"q4_0,q4_0\""},
                                                       {"f16+rot", "gains nothing"},
                                                       {"nuq3+rot", "before their position"},
                                                       {"q4_0+keep", "number of layers"},
                                                       {"q4_0+keep-1", "number of layers"},
                                                       {"q4_0+keep2x", "number of layers"},
                                                       {"Q8_0", "found \"Q8_0\""}};
  for (const auto& [text, message] : texts) {
    const auto options = parse_kv_options(text);
    ASSERT_FALSE(options) << text;
    EXPECT_EQ(options.error().kind, ErrorKind::kInput);
    EXPECT_NE(options.error().message.find(message), std::string::npos) << options.error().message;
  }
}

ModelConfig small_config() {
  ModelConfig config;
  config.layers = 5;
  config.kv_heads = 2;
  config.key_dim = 64;
  config.value_dim = 96;
  return config;
}

TEST(KvOptions, KeptLayersAreTheOuterOnes) {
  const KvOptions options = *parse_kv_options("q4_0,q8_0+keep2");
  for (size_t layer = 0; layer < 5; ++layer) {
    EXPECT_EQ(options.keys_of(layer, 5).format, layer == 2 ? KvFormat::kQ4_0 : KvFormat::kF16);
    EXPECT_EQ(options.values_of(layer, 5).format, layer == 2 ? KvFormat::kQ8_0 : KvFormat::kF16);
  }
}

// Bytes worked out by hand: pages of 4096 bytes of each layer's 2 heads x 100 positions x row.
TEST(KvOptions, BytesOfACache) {
  if (page_bytes() != 4096) GTEST_SKIP() << "pages of " << page_bytes() << " bytes";
  const ModelConfig config = small_config();
  EXPECT_EQ(KvCache::reserved_bytes(config, {}, 100), 5u * (7 + 10) * 4096);  // 25,600 and 38,400 bytes
  const KvOptions mixed = *parse_kv_options("q8_0,q4_0+keep1");               // 13,600 and 10,800 bytes in 3 layers
  EXPECT_EQ(KvCache::reserved_bytes(config, mixed, 100), 3u * (4 + 3) * 4096 + 2u * (7 + 10) * 4096);
  // 10 positions: f16 keys 1,280 bytes from 0 and from 12,800 on, so 2 pages; values 1,920 from 0 and 19,200 on, 3
  // pages.
  EXPECT_EQ(KvCache::touched_bytes(config, {}, 100, 10), 5u * (2 + 3) * 4096);
}

/// Heads of 64 keys: 4 kept rows and 192 of the ring, 128 bytes each; 31 tiles of 64 x 17 bytes for 996 tokens.
TEST(KvOptions, BytesOfAWindow) {
  if (page_bytes() != 4096) GTEST_SKIP() << "pages of " << page_bytes() << " bytes";
  const KvOptions options = *parse_kv_options("nuq3,f16");
  const uint64_t values = 5u * whole_pages(2 * 1000 * 96 * 2);
  EXPECT_EQ(KvCache::reserved_bytes(small_config(), options, 1000),
            5u * (whole_pages(2 * 196 * 128) + whole_pages(2 * 31 * 1088)) + values);
  // A head's rows are 25,088 bytes, its tiles 33,728, its values 192,000; after 68 tokens two tiles are written.
  EXPECT_EQ(KvCache::touched_bytes(small_config(), options, 1000, 68), 5u * ((3 + 3) + (1 + 1) + (4 + 5)) * 4096);
  // Every byte: 196 rows of 64 halfs, 31 tiles of 64 x 17 bytes, 1,000 rows of 96 halfs; 2 heads, 5 layers.
  EXPECT_EQ(KvCache::stored_bytes(small_config(), options, 1000), 10u * (196 * 128 + 31 * 1088 + 1000 * 192));
  EXPECT_EQ(KvCache::stored_bytes(small_config(), *parse_kv_options("q8_0,q4_0+keep1"), 10),
            20u * (3 * (2 * 34 + 3 * 18) + 2 * (64 + 96) * 2));
  // After 260 the ring has been filled, and 8 tiles: 8,704 bytes from 0 and from 33,728 on.
  EXPECT_EQ(KvCache::touched_bytes(small_config(), options, 1000, 260), 5u * (13 + (3 + 3) + (13 + 14)) * 4096);
}

TEST(KvOptions, HeadsThatDoNotFitAreRefused) {
  ModelConfig config = small_config();
  EXPECT_TRUE(check_kv_options(config, *parse_kv_options("q4_0")));
  config.value_dim = 80;
  EXPECT_TRUE(check_kv_options(config, *parse_kv_options("q4_0,f16")));
  EXPECT_TRUE(check_kv_options(config, *parse_kv_options("fp8")));
  const auto refused = check_kv_options(config, *parse_kv_options("q4_0"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("80 values each, q4_0 needs a multiple of 32"), std::string::npos)
      << refused.error().message;
}

TEST(KvOptions, BelowEightBitsIsResearch) {
  for (const char* text : {"f16", "q8_0", "fp8", "q8_0,fp8"}) EXPECT_EQ(kv_research_note(*parse_kv_options(text)), "");
  for (const char* text : {"q6_0", "f16,q4_0", "q4_0+rot", "kivi4", "nuq3"})
    EXPECT_NE(kv_research_note(*parse_kv_options(text)).find("research"), std::string::npos) << text;
}

// H of order 2 and 4 (Sylvester's construction), divided by sqrt(order).
TEST(Hadamard, SmallOnesByHand) {
  std::vector<float> two = {3, 1};
  hadamard(two.data(), 2);
  EXPECT_FLOAT_EQ(two[0], 4 / std::sqrt(2.0f));
  EXPECT_FLOAT_EQ(two[1], 2 / std::sqrt(2.0f));
  std::vector<float> four = {1, 2, 3, 4};
  hadamard(four.data(), 4);
  EXPECT_EQ(four, (std::vector<float>{5, -1, -2, 0}));
  std::vector<float> six = {1, 0, 0, 1, 2, 2};  // 2 is the largest power of two in 6: three pieces
  hadamard(six.data(), 6);
  const float root = 1 / std::sqrt(2.0f);
  const std::vector<float> expected = {root, root, root, -root, 4 * root, 0};
  for (size_t index = 0; index < 6; ++index) EXPECT_FLOAT_EQ(six[index], expected[index]);
}

TEST(Hadamard, TwiceIsNothingAndDotProductsStay) {
  std::vector<float> a(96), b(96);
  for (size_t index = 0; index < a.size(); ++index) {
    a[index] = std::sin(1.0f + 3.0f * static_cast<float>(index));
    b[index] = std::cos(2.0f + 5.0f * static_cast<float>(index));
  }
  std::vector<float> turned_a = a, turned_b = b;
  hadamard(turned_a.data(), a.size());
  hadamard(turned_b.data(), b.size());
  EXPECT_NEAR(std::inner_product(a.begin(), a.end(), b.begin(), 0.0),
              std::inner_product(turned_a.begin(), turned_a.end(), turned_b.begin(), 0.0), 1e-4);
  hadamard(turned_a.data(), a.size());
  for (size_t index = 0; index < a.size(); ++index) EXPECT_NEAR(turned_a[index], a[index], 1e-6);
}

}  // namespace
}  // namespace rung
