// Writes a model with random weights of real shapes, for measurements of whole files: make_random_model --preset
// 1b|2b-moe|big-expert [--seed N] OUT.gguf. 1b: a dense llama of 1.1 billion weights in BF16. 2b-moe: a mixture of 2
// billion, 4 of 32 experts a token. big-expert: a mixture of experts whose one expert tensor has 2 GB, which no engine
// runs. Weights are normal, each tensor with a standard deviation of its own. Words of the vocabulary are w0, w1, ...:
// a prompt of n of them has n tokens.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <memory>

#include "base/rng.h"
#include "io/gguf_writer.h"

namespace rung {
namespace {

constexpr size_t kSteps = 65536;
constexpr const char* kWord = "\xe2\x96\x81w";  // a space, as SentencePiece writes it, and a w
constexpr uint64_t kWidth = 2048, kHeads = 32, kKvHeads = 8, kVocabulary = 32000;

/// The normal distribution's value at a probability, by bisection of its integral.
double normal_quantile(double probability) {
  double low = -8, high = 8;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < probability ? low : high) = middle;
  }
  return low;
}

/// Equally likely values, so that 16 random bits make one normal weight.
const std::array<float, kSteps>& normal_values() {
  static const auto values = [] {
    auto table = std::make_unique<std::array<float, kSteps>>();
    for (size_t step = 0; step < kSteps; ++step)
      (*table)[step] = static_cast<float>(normal_quantile((static_cast<double>(step) + 0.5) / kSteps));
    return table;
  }();
  return *values;
}

GgufTensorPlan norm(std::string name, uint64_t columns) {
  return {std::move(name), {columns}, 0, columns * sizeof(float)};
}

GgufTensorPlan matrix(std::string name, std::vector<uint64_t> shape) {
  uint64_t bytes = sizeof(uint16_t);
  for (const uint64_t length : shape) bytes *= length;
  constexpr uint32_t kBf16 = 30;
  return {std::move(name), std::move(shape), kBf16, bytes};
}

struct Model {
  std::vector<GgufEntry> metadata;
  std::vector<GgufTensorPlan> tensors;
  double embedding_scale = 1;  ///< beside the other tensors
};

void add_tokenizer(std::vector<GgufEntry>& metadata) {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(fmt::format("<0x{:02X}>", byte));
  GgufArray scores{GgufType::kF32, {}}, types{GgufType::kI32, {}};
  tokens.push_back(kWord);  // SentencePiece merges step by step, so that every beginning of a word is a token
  for (size_t word = 0; tokens.size() < kVocabulary; ++word) tokens.push_back(fmt::format("{}{}", kWord, word));
  for (size_t token = 0; token < tokens.size(); ++token) {
    const int64_t type = token == 0 ? 2 : token < 3 ? 3 : token < 259 ? 6 : 1;  // unknown, control, byte, normal
    scores.values.push_back(GgufValue::f32(token < 259 ? 0.0f : -static_cast<float>(token)));
    types.values.push_back({GgufType::kI32, type});
  }
  metadata.push_back({"tokenizer.ggml.model", GgufValue::string("llama")});
  metadata.push_back({"tokenizer.ggml.tokens", GgufValue::strings(tokens)});
  metadata.push_back(
      {"tokenizer.ggml.scores", {GgufType::kArray, std::make_shared<const GgufArray>(std::move(scores))}});
  metadata.push_back(
      {"tokenizer.ggml.token_type", {GgufType::kArray, std::make_shared<const GgufArray>(std::move(types))}});
  metadata.push_back({"tokenizer.ggml.bos_token_id", GgufValue::u32(1)});
  metadata.push_back({"tokenizer.ggml.eos_token_id", GgufValue::u32(2)});
}

Model model_head(const std::string& name, uint32_t layers, uint32_t feed_forward) {
  Model model;
  model.metadata = {{"general.architecture", GgufValue::string("llama")}, {"general.name", GgufValue::string(name)}};
  const std::pair<std::string, uint64_t> numbers[] = {
      {"block_count", layers},          {"context_length", 4096},
      {"embedding_length", kWidth},     {"feed_forward_length", feed_forward},
      {"attention.head_count", kHeads}, {"attention.head_count_kv", kKvHeads},
      {"vocab_size", kVocabulary},      {"rope.dimension_count", kWidth / kHeads}};
  for (const auto& [key, value] : numbers)
    model.metadata.push_back({"llama." + key, GgufValue::u32(static_cast<uint32_t>(value))});
  model.metadata.push_back({"llama.attention.layer_norm_rms_epsilon", GgufValue::f32(1e-5f)});
  model.metadata.push_back({"llama.rope.freq_base", GgufValue::f32(10000)});
  add_tokenizer(model.metadata);
  model.tensors = {matrix("token_embd.weight", {kWidth, kVocabulary}), norm("output_norm.weight", kWidth),
                   matrix("output.weight", {kWidth, kVocabulary})};
  return model;
}

void add_attention(Model& model, const std::string& block) {
  constexpr uint64_t kKvWidth = kWidth / kHeads * kKvHeads;
  model.tensors.push_back(norm(block + "attn_norm.weight", kWidth));
  model.tensors.push_back(norm(block + "ffn_norm.weight", kWidth));
  model.tensors.push_back(matrix(block + "attn_q.weight", {kWidth, kWidth}));
  model.tensors.push_back(matrix(block + "attn_k.weight", {kWidth, kKvWidth}));
  model.tensors.push_back(matrix(block + "attn_v.weight", {kWidth, kKvWidth}));
  model.tensors.push_back(matrix(block + "attn_output.weight", {kWidth, kWidth}));
}

