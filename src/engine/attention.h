// Causal attention of a batch over KV caches, with an online softmax (Milakov and Gimelshein, arXiv 1805.02867) over
// blocks of positions, so that no score matrix is stored and every KV format is expanded block by block.
#pragma once

#include <span>
#include <vector>

#include "base/page_buffer.h"
#include "base/thread_pool.h"
#include "engine/kv_cache.h"
#include "model/config.h"

namespace rung {

/// Tokens of the batch that follow each other in one sequence.
struct AttentionRun {
  KvCache* cache = nullptr;
  size_t first_token = 0;  ///< index in the batch
  size_t tokens = 0;
  size_t first_position = 0;  ///< of the first token; keys and values up to each token's own position are stored
};

class Attention {
 public:
  explicit Attention(const ModelConfig& config, int threads);
  /// q: (batch, heads * key_dim), out: (batch, heads * value_dim).
  void run(ThreadPool& pool, std::span<const AttentionRun> runs, size_t layer, const float* q, float* out);
  /// What a thread needs.
  static size_t scratch_bytes(const ModelConfig& config);
  std::span<const PageBuffer> scratch() const { return scratch_; }

 private:
  struct Task {
    AttentionRun queries;
    size_t kv_head = 0;
  };
  void attend(const Task& task, size_t layer, const float* q, float* out, float* scratch) const;

  const ModelConfig& config_;
  std::vector<Task> tasks_;
  std::vector<PageBuffer> scratch_;  ///< one a thread
};

}  // namespace rung
