// What readers see of a cache whose formats have windows: the rule of kv_window.h, however tokens come.
#include "engine/kv_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/half.h"
#include "base/rng.h"
#include "engine/kv_tiles.h"
#include "kernels/elementwise.h"

namespace rung {
namespace {

constexpr size_t kDim = 32, kHeads = 2, kCapacity = 700;

ModelConfig small_config() {
  ModelConfig config;
  config.architecture = find_architecture("llama");
  config.layers = 1;
  config.kv_heads = kHeads;
  config.key_dim = kDim;
  config.value_dim = kDim;
  config.rope_dims = kDim;
  return config;
}

class Fixture {
 public:
  explicit Fixture(const char* kv) : rope_(config_, {}), cache_(config_, *parse_kv_options(kv), kCapacity, rope_) {}

  /// Rows of position p are drawn from p and `story` alone, so that a story can be told in any pieces.
  static std::vector<float> row(size_t position, size_t head, uint64_t story) {
    Rng rng(position * 1000 + head * 10 + story);
    std::vector<float> values(kDim);
    for (size_t index = 0; index < kDim; ++index)
      values[index] = static_cast<float>(rng.uniform() - 0.5) * static_cast<float>(1 + index % 5);
    return values;
  }

  void append(size_t begin, size_t end, size_t step, uint64_t story = 0) {
    for (size_t next = begin; begin < end; begin = next) {
      next = std::min(begin + step, end);
      cache_.grow(next);
      for (size_t head = 0; head < kHeads; ++head) {
        for (size_t position = begin; position < next; ++position) {
          const auto values = row(position, head, story);
          cache_.store(0, head, position, values.data(), values.data());
        }
        cache_.settle(0, head, begin, next);
      }
    }
  }
  void truncate(size_t length) { cache_.truncate(length); }

