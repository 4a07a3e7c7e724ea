// Prediction against a count by hand, and against the pages that sessions really touch.
#include "engine/session_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

namespace rung {
namespace {

namespace fs = std::filesystem;

/// Layer 0 dense, layer 1 a mixture with a shared expert, layer 2 one that the configuration does not count.
std::vector<TensorShape> small_mixture(Format format) {
  return {{"token_embd.weight", format, {64, 1000}},           {"output.weight", Format::F16, {64, 1000}},
          {"blk.0.attn_norm.weight", Format::F32, {64}},       {"blk.0.attn_q.weight", format, {64, 128}},
          {"blk.0.attn_output.weight", format, {128, 64}},     {"blk.0.ffn_gate.weight", format, {64, 160}},
          {"blk.0.ffn_up.weight", format, {64, 160}},          {"blk.0.ffn_down.weight", format, {160, 64}},
          {"blk.1.ffn_gate_inp.weight", Format::F32, {64, 8}}, {"blk.1.ffn_gate_exps.weight", format, {64, 96, 8}},
          {"blk.1.ffn_up_exps.weight", format, {64, 96, 8}},   {"blk.1.ffn_down_exps.weight", format, {96, 64, 8}},
          {"blk.1.ffn_gate_shexp.weight", format, {64, 192}},  {"blk.1.ffn_up_shexp.weight", format, {64, 192}},
          {"blk.1.ffn_down_shexp.weight", format, {192, 64}},  {"blk.2.ffn_down.weight", format, {4096, 64}}};
}

ModelConfig small_config() {
  ModelConfig config;
  config.layers = 2;
  config.width = 64;
  config.vocabulary = 1000;
  config.heads = 4;
  config.kv_heads = 2;
  config.key_dim = 32;
  config.value_dim = 16;
  config.rope_dims = 32;
  config.experts = 8;
  config.experts_used = 3;
  return config;
}

TEST(ForwardLayout, IsWhatTheMatricesAskFor) {
  const ForwardLayout layout = forward_layout(small_config(), small_mixture(Format::Q8_0), Precision::kQ8);
  const std::map<Slot, size_t> expected = {
      {Slot::kResidual, 64},     {Slot::kNormed, 64},      {Slot::kDelta, 64},     {Slot::kQueries, 128},
      {Slot::kKeys, 64},         {Slot::kValues, 32},      {Slot::kMixed, 64},     {Slot::kGate, 160},
      {Slot::kUp, 160},          {Slot::kCosine, 16},      {Slot::kSine, 16},      {Slot::kScores, 8},
      {Slot::kChosen, 3},        {Slot::kShare, 3},        {Slot::kOrder, 3},      {Slot::kPlace, 3},
      {Slot::kExpertInput, 192}, {Slot::kExpertGate, 288}, {Slot::kExpertUp, 288}, {Slot::kExpertDown, 192},
      {Slot::kSharedGate, 192},  {Slot::kSharedUp, 192},   {Slot::kSharedDown, 64}};
  ASSERT_EQ(expected.size(), static_cast<size_t>(Slot::kCount));
  for (const auto& [slot, values] : expected) EXPECT_EQ(layout[slot], values) << static_cast<int>(slot);
  EXPECT_EQ(layout[Input::kBlock], 128u);  // the output projection's input is wider than the residual stream
  EXPECT_EQ(layout[Input::kHidden], 160u);
  EXPECT_EQ(layout[Input::kMixture], 64u);  // for the shared expert; the router is in floats
  EXPECT_EQ(layout[Input::kExperts], 192u);
  EXPECT_EQ(layout[Input::kExpertHidden], 288u);
  EXPECT_EQ(layout[Input::kSharedHidden], 192u);
  EXPECT_EQ(layout.widest, 192u);
}

TEST(ForwardLayout, FloatWeightsAndTheReferenceNeedNoCodes) {
  for (const auto& [format, precision] :
       {std::pair{Format::BF16, Precision::kQ8}, std::pair{Format::Q8_0, Precision::kF32}}) {
    const ForwardLayout layout = forward_layout(small_config(), small_mixture(format), precision);
    for (const size_t values : layout.code_values) EXPECT_EQ(values, 0u);
  }
}

TEST(ForwardLayout, ATiedEmbeddingIsAMatrixToo) {
  std::vector<TensorShape> tensors = small_mixture(Format::Q8_0);
  tensors = {tensors.front()};
  EXPECT_EQ(forward_layout(small_config(), tensors, Precision::kQ8)[Input::kBlock], 64u);
  EXPECT_EQ(forward_layout(small_config(), tensors, Precision::kQ8).widest, 64u);
}

/// A page is 4096 bytes or more, so that these sums are multiples of whole pages only where they should be.
TEST(SessionMemory, AddsUpWholePages) {
  const ModelConfig config = small_config();
  ForwardLayout layout;
  layout.values[static_cast<size_t>(Slot::kResidual)] = page_bytes();  // 4 pages a token
  layout.code_values[static_cast<size_t>(Input::kBlock)] = 64;         // 112 bytes a token: 64 codes and 12 numbers
  SessionOptions options;
  options.kv.keys.format = KvFormat::kF32;
  options.sequences = 3;
  options.capacity = 100;
  options.batch = 10;
  const SessionMemory memory = predict_session_memory(config, layout, options, {100, 1000, 2}, 2);
  const uint64_t keys = 2 * whole_pages(2 * 100 * 32 * 4), values = 2 * whole_pages(2 * 100 * 16 * 2);
  EXPECT_EQ(memory.kv_reserved, 3 * (keys + values));
  EXPECT_EQ(memory.kv, memory.kv_reserved);  // full
  EXPECT_EQ(memory.buffers, 40 * page_bytes() + whole_pages(1120));
  EXPECT_EQ(memory.logits, whole_pages(2 * 1000 * 4));
  EXPECT_EQ(memory.total(), memory.kv + memory.buffers + memory.scratch + memory.logits);
  EXPECT_EQ(predict_session_memory(config, layout, options, {100, 1000, 2}, 4).scratch, 2 * memory.scratch);
}

TEST(SessionMemory, OfAHugeContextDoesNotOverflow) {
  const ModelConfig config = small_config();
  SessionOptions options;
  options.capacity = size_t{1} << 40;
  EXPECT_EQ(predict_session_memory(config, {}, options, {0, 1, 1}, 1).kv_reserved,
            (uint64_t{1} << 40) * 2 * 2 * (32 + 16) * 2);
}

/// A model with all its matrices in another format, as a rung is.
class EncodedSource final : public TensorSource {
 public:
  EncodedSource(std::shared_ptr<const TensorSource> source, Format format) : source_(std::move(source)) {
    for (const GgufTensor& tensor : file().tensors()) {
      const size_t columns = tensor.columns();
      if (tensor.shape.size() < 2 || columns % format_info(format).block_values != 0) continue;
      std::vector<float> values(tensor.values());
      decode_row(*tensor.format, tensor.bytes.data(), tensor.values(), values.data());
      std::vector<uint8_t>& blocks = encoded_[tensor.name];
      blocks.resize(row_bytes(format, tensor.values()));
      encode_matrix_rows(format, {values.data(), tensor.rows(), columns}, blocks.data());
    }
    format_ = format;
  }
  const GgufFile& file() const override { return source_->file(); }
  std::optional<TensorView> find(std::string_view name) const override {
    auto view = source_->find(name);
    if (const auto found = encoded_.find(name); found != encoded_.end()) {
      view->format = format_;
      view->bytes = found->second;
    }
    return view;
  }

