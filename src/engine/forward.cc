#include "engine/forward.h"

#include <algorithm>

#include "base/half.h"
#include "base/process_memory.h"
#include "engine/hadamard.h"
#include "kernels/elementwise.h"

namespace rung {
namespace {

void add_bias(const std::vector<float>& bias, float* row) {
  if (!bias.empty()) axpy_f32(1.0f, bias.data(), bias.size(), row);
}

}  // namespace

Forward::Forward(const Engine& engine, ThreadPool& pool, const SessionOptions& options)
    : engine_(engine),
      pool_(pool),
      bf16_stream_(options.bf16_stream),
      products_{pool, options.precision, options.observer, options.batching, {}, {}},
      attention_(engine.config(), pool.size()),
      buffers_(forward_layout(engine.config(), tensor_shapes(engine.source()), options.precision)),
      experts_(engine.config(), buffers_),
      rope_(engine.config(), engine.weights().rope_factors) {}

uint64_t Forward::resident_buffers() const { return buffers_.resident_bytes(); }

uint64_t Forward::resident_scratch() const {
  uint64_t total = 0;
  for (const auto slices : {products_.scratch.slices(), attention_.scratch()})
    for (const PageBuffer& slice : slices) total += resident_bytes(slice.bytes()).value_or(0);
  return total;
}

void Forward::run(std::span<const PlacedToken> tokens, std::span<const size_t> wanted, float* out) {
  buffers_.reserve(tokens.size());
  products_.scratch.reserve(pool_.size(), MatmulScratch::slice_bytes(buffers_.layout().widest, tokens.size()));
  embed(tokens);
  prepare_positions(tokens);
  for (size_t layer = 0; layer < engine_.config().layers; ++layer) {
    attention_block(tokens, layer);
    feed_forward_block(tokens.size(), layer);
    if (bf16_stream_) round_stream(tokens.size());
  }
  if (!wanted.empty()) output_logits(wanted, out);
}

void Forward::embed(std::span<const PlacedToken> tokens) {
  const Matrix& embedding = engine_.weights().embedding;
  const size_t stride = row_bytes(embedding.format, embedding.cols);
  const bool tied = engine_.weights().output.data == embedding.data;
  float* x = buffers_.floats(Slot::kResidual);
  products_.for_tokens(tokens.size(), embedding.cols, [&](size_t token) {
    const auto row = static_cast<size_t>(tokens[token].id);
    decode_row(embedding.format, embedding.data + row * stride, embedding.cols, x + token * embedding.cols);
    if (!tied) let_go_of_embedding(row * stride, stride);
  });
}

/// Takes the surroundings of a row out of this process's memory: a fault maps whole folios of the page cache, up to
/// 2 MiB for 4 KiB of a row, and a prompt would soon hold most of a matrix of which it reads a few rows.
void Forward::let_go_of_embedding(size_t offset, size_t bytes) {
  constexpr size_t kFolio = size_t{2} << 20;
  const Matrix& embedding = engine_.weights().embedding;
  const size_t all = row_bytes(embedding.format, embedding.cols) * embedding.rows;
  const size_t begin = offset - std::min(offset, kFolio), end = std::min(all, offset + bytes + kFolio);
  engine_.source().file().release({embedding.data + begin, end - begin});
}

void Forward::prepare_positions(std::span<const PlacedToken> tokens) {
  const size_t pairs = rope_.pairs();
  float* cosine = buffers_.floats(Slot::kCosine);
  float* sine = buffers_.floats(Slot::kSine);
  products_.for_tokens(tokens.size(), pairs * 32, [&](size_t token) {
    rope_.angles(tokens[token].position, cosine + token * pairs, sine + token * pairs);
  });
  runs_.clear();
  for (size_t token = 0; token < tokens.size(); ++token) {
    const PlacedToken& placed = tokens[token];
    const bool follows = !runs_.empty() && runs_.back().cache == placed.cache;
    if (follows) {
      ++runs_.back().tokens;
    } else {
      runs_.push_back({placed.cache, token, 1, placed.position});
    }
  }
}

void Forward::attention_block(std::span<const PlacedToken> tokens, size_t layer) {
  const ModelConfig& config = engine_.config();
  const LayerWeights& weights = engine_.weights().layers[layer];
  const size_t count = tokens.size(), width = config.width;
  float* const x = buffers_.floats(Slot::kResidual);
  float* const normed = buffers_.floats(Slot::kNormed);
  Activations& input = buffers_.input(Input::kBlock);
  products_.for_tokens(count, width, [&](size_t token) {
    rms_norm_f32(x + token * width, weights.attention_norm.data(), width, config.norm_epsilon, normed + token * width);
  });
  products_.assign(input, normed, count, {&weights.q.weight, &weights.k.weight, &weights.v.weight});
  products_.add_job(weights.q.weight, input, buffers_.floats(Slot::kQueries));
  products_.add_job(weights.k.weight, input, buffers_.floats(Slot::kKeys));
  products_.add_job(weights.v.weight, input, buffers_.floats(Slot::kValues));
  products_.run_jobs();
  finish_queries_and_keys(tokens, layer);
  settle_caches(layer);

  const Linear& output = weights.attention_output;
  float* const mixed = buffers_.floats(Slot::kMixed);
  attention_.run(pool_, runs_, layer, buffers_.floats(Slot::kQueries), mixed);
  products_.assign(input, mixed, count, {&output.weight});
  float* const delta = buffers_.floats(Slot::kDelta);
  products_.add_job(output.weight, input, delta);
  products_.run_jobs();
  products_.for_tokens(count, width, [&](size_t token) {
    add_bias(output.bias, delta + token * width);
    axpy_f32(1.0f, delta + token * width, width, x + token * width);
  });
}

void Forward::finish_queries_and_keys(std::span<const PlacedToken> tokens, size_t layer) {
  const ModelConfig& config = engine_.config();
  const LayerWeights& weights = engine_.weights().layers[layer];
  const size_t pairs = rope_.pairs(), dim = config.key_dim;
  products_.for_tokens(tokens.size(), config.heads * dim, [&](size_t token) {
    const float* cosine = buffers_.floats(Slot::kCosine) + token * pairs;
    const float* sine = buffers_.floats(Slot::kSine) + token * pairs;
    KvCache& cache = *tokens[token].cache;
    const bool keys_rotated = cache.keys_rotated(layer), values_rotated = cache.values_rotated(layer);
    const auto finish = [&](float* row, size_t heads, const Linear& linear, const std::vector<float>& norm, bool turn) {
      add_bias(linear.bias, row);
      for (size_t head = 0; head < heads; ++head) {
        if (!norm.empty()) rms_norm_f32(row + head * dim, norm.data(), dim, config.norm_epsilon, row + head * dim);
        if (turn) rope_f32(row + head * dim, cosine, sine, pairs, rope_.adjacent());
        if (keys_rotated) hadamard(row + head * dim, dim);
      }
    };
    float* key = buffers_.floats(Slot::kKeys) + token * config.kv_heads * dim;
    float* value = buffers_.floats(Slot::kValues) + token * config.kv_heads * config.value_dim;
    finish(buffers_.floats(Slot::kQueries) + token * config.heads * dim, config.heads, weights.q, weights.q_norm, true);
    finish(key, config.kv_heads, weights.k, weights.k_norm, !cache.keys_before_rope(layer));
    add_bias(weights.v.bias, value);
    for (size_t head = 0; head < config.kv_heads; ++head) {
      float* head_value = value + head * config.value_dim;
      if (values_rotated) hadamard(head_value, config.value_dim);
      cache.store(layer, head, tokens[token].position, key + head * dim, head_value);
    }
  });
}

/// Formats of tiles write those that have come to their end.
void Forward::settle_caches(size_t layer) {
  const auto settles = [&](const AttentionRun& run) { return run.cache->settles(layer); };
  if (std::none_of(runs_.begin(), runs_.end(), settles)) return;
  pool_.parallel_for(engine_.config().kv_heads, 1, [&](size_t begin, size_t end, int) {
    for (size_t head = begin; head < end; ++head)
      for (const AttentionRun& run : runs_)
        run.cache->settle(layer, head, run.first_position, run.first_position + run.tokens);
  });
}

void Forward::feed_forward_block(size_t tokens, size_t layer) {
  const ModelConfig& config = engine_.config();
  const LayerWeights& weights = engine_.weights().layers[layer];
  const size_t width = config.width;
  float* x = buffers_.floats(Slot::kResidual);
  float* normed = buffers_.floats(Slot::kNormed);
  float* delta = buffers_.floats(Slot::kDelta);
  products_.for_tokens(tokens, width, [&](size_t token) {
    rms_norm_f32(x + token * width, weights.ffn_norm.data(), width, config.norm_epsilon, normed + token * width);
  });
  if (weights.moe) {
    experts_.run(products_, *weights.moe, normed, tokens, delta);
  } else {
    const FeedForward& ffn = *weights.dense;
    const size_t hidden = ffn.gate.weight.rows;
    Activations& input = buffers_.input(Input::kBlock);
    Activations& inner = buffers_.input(Input::kHidden);
    products_.assign(input, normed, tokens, {&ffn.gate.weight, &ffn.up.weight});
    float* gate = buffers_.floats(Slot::kGate);
    float* up = buffers_.floats(Slot::kUp);
    products_.add_job(ffn.gate.weight, input, gate);
    products_.add_job(ffn.up.weight, input, up);
    products_.run_jobs();
    products_.for_tokens(tokens, hidden,
                         [&](size_t token) { swiglu_f32(gate + token * hidden, up + token * hidden, hidden); });
    products_.assign(inner, gate, tokens, {&ffn.down.weight});
    products_.add_job(ffn.down.weight, inner, delta);
    products_.run_jobs();
  }
  products_.for_tokens(tokens, width,
                       [&](size_t token) { axpy_f32(1.0f, delta + token * width, width, x + token * width); });
}

void Forward::round_stream(size_t tokens) {
  for (float& value : std::span(buffers_.floats(Slot::kResidual), tokens * engine_.config().width))
    value = bfloat16_to_float(float_to_bfloat16(value));
}

void Forward::output_logits(std::span<const size_t> wanted, float* out) {
  const ModelConfig& config = engine_.config();
  const ModelWeights& weights = engine_.weights();
  const size_t width = config.width;
  Activations& input = buffers_.input(Input::kBlock);
  float* normed = buffers_.floats(Slot::kNormed);
  for (size_t row = 0; row < wanted.size(); ++row)
    rms_norm_f32(buffers_.floats(Slot::kResidual) + wanted[row] * width, weights.output_norm.data(), width,
                 config.norm_epsilon, normed + row * width);
  products_.assign(input, normed, wanted.size(), {&weights.output});
  products_.add_job(weights.output, input, out);
  products_.run_jobs();
}

}  // namespace rung
