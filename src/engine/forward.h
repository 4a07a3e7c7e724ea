// The forward pass over one batch: embedding, layers of attention and feed-forward, final norm, output. It is driven by
// the configuration and by which weights are bound; there is no case per architecture. Buffers belong to the object and
// only grow. Internal to the engine.
#pragma once

#include <span>
#include <vector>

#include "engine/attention.h"
#include "engine/engine.h"
#include "engine/experts.h"
#include "engine/forward_layout.h"
#include "kernels/matmul.h"

namespace rung {

/// A token of the batch with its place.
struct PlacedToken {
  int32_t id = 0;
  size_t position = 0;
  KvCache* cache = nullptr;
};

class Forward {
 public:
  Forward(const Engine& engine, ThreadPool& pool, const SessionOptions& options);

  /// Runs the batch, stores its keys and values, and writes the logits of the rows named in `wanted` to out:
  /// (wanted.size(), vocabulary).
  void run(std::span<const PlacedToken> tokens, std::span<const size_t> wanted, float* out);
  const Rope& rope() const { return rope_; }
  uint64_t resident_buffers() const;
  uint64_t resident_scratch() const;  ///< of the threads

 private:
  void embed(std::span<const PlacedToken> tokens);
  void let_go_of_embedding(size_t offset, size_t bytes);
  void prepare_positions(std::span<const PlacedToken> tokens);
  void attention_block(std::span<const PlacedToken> tokens, size_t layer);
  void finish_queries_and_keys(std::span<const PlacedToken> tokens, size_t layer);
  void settle_caches(size_t layer);
  void feed_forward_block(size_t tokens, size_t layer);
  void round_stream(size_t tokens);
  void output_logits(std::span<const size_t> wanted, float* out);

  const Engine& engine_;
  ThreadPool& pool_;
  bool bf16_stream_;
  ProductContext products_;
  Attention attention_;
  ForwardBuffers buffers_;
  Experts experts_;
  Rope rope_;
  std::vector<AttentionRun> runs_;
};

}  // namespace rung