 private:
  std::shared_ptr<const TensorSource> source_;
  Format format_ = Format::Q8_0;
  std::map<std::string, std::vector<uint8_t>, std::less<>> encoded_;
};

/// What a session touches is what was predicted: caches, buffers and logits to the page, scratch at most.
void expect_predicted(const std::shared_ptr<const TensorSource>& source, const SessionOptions& options, size_t prompt) {
  const auto engine = Engine::open(source);
  ASSERT_TRUE(engine) << engine.error().message;
  const ModelConfig& config = (*engine)->config();
  ThreadPool pool(2);
  Session session(*engine, pool, options);
  std::vector<int32_t> ids(prompt);
  for (size_t index = 0; index < prompt; ++index) ids[index] = static_cast<int32_t>(index * 7 % config.vocabulary);
  ASSERT_TRUE(session.forward(ids));
  const ForwardLayout layout = forward_layout(config, tensor_shapes(*source), options.precision);
  const SessionMemory predicted = predict_session_memory(config, layout, options, {prompt, prompt, 1}, 2);
  const SessionMemory actual = session.memory();
  EXPECT_EQ(actual.kv_reserved, predicted.kv_reserved);
  if (actual.total() == 0) GTEST_SKIP() << "/proc/self/pagemap does not tell";
  if (!PageBuffer::comes_from_system()) return;
  EXPECT_EQ(actual.kv, predicted.kv);
  EXPECT_EQ(actual.buffers, predicted.buffers);
  EXPECT_EQ(actual.logits, predicted.logits);
  EXPECT_LE(actual.scratch, predicted.scratch);
  if (prompt >= 100) {
    EXPECT_GE(8 * actual.scratch, predicted.scratch);  // by tiles, but maybe all on one thread
  }
}

std::shared_ptr<const TensorSource> open_source(const fs::path& path) {
  auto source = FileSource::open(path);
  EXPECT_TRUE(source) << source.error().message;
  return *source;
}

std::vector<SessionOptions> all_options() {
  std::vector<SessionOptions> all;
  const auto add = [&](KvFormat keys, KvFormat values, size_t capacity) {
    SessionOptions options;
    options.kv = {.keys = {keys}, .values = {values}};
    options.capacity = capacity;
    options.batch = 128;
    all.push_back(options);
  };
  for (const KvFormat keys : {KvFormat::kF32, KvFormat::kQ8_0, KvFormat::kKivi2, KvFormat::kNuq3})
    add(keys, KvFormat::kF16, 200);
  add(KvFormat::kF16, KvFormat::kKivi4, 1000);
  all.push_back(SessionOptions::reference());
  return all;
}

TEST(SessionMemory, OfPicoIsAsPredicted) {
  const auto pico = open_source(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  for (const SessionOptions& options : all_options())
    for (const size_t prompt : {1, 100, 200}) expect_predicted(pico, options, prompt);
}

TEST(SessionMemory, OfPicoIn8BitsIsAsPredicted) {
  const auto pico = open_source(fs::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf");
  const auto source = std::make_shared<const EncodedSource>(pico, Format::Q8_0);
  for (const SessionOptions& options : all_options()) expect_predicted(source, options, 150);
}

TEST(SessionMemory, OfEveryGoldenModelIsAsPredicted) {
  const fs::path folder = fs::path(RUNG_SHARED_DIR) / "golden";
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is not here";
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!fs::exists(entry.path() / "model.gguf")) continue;
    SCOPED_TRACE(entry.path().filename());
    const auto source = open_source(entry.path() / "model.gguf");
    if (!Engine::open(source)) continue;  // an architecture that the engine does not run
    expect_predicted(source, SessionOptions(), 50);
    expect_predicted(std::make_shared<const EncodedSource>(source, Format::Q8_0), SessionOptions(), 50);
  }
}

}  // namespace
}  // namespace rung