Model dense_1b() {
  constexpr uint32_t kLayers = 16, kFeedForward = 8192;
  Model model = model_head("random 1.1B", kLayers, kFeedForward);
  for (uint32_t layer = 0; layer < kLayers; ++layer) {
    const std::string block = fmt::format("blk.{}.", layer);
    add_attention(model, block);
    model.tensors.push_back(matrix(block + "ffn_gate.weight", {kWidth, kFeedForward}));
    model.tensors.push_back(matrix(block + "ffn_up.weight", {kWidth, kFeedForward}));
    model.tensors.push_back(matrix(block + "ffn_down.weight", {kFeedForward, kWidth}));
  }
  return model;
}

Model mixture_2b() {
  constexpr uint64_t kLayers = 12, kExperts = 32, kFeedForward = 768;
  Model model = model_head("random 2B mixture", kLayers, kFeedForward);
  model.metadata.push_back({"llama.expert_count", GgufValue::u32(kExperts)});
  model.metadata.push_back({"llama.expert_used_count", GgufValue::u32(4)});
  model.embedding_scale =
      256;  // tokens stay different through the layers, so that the router spreads them over experts
  for (uint32_t layer = 0; layer < kLayers; ++layer) {
    const std::string block = fmt::format("blk.{}.", layer);
    add_attention(model, block);
    model.tensors.push_back(matrix(block + "ffn_gate_inp.weight", {kWidth, kExperts}));
    model.tensors.push_back(matrix(block + "ffn_gate_exps.weight", {kWidth, kFeedForward, kExperts}));
    model.tensors.push_back(matrix(block + "ffn_up_exps.weight", {kWidth, kFeedForward, kExperts}));
    model.tensors.push_back(matrix(block + "ffn_down_exps.weight", {kFeedForward, kWidth, kExperts}));
  }
  return model;
}

Model big_expert() {
  constexpr uint64_t kExperts = 64, kFeedForward = 8192;
  Model model = model_head("random, one large expert tensor", 1, kFeedForward);
  model.metadata.push_back({"llama.expert_count", GgufValue::u32(kExperts)});
  model.metadata.push_back({"llama.expert_used_count", GgufValue::u32(2)});
  add_attention(model, "blk.0.");
  model.tensors.push_back(matrix("blk.0.ffn_gate_inp.weight", {kWidth, kExperts}));
  model.tensors.push_back(matrix("blk.0.ffn_up_exps.weight", {kWidth, kFeedForward, kExperts}));
  return model;
}

Status write_normal(GgufWriter& writer, uint64_t bytes, double scale, Rng& rng) {
  const float deviation = static_cast<float>(scale * 0.01 * std::exp2(2 * rng.uniform()));
  std::vector<uint16_t> table(kSteps);
  for (size_t step = 0; step < kSteps; ++step)
    table[step] = static_cast<uint16_t>(std::bit_cast<uint32_t>(normal_values()[step] * deviation) >> 16);
  std::vector<uint16_t> piece(size_t{1} << 20);
  for (uint64_t left = bytes / sizeof(uint16_t); left != 0;) {
    const size_t count = std::min<uint64_t>(left, piece.size());
    for (size_t at = 0; at < count; at += 4) {
      const uint64_t bits = rng.next();
      for (size_t part = 0; part < 4; ++part) piece[at + part] = table[(bits >> (16 * part)) & (kSteps - 1)];
    }
    RUNG_CHECK(writer.write({reinterpret_cast<const uint8_t*>(piece.data()), count * sizeof(uint16_t)}));
    left -= count;
  }
  return {};
}

Status write_model(const Model& model, uint64_t seed, const std::string& path) {
  Rng rng(seed);
  RUNG_TRY(GgufWriter writer, GgufWriter::create(path, model.metadata, model.tensors));
  for (const GgufTensorPlan& tensor : model.tensors) {
    if (tensor.shape.size() > 1) {
      const double scale = tensor.name == "token_embd.weight" ? model.embedding_scale : 1;
      RUNG_CHECK(write_normal(writer, tensor.bytes, scale, rng));
      continue;
    }
    const std::vector<float> ones(tensor.shape[0], 1.0f);
    RUNG_CHECK(writer.write({reinterpret_cast<const uint8_t*>(ones.data()), tensor.bytes}));
  }
  return writer.commit();
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) {
  CLI::App app("Writes a GGUF model with random weights of real shapes.");
  std::string preset = "1b", path;
  uint64_t seed = 1;
  const std::map<std::string, rung::Model (*)()> presets = {
      {"1b", rung::dense_1b}, {"2b-moe", rung::mixture_2b}, {"big-expert", rung::big_expert}};
  app.add_option("--preset", preset)->check(CLI::IsMember(presets));
  app.add_option("--seed", seed);
  app.add_option("OUT", path)->required();
  CLI11_PARSE(app, argc, argv);
  const rung::Status status = rung::write_model(presets.at(preset)(), seed, path);
  if (status) return 0;
  fmt::print(stderr, "{}\n", status.error().message);
  return 1;
}
