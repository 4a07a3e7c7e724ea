// The forward pass against llama.cpp's logits: the golden models of every architecture (../shared/golden, made with
// llama.cpp, commit in info.json; F32 weights, F32 KV cache, no flash attention) and the shipped model's own.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace rung {
namespace {

namespace fs = std::filesystem;
using Sequences = std::vector<std::vector<int32_t>>;

constexpr double kTolerance = 2e-4;  // ../shared/golden/README.md: an independent float64 pass agrees within 7e-5

std::vector<float> read_floats(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<float> values(fs::file_size(path) / sizeof(float));
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

Sequences read_sequences(const fs::path& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in)["sequences"].get<Sequences>();
}

std::shared_ptr<const Engine> open_engine(const fs::path& path) {
  auto source = FileSource::open(path);
  EXPECT_TRUE(source) << source.error().message;
  auto engine = Engine::open(*source);
  EXPECT_TRUE(engine) << engine.error().message;
  return *engine;
}

double worst_difference(std::span<const float> got, std::span<const float> expected) {
  EXPECT_EQ(got.size(), expected.size());
  double worst = 0;
  for (size_t index = 0; index < got.size(); ++index)
    worst = std::max(worst, std::abs(static_cast<double>(got[index]) - expected[index]));
  return worst;
}

/// Feeds the sequence in pieces of `step` tokens and compares every position's logits.
double compare(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, std::span<const int32_t> ids, size_t step,
               std::span<const float> expected) {
  SessionOptions options = SessionOptions::reference();
  options.capacity = ids.size();
  Session session(engine, pool, options);
  const size_t vocabulary = engine->config().vocabulary;
  double worst = 0;
  for (size_t begin = 0; begin < ids.size(); begin += step) {
    const auto part = ids.subspan(begin, std::min(step, ids.size() - begin));
    const auto logits = session.forward(part, 0, true);
    EXPECT_TRUE(logits) << logits.error().message;
    worst = std::max(worst, worst_difference(*logits, expected.subspan(begin * vocabulary, logits->size())));
  }
  return worst;
}

void expect_golden(const fs::path& model, const Sequences& sequences, std::span<const float> golden) {
  const auto engine = open_engine(model);
  ThreadPool pool(2);
  const size_t vocabulary = engine->config().vocabulary;
  for (const auto& ids : sequences) {
    const auto expected = golden.first(ids.size() * vocabulary);
    EXPECT_LE(compare(engine, pool, ids, ids.size(), expected), kTolerance) << "prefill of " << ids.size();
    EXPECT_LE(compare(engine, pool, ids, 1, expected), kTolerance) << "token by token, " << ids.size();
    EXPECT_LE(compare(engine, pool, ids, 37, expected), kTolerance) << "pieces of 37, " << ids.size();
    golden = golden.subspan(expected.size());
  }
  EXPECT_TRUE(golden.empty());
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, LogitsAgreeWithLlamaCpp) {
  const fs::path folder = fs::path(RUNG_SHARED_DIR) / "golden" / GetParam();
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is not here";
  expect_golden(folder / "model.gguf", read_sequences(folder / "tokens.json"), read_floats(folder / "logits.f32"));
}

INSTANTIATE_TEST_SUITE_P(Architectures, Golden,
                         testing::Values("llama", "llama-moe", "llama3-rope-tied", "qwen2", "qwen2moe", "qwen3",
                                         "qwen3moe", "deepseek"),
                         [](const auto& row) {
                           std::string name = row.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Pico, LogitsAgreeWithLlamaCpp) {
  const fs::path golden = fs::path(RUNG_SHARED_DIR) / "pico/golden";
  if (!fs::exists(golden)) GTEST_SKIP() << golden << " is not here";
  expect_golden(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf",
                read_sequences(golden / "sequences.json"), read_floats(golden / "logits.f32"));
}

/// A model whose matrices are divided by factors that stand beside them, as NVFP4 has them: one a matrix or expert.
class ScaledSource final : public TensorSource {
 public:
  explicit ScaledSource(std::shared_ptr<const TensorSource> source) : source_(std::move(source)) {
    for (const GgufTensor& tensor : file().tensors()) {
      const std::string stem = tensor.name.substr(0, tensor.name.rfind('.'));
      const bool scaled = stem.find("attn_") != std::string::npos || stem.find("ffn_") != std::string::npos;
      if (!scaled || tensor.shape.size() < 2 || stem.ends_with("gate_inp")) continue;
      const size_t matrices = tensor.shape.size() > 2 ? tensor.shape[2] : 1, values = tensor.values() / matrices;
      std::vector<float>& weights = floats_[tensor.name];
      std::vector<float>& factors = floats_[stem + ".scale"];
      weights.resize(tensor.values());
      decode_row(*tensor.format, tensor.bytes.data(), tensor.values(), weights.data());
      for (size_t matrix = 0; matrix < matrices; ++matrix) {
        factors.push_back(std::ldexp(1.0f, static_cast<int>(matrix % 5) - 3));
        for (size_t value = 0; value < values; ++value) weights[matrix * values + value] /= factors[matrix];
      }
    }
  }
  const GgufFile& file() const override { return source_->file(); }
  std::optional<TensorView> find(std::string_view name) const override {
    const auto mine = floats_.find(name);
    if (mine == floats_.end()) return source_->find(name);
    const auto original = source_->find(name);
    const std::vector<float>& values = mine->second;
    return TensorView{Format::F32,
                      {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)},
                      original ? original->shape : std::vector<uint64_t>{values.size() + extra_factors}};
  }
  size_t extra_factors = 0;

 private:
  std::shared_ptr<const TensorSource> source_;
  std::map<std::string, std::vector<float>, std::less<>> floats_;
};

TEST(Pico, FactorsBesideMatricesAreApplied) {
  auto file = FileSource::open(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  ASSERT_TRUE(file);
  const auto scaled = std::make_shared<ScaledSource>(*file);
  const auto engine = Engine::open(scaled);
  ASSERT_TRUE(engine) << engine.error().message;
  ThreadPool pool(2);
  const std::vector<int32_t> ids = {1, 947, 394, 617, 316, 711, 1479, 634};
  SessionOptions options = SessionOptions::reference();
  options.capacity = ids.size();
  Session plain(*Engine::open(*file), pool, options), factored(*engine, pool, options);
  const auto expected = plain.forward(ids, 0, true);
  const auto got = factored.forward(ids, 0, true);
  ASSERT_TRUE(expected && got);
  EXPECT_LE(worst_difference(*got, *expected), 1e-4);

  scaled->extra_factors = 1;
  const auto wrong = Engine::open(scaled);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find(".scale: shape is 2, the metadata asks for 1"), std::string::npos)
      << wrong.error().message;
}

TEST(Session, SequencesOfABatchDoNotDisturbEachOther) {
  const auto engine = open_engine(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  ThreadPool pool(2);
  SessionOptions options = SessionOptions::reference();
  options.capacity = 32;
  const std::vector<int32_t> first = {1, 947, 394, 617, 316, 711}, second = {1, 3, 322, 17};
  const size_t vocabulary = engine->config().vocabulary;
  Session alone(engine, pool, options);
  const auto expected_first = alone.forward(first);
  ASSERT_TRUE(expected_first);
  const std::vector<float> want_first(expected_first->begin(), expected_first->end());
  alone.truncate(0, 0);
  const auto expected_second = alone.forward(second);
  const std::vector<float> want_second(expected_second->begin(), expected_second->end());

  options.sequences = 2;
  Session both(engine, pool, options);
  std::vector<BatchToken> tokens;
  for (size_t index = 0; index < first.size(); ++index) {
    tokens.push_back({first[index], 0, index + 1 == first.size()});
    if (index < second.size()) tokens.push_back({second[index], 1, index + 1 == second.size()});
  }
  const auto logits = both.forward(tokens);
  ASSERT_TRUE(logits);
  EXPECT_EQ(both.length(0), first.size());
  EXPECT_EQ(both.length(1), second.size());
  EXPECT_LE(worst_difference(logits->subspan(0, vocabulary), want_second), 1e-4);
  EXPECT_LE(worst_difference(logits->subspan(vocabulary), want_first), 1e-4);
}

TEST(Session, SameLogitsForAnyNumberOfThreads) {
  const auto engine = open_engine(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  const std::vector<int32_t> ids = {1, 947, 394, 617, 316, 711, 1479, 634, 269, 1565, 633, 269, 350, 344, 267, 298};
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    Session session(engine, pool, {.capacity = 64});
    const auto logits = session.forward(ids, 0, true);
    ASSERT_TRUE(logits);
    results.emplace_back(logits->begin(), logits->end());
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(Session, ABfloat16StreamDiffersByItsRoundingOnly) {
  const auto engine = open_engine(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  const std::vector<int32_t> ids = {1, 947, 394, 617, 316, 711, 1479, 634, 269, 1565};
  ThreadPool pool(1);
  std::vector<std::vector<float>> results;
  for (const bool rounded : {false, true}) {
    Session session(engine, pool, {.capacity = 64, .bf16_stream = rounded});
    const auto logits = session.forward(ids, 0, true);
    ASSERT_TRUE(logits);
    results.emplace_back(logits->begin(), logits->end());
  }
  // 8 bits of mantissa: an error of up to 2^-9 of the stream in each of six layers, against logits of
  // around 10. Well below 1, and far above what a change of the order of float sums could make.
  const double worst = worst_difference(results[0], results[1]);
  EXPECT_LT(worst, 1);
  EXPECT_GT(worst, 1e-3);
}

/// What a token sees of the cache depends on positions alone, and products are the same in a batch of any size.
TEST(Session, PrefillAndDecodingSeeTheSameCache) {
  const auto engine = open_engine(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  ThreadPool pool(2);
  std::vector<int32_t> ids(100);
  for (size_t index = 0; index < ids.size(); ++index) ids[index] = static_cast<int32_t>(1 + index * 37 % 4000);
  for (const char* kv : {"q4_0+rot,iq4_nl+keep1", "kivi2", "nuq3,kivi4+rot"}) {
    SessionOptions options;
    options.kv = *parse_kv_options(kv);
    options.capacity = ids.size();
    options.batching = Batching::kInvariant;
    std::vector<std::vector<float>> results;
    for (const size_t step : {ids.size(), size_t{1}}) {
      Session session(engine, pool, options);
      results.emplace_back();
      for (size_t begin = 0; begin < ids.size(); begin += step) {
        const auto part = std::span(ids).subspan(begin, std::min(step, ids.size() - begin));
        const auto logits = session.forward(part, 0, true);
        ASSERT_TRUE(logits);
        results.back().insert(results.back().end(), logits->begin(), logits->end());
      }
    }
    EXPECT_EQ(results[0], results[1]) << kv;
  }
}

TEST(Session, RefusesWhatDoesNotFitAndStaysAsItWas) {
  const auto engine = open_engine(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  ThreadPool pool(1);
  Session session(engine, pool, {.capacity = 4});
  const std::vector<int32_t> wrong = {1, 4096}, negative = {-1}, many = {1, 2, 3, 4, 5}, fits = {1, 2, 3, 4};
  EXPECT_NE(session.forward(wrong).error().message.find("found 4096, allowed is 0 to 4095"), std::string::npos);
  EXPECT_FALSE(session.forward(negative));
  EXPECT_FALSE(session.forward(many));
  EXPECT_EQ(session.length(0), 0u);
  EXPECT_TRUE(session.forward(fits));
  EXPECT_FALSE(session.forward(std::vector<int32_t>{1}));
}

}  // namespace
}  // namespace rung
