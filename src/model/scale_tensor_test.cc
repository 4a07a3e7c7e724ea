#include "model/scale_tensor.h"

#include <gtest/gtest.h>

#include "base/temp_folder_for_tests.h"
#include "io/gguf_writer.h"

namespace rung {
namespace {

/// A file of one-valued tensors with these names.
GgufFile make_file(const std::string& architecture, const std::vector<std::string>& names) {
  const test::TempFolder folder;
  const auto path = folder / "scales.gguf";
  const std::vector<GgufEntry> metadata = {{"general.architecture", GgufValue::string(architecture)}};
  std::vector<GgufTensorPlan> tensors;
  for (const std::string& name : names) tensors.push_back({name, {1}, 0, sizeof(float)});
  auto writer = GgufWriter::create(path, metadata, tensors);
  EXPECT_TRUE(writer) << writer.error().message;
  const std::vector<uint8_t> value(sizeof(float));
  for (size_t tensor = 0; tensor < names.size(); ++tensor) EXPECT_TRUE(writer->write(value));
  EXPECT_TRUE(writer->commit());
  auto file = GgufFile::open(path);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

std::string scale_of(const GgufFile& file, const std::string& name) {
  return writable_scale_name(file, *file.tensor(name)).value_or("none");
}

// llama.cpp's src/models/*.cpp, August 2026: which products are given a factor.
TEST(ScaleTensor, OnlyWhereLlamaCppAppliesIt) {
  const std::vector<std::string> names = {
      "token_embd.weight",         "output.weight",         "blk.0.attn_norm.weight",     "blk.0.attn_q.weight",
      "blk.0.ffn_gate.weight",     "blk.0.ffn_down.weight", "blk.0.ffn_down_exps.weight", "blk.0.ffn_up_shexp.weight",
      "blk.0.ffn_gate_inp.weight", "blk.0.ffn_up.0.weight"};
  const GgufFile llama = make_file("llama", names), qwen2 = make_file("qwen2", names);
  EXPECT_EQ(scale_of(llama, "token_embd.weight"), "none");
  EXPECT_EQ(scale_of(llama, "blk.0.attn_norm.weight"), "none");
  EXPECT_EQ(scale_of(llama, "blk.0.ffn_gate_inp.weight"), "none");
  EXPECT_EQ(scale_of(llama, "blk.0.ffn_up_shexp.weight"), "none");
  EXPECT_EQ(scale_of(llama, "blk.0.ffn_up.0.weight"), "none");
  EXPECT_EQ(scale_of(llama, "output.weight"), "output.scale");
  EXPECT_EQ(scale_of(llama, "blk.0.attn_q.weight"), "blk.0.attn_q.scale");
  EXPECT_EQ(scale_of(llama, "blk.0.ffn_gate.weight"), "blk.0.ffn_gate.scale");
  EXPECT_EQ(scale_of(llama, "blk.0.ffn_down_exps.weight"), "blk.0.ffn_down_exps.scale");
  EXPECT_EQ(scale_of(qwen2, "blk.0.attn_q.weight"), "blk.0.attn_q.scale");
  EXPECT_EQ(scale_of(qwen2, "blk.0.ffn_down.weight"), "none");
  EXPECT_EQ(scale_of(make_file("gpt2", names), "blk.0.attn_q.weight"), "none");
}

TEST(ScaleTensor, NotTwiceAndNotBesideAFeedForwardBias) {
  const GgufFile file = make_file("llama", {"blk.0.attn_q.weight", "blk.0.attn_q.scale", "blk.0.ffn_up.weight",
                                            "blk.0.ffn_up.bias", "blk.0.attn_k.weight", "blk.0.attn_k.bias"});
  EXPECT_EQ(scale_of(file, "blk.0.attn_q.weight"), "none");
  EXPECT_EQ(scale_of(file, "blk.0.ffn_up.weight"), "none");
  EXPECT_EQ(scale_of(file, "blk.0.attn_k.weight"), "blk.0.attn_k.scale");
}

}  // namespace
}  // namespace rung
