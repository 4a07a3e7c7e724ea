// What a run touches of a model file: counted by hand, and against the pages that it really holds.
#include "engine/model_memory.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/process_memory.h"
#include "engine/engine.h"

namespace rung {
namespace {

ModelConfig two_layers() {
  ModelConfig config;
  config.layers = 2;
  config.experts = 8;
  config.experts_used = 2;
  return config;
}

std::vector<TensorShape> tensors(bool tied) {
  std::vector<TensorShape> all = {{"token_embd.weight", Format::F16, {64, 100}},
                                  {"blk.0.attn_q.weight", Format::Q8_0, {64, 64}},
                                  {"blk.1.ffn_down_exps.weight", Format::Q8_0, {64, 64, 8}},
                                  {"blk.2.attn_q.weight", Format::Q8_0, {64, 64}}};  // next-token prediction
  if (!tied) all.push_back({"output.weight", Format::F16, {64, 100}});
  return all;
}

constexpr uint64_t kEmbedding = 64 * 100 * 2, kQuery = 64 * 64 / 32 * 34, kExperts = 8 * kQuery;

TEST(FileMemory, CountsWhatTokensRead) {
  const FileMemory memory = predict_file_memory(two_layers(), tensors(false), 1000, 1'000'000);
  EXPECT_EQ(memory.mapped, 1000 + 2 * kEmbedding + 2 * kQuery + kExperts);
  EXPECT_EQ(memory.touched, 1000 + kEmbedding + kQuery + kExperts);
  const FileMemory tied = predict_file_memory(two_layers(), tensors(true), 1000, 1'000'000);
  EXPECT_EQ(tied.mapped - tied.touched, kQuery);
}

TEST(FileMemory, FewTokensChooseFewExperts) {
  const auto experts = [](uint64_t tokens) {
    return predict_file_memory(two_layers(), tensors(true), 0, tokens).touched - kEmbedding - kQuery;
  };
  EXPECT_EQ(experts(0), 0u);
  EXPECT_EQ(experts(1), kExperts / 4);       // 2 of 8
  EXPECT_EQ(experts(2), kExperts * 7 / 16);  // 1 - (3/4)^2
  EXPECT_NEAR(static_cast<double>(experts(100)), kExperts, 1);
}

/// Every matrix of the shipped model is read by a prompt that is long enough to reach all experts.
TEST(FileMemory, IsWhatARunHolds) {
  auto source = FileSource::open(std::string(RUNG_SOURCE_DIR) + "/models/pico-moe/pico-moe.bf16.gguf");
  ASSERT_TRUE(source) << source.error().message;
  const auto engine = Engine::open(*source);
  ASSERT_TRUE(engine) << engine.error().message;
  ThreadPool pool(2);
  Session session(*engine, pool, {});
  std::vector<int32_t> ids(256);
  for (size_t index = 0; index < ids.size(); ++index) ids[index] = static_cast<int32_t>(300 + index * 13);
  ASSERT_TRUE(session.forward(ids));
  const GgufFile& file = (*source)->file();
  const FileMemory memory = predict_file_memory((*engine)->config(), file, ids.size());
  EXPECT_EQ(memory.mapped, file.file_bytes());
  const auto held = resident_bytes(file.shard_bytes(0));
  if (!held) GTEST_SKIP() << "/proc/self/pagemap does not tell";
  EXPECT_LE(*held, memory.touched + (memory.touched / 50));
  EXPECT_GE(*held, memory.touched / 2);  // an expert that no token chose, or pages that the system took back
}

TEST(TextMemory, CountsWhatTokenizersHold) {
  EXPECT_EQ(predict_text_memory({}), 0u);
  // A vocabulary of 150,000 tokens of 7 bytes with as many merges: tens of megabytes, not hundreds.
  const uint64_t bytes = predict_text_memory({150'000, 1'050'000, 150'000, 1'200'000});
  EXPECT_GT(bytes, uint64_t{25} << 20);
  EXPECT_LT(bytes, uint64_t{60} << 20);
}

}  // namespace
}  // namespace rung
