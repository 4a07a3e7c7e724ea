#include "plan/size_model.h"

#include <algorithm>
#include <cmath>

namespace rung {
namespace {

constexpr uint32_t kF32 = 0, kBf16 = 30;
constexpr uint64_t kHeadDim = 128, kKvHeads = 8, kUsualVocabulary = 128256, kOlderVocabulary = 32000,
                   kTrainedContext = 131072;
constexpr double kUsualRatio = 110;    // width over layers, between Llama 3's 8B and 70B
constexpr uint64_t kStep = 256;        // of feed-forward layers: the longest block
constexpr uint64_t kWidthStep = 1024;  // eight heads

struct Shape {
  uint64_t width = 0, layers = 0, feed_forward = 0, vocabulary = kUsualVocabulary;
  uint64_t experts = 0, used = 0;

  uint64_t attention() const { return 2 * width * width + 2 * width * kKvHeads * kHeadDim; }
};

uint64_t usual_feed_forward(uint64_t width) { return (7 * width / 2 + kStep - 1) / kStep * kStep; }

/// The shape whose proportions are the most usual among those with so many weights.
Shape dense_shape(double weights, uint64_t vocabulary = kUsualVocabulary) {
  Shape best;
  double best_distance = INFINITY;
  for (uint64_t width = kWidthStep; width <= 32 * kWidthStep; width += kWidthStep) {
    Shape shape{width, 0, usual_feed_forward(width)};
    const auto layer = static_cast<double>(shape.attention() + 3 * width * shape.feed_forward);
    const double rest = weights - 2.0 * static_cast<double>(width) * static_cast<double>(vocabulary);
    shape.layers = static_cast<uint64_t>(std::max(1.0, std::round(rest / layer)));
    const double ratio = static_cast<double>(width) / static_cast<double>(shape.layers);
    const double distance = std::abs(std::log(ratio / kUsualRatio));
    if (distance >= best_distance) continue;
    best_distance = distance;
    const double for_rows = weights - static_cast<double>(shape.layers) * layer;
    shape.vocabulary =
        static_cast<uint64_t>(std::clamp(for_rows / (2.0 * static_cast<double>(width)), 8192.0, 262144.0));
    best = shape;
  }
  return best;
}

/// "8x7B": the feed-forward layers eight times, two of them used. Names like it are of the time of small vocabularies.
Shape mixture_of_dense(const ModelSize& size) {
  Shape shape = dense_shape(size.weights, kOlderVocabulary);
  shape.experts = size.experts;
  shape.used = 2;
  return shape;
}

/// "30B-A3B": the outer proportions of a model between the two sizes, eight experts used, as many as the total asks
/// for.
Shape mixture_of_active(const ModelSize& size) {
  constexpr uint64_t kUsed = 8;
  Shape shape = dense_shape(std::pow(*size.active, 0.7) * std::pow(size.weights, 0.3));
  const auto width = static_cast<double>(shape.width), layers = static_cast<double>(shape.layers);
  const double outside =
      layers * static_cast<double>(shape.attention()) + 2 * width * static_cast<double>(shape.vocabulary);
  const double rows = std::max(0.0, *size.active - outside) / (layers * 3 * width * static_cast<double>(kUsed));
  shape.feed_forward = std::max<uint64_t>(1, static_cast<uint64_t>(std::llround(rows / kStep))) * kStep;
  const double expert = 3 * width * static_cast<double>(shape.feed_forward);
  const double experts = std::round(std::max(0.0, size.weights - outside) / (layers * expert));
  shape.experts = static_cast<uint64_t>(std::clamp(experts, static_cast<double>(kUsed), 65536.0));
  shape.used = kUsed;
  return shape;
}

std::vector<GgufEntry> metadata_of(const Shape& shape) {
  const auto number = [](const char* key, uint64_t value) {
    return GgufEntry{std::string("llama.") + key, GgufValue::u64(value)};
  };
  std::vector<GgufEntry> entries = {{"general.architecture", GgufValue::string("llama")},
                                    number("block_count", shape.layers),
                                    number("embedding_length", shape.width),
                                    {"llama.attention.layer_norm_rms_epsilon", GgufValue::f32(1e-5f)},
                                    number("context_length", kTrainedContext),
                                    number("feed_forward_length", shape.feed_forward),
                                    number("attention.head_count", shape.width / kHeadDim),
                                    number("attention.head_count_kv", kKvHeads),
                                    number("attention.key_length", kHeadDim),
                                    number("attention.value_length", kHeadDim)};
  if (shape.experts != 0) {
    entries.push_back(number("expert_count", shape.experts));
    entries.push_back(number("expert_used_count", shape.used));
  }
  return entries;
}

std::vector<GgufTensor> tensors_of(const Shape& shape) {
  std::vector<GgufTensor> tensors;
  const auto add = [&](std::string name, std::vector<uint64_t> dims, uint32_t type) {
    GgufTensor tensor;
    tensor.name = std::move(name) + ".weight";
    tensor.shape = std::move(dims);
    tensor.ggml_type = type;
    tensors.push_back(std::move(tensor));
  };
  const uint64_t width = shape.width, kv = kKvHeads * kHeadDim;
  add("token_embd", {width, shape.vocabulary}, kBf16);
  for (uint64_t layer = 0; layer < shape.layers; ++layer) {
    const std::string block = fmt::format("blk.{}.", layer);
    for (const char* norm : {"attn_norm", "ffn_norm"}) add(block + norm, {width}, kF32);
    for (const char* square : {"attn_q", "attn_output"}) add(block + square, {width, width}, kBf16);
    for (const char* narrow : {"attn_k", "attn_v"}) add(block + narrow, {width, kv}, kBf16);
    std::vector<uint64_t> up = {width, shape.feed_forward}, down = {shape.feed_forward, width};
    const char* ending = "";
    if (shape.experts != 0) {
      add(block + "ffn_gate_inp", {width, shape.experts}, kF32);
      up.push_back(shape.experts), down.push_back(shape.experts);
      ending = "_exps";
    }
    add(block + "ffn_gate" + ending, up, kBf16);
    add(block + "ffn_up" + ending, up, kBf16);
    add(block + "ffn_down" + ending, down, kBf16);
  }
  add("output_norm", {width}, kF32);
  add("output", {width, shape.vocabulary}, kBf16);
  return tensors;
}

}  // namespace

Result<GgufFile> usual_model(const ModelSize& size, const std::string& name) {
  const Shape shape = size.active         ? mixture_of_active(size)
                      : size.experts != 0 ? mixture_of_dense(size)
                                          : dense_shape(size.weights);
  return GgufFile::describe(name, metadata_of(shape), tensors_of(shape));
}

}  // namespace rung