  std::vector<float> values(size_t begin, size_t count, size_t reader, size_t head = 1) const {
    std::vector<float> out(count * kDim);
    cache_.load_values(0, head, begin, count, reader, out.data());
    return out;
  }
  /// All that a reader sees, keys and values of all heads.
  std::vector<float> seen(size_t reader) const {
    std::vector<float> all;
    for (size_t head = 0; head < kHeads; ++head) {
      std::vector<float> keys((reader + 1) * kDim), values((reader + 1) * kDim);
      cache_.load_keys(0, head, 0, reader + 1, reader, keys.data());
      cache_.load_values(0, head, 0, reader + 1, reader, values.data());
      all.insert(all.end(), keys.begin(), keys.end());
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

 private:
  ModelConfig config_ = small_config();
  Rope rope_;
  KvCache cache_;
};

const char* const kAll[] = {"kivi4", "kivi2", "nuq3", "nuq3,kivi2", "q4_0,kivi4", "kivi2+rot"};

std::vector<float> as_half(std::vector<float> values) {
  for (float& value : values) value = half_to_float(float_to_half(value));
  return values;
}

TEST(KvWindow, PiecesMakeNoDifference) {
  for (const char* kv : kAll) {
    Fixture one(kv), many(kv), batch(kv);
    for (size_t length = 0; length < 600;) {
      const size_t next = std::min<size_t>(length + 97, 600);
      one.append(length, next, 1);
      many.append(length, next, 13);
      batch.append(length, next, 97);
      for (size_t reader = length; reader < next; reader += 16) {
        EXPECT_EQ(one.seen(next - 1), many.seen(next - 1)) << kv;
        EXPECT_EQ(one.seen(next - 1), batch.seen(next - 1)) << kv;
      }
      length = next;
    }
  }
}

TEST(KvWindow, ATokenInABatchSeesWhatItWouldSeeAlone) {
  for (const char* kv : kAll) {
    Fixture alone(kv), batch(kv);
    alone.append(0, 250, 1);
    batch.append(0, 250, 128);
    std::vector<std::vector<float>> seen;
    for (size_t position = 250; position < 378; ++position) {
      alone.append(position, position + 1, 1);
      seen.push_back(alone.seen(position));
    }
    batch.append(250, 378, 128);
    for (size_t position = 250; position < 378; ++position)
      EXPECT_EQ(batch.seen(position), seen[position - 250]) << kv << " " << position;
  }
}

// The rule by hand: at 100 the boundary is sinks + 32 * (100 / 32 - 1) = sinks + 64.
TEST(KvWindow, NewestAndFirstTokensAreIn16Bits) {
  for (const auto& [kv, sinks] : {std::pair<const char*, size_t>{"kivi2", 0}, {"nuq3", 4}}) {
    Fixture cache(kv);
    cache.append(0, 101, 128);
    for (size_t position = 0; position <= 100; ++position) {
      const bool exact = position < sinks || position >= sinks + 64;
      EXPECT_EQ(cache.values(position, 1, 100) == as_half(Fixture::row(position, 1, 0)), exact)
          << kv << " " << position;
    }
    // Behind the boundary are the tiles of the rows in 16 bits.
    std::vector<float> rows;
    for (size_t position = sinks + 32; position < sinks + 64; ++position) {
      const auto row = as_half(Fixture::row(position, 1, 0));
      rows.insert(rows.end(), row.begin(), row.end());
    }
    const KvTileCodec& codec = sinks == 0 ? kKvKivi2 : kKvNuq3;
    std::vector<uint8_t> tile(kDim * codec.line_bytes);
    std::vector<float> decoded(rows.size());
    codec.encode(rows.data(), kDim, KvLines::kTokens, tile.data());
    codec.decode(tile.data(), kDim, KvLines::kTokens, 0, kKvTileTokens, decoded.data());
    EXPECT_EQ(cache.values(sinks + 32, 32, 100), decoded) << kv;
  }
}

TEST(KvWindow, AShortSuffixIsForgottenWithoutTrace) {
  for (const char* kv : kAll) {
    Fixture plain(kv), turned_back(kv);
    plain.append(0, 400, 128);
    turned_back.append(0, 300, 128);
    turned_back.append(300, 420, 60, 7);  // another story, 120 tokens: the ring holds 192, the window needs 63
    turned_back.truncate(300);
    turned_back.append(300, 400, 31);
    EXPECT_EQ(turned_back.seen(399), plain.seen(399)) << kv;
    turned_back.truncate(0);
    turned_back.append(0, 400, 128);
    EXPECT_EQ(turned_back.seen(399), plain.seen(399)) << kv << " from the start";
  }
}

// After a long suffix the last tokens before the cut are what their tiles say; all others are as if nothing had been.
TEST(KvWindow, ALongSuffixLeavesTheWindowInTiles) {
  for (const auto& [kv, sinks] : {std::pair<const char*, size_t>{"kivi4", 0}, {"nuq3", 4}}) {
    Fixture plain(kv), turned_back(kv);
    plain.append(0, 310, 128);
    turned_back.append(0, 300, 128);
    turned_back.append(300, 650, 128, 7);
    const auto tiled = turned_back.values(sinks, 300 - sinks, 649);
    turned_back.truncate(300);
    turned_back.append(300, 310, 1);
    EXPECT_EQ(turned_back.values(300, 10, 309), plain.values(300, 10, 309)) << kv;
    EXPECT_EQ(turned_back.values(sinks, 300 - sinks, 309), tiled) << kv;
    EXPECT_EQ(turned_back.values(0, sinks + 256, 309), plain.values(0, sinks + 256, 309)) << kv;
    EXPECT_NE(turned_back.values(sinks + 256, 20, 309), plain.values(sinks + 256, 20, 309)) << kv;
    turned_back.append(310, 400, 30);  // the cut tile is written again, from its own values and the new ones
    const auto again = turned_back.values(sinks + 256, 44 - sinks, 399),
               first = plain.values(sinks + 256, 44 - sinks, 309);
    for (size_t index = 0; index < again.size(); ++index) EXPECT_NEAR(again[index], first[index], 2.0f) << kv;
  }
}

TEST(KvCache, KeysBeforeRopeComeBackTurned) {
  const ModelConfig config = small_config();
  const Rope rope(config, {});
  Fixture cache("nuq3,f16");
  cache.append(0, 20, 20);
  const auto got = cache.seen(19);
  std::vector<float> cosine(rope.pairs()), sine(rope.pairs());
  for (size_t position = 0; position < 20; ++position) {
    auto expected = as_half(Fixture::row(position, 0, 0));
    rope.angles(position, cosine.data(), sine.data());
    rope_f32(expected.data(), cosine.data(), sine.data(), rope.pairs(), rope.adjacent());
    for (size_t index = 0; index < kDim; ++index)
      EXPECT_NEAR(got[position * kDim + index], expected[index], 1e-5) << position;
  }
}

TEST(Rope, ManyPositionsInOneGo) {
  for (const char* architecture : {"llama", "qwen2"}) {  // adjacent pairs, halves
    ModelConfig config = small_config();
    config.architecture = find_architecture(architecture);
    config.rope_dims = 24;
    const Rope rope(config, std::vector<float>(12, 1.5f));
    std::vector<float> rows(64 * kDim), cosine(12), sine(12);
    for (size_t index = 0; index < rows.size(); ++index) rows[index] = std::sin(static_cast<float>(index));
    std::vector<float> expected = rows;
    for (size_t row = 0; row < 64; ++row) {
      rope.angles(1'000'000 + row, cosine.data(), sine.data());
      rope_f32(expected.data() + row * kDim, cosine.data(), sine.data(), 12, rope.adjacent());
    }
    rope.turn(1'000'000, 64, kDim, rows.data());
    for (size_t index = 0; index < rows.size(); ++index)
      EXPECT_NEAR(rows[index], expected[index], 1e-6) << architecture;
  }
}

}  // namespace
}  // namespace rung
