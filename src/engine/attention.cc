#include "engine/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/hadamard.h"
#include "kernels/elementwise.h"

namespace rung {
namespace {

constexpr size_t kPositions =
    64;  ///< keys and values expanded at a time: with dim 128 both fit the first-level cache twice
/// Tokens that share the expanded block: those of one position / kQueries, because they see the same cache.
constexpr size_t kQueries = 16;

}  // namespace

Attention::Attention(const ModelConfig& config, int threads) : config_(config) {
  for (int thread = 0; thread < threads; ++thread) scratch_.emplace_back(scratch_bytes(config));
}

size_t Attention::scratch_bytes(const ModelConfig& config) {
  const size_t queries = kQueries * (config.heads / config.kv_heads);
  return (kPositions * (config.key_dim + config.value_dim + 1) + queries * (config.value_dim + 2)) * sizeof(float);
}

void Attention::run(ThreadPool& pool, std::span<const AttentionRun> runs, size_t layer, const float* q, float* out) {
  tasks_.clear();
  for (const AttentionRun& run : runs) {
    const size_t end = run.first_position + run.tokens;
    for (size_t position = run.first_position, next; position < end; position = next) {
      next = std::min((position / kQueries + 1) * kQueries, end);
      for (size_t head = 0; head < config_.kv_heads; ++head)
        tasks_.push_back(
            {{run.cache, run.first_token + position - run.first_position, next - position, position}, head});
    }
  }
  pool.parallel_for(tasks_.size(), 1, [&](size_t begin, size_t end, int thread) {
    for (size_t task = begin; task < end; ++task)
      attend(tasks_[task], layer, q, out, scratch_[static_cast<size_t>(thread)].as<float>());
  });
}

void Attention::attend(const Task& task, size_t layer, const float* q, float* out, float* scratch) const {
  const size_t key_dim = config_.key_dim, value_dim = config_.value_dim;
  const size_t group = config_.heads / config_.kv_heads, queries = task.queries.tokens * group;
  float* keys = scratch;                            // (kPositions, key_dim)
  float* values = keys + kPositions * key_dim;      // (kPositions, value_dim)
  float* scores = values + kPositions * value_dim;  // (kPositions)
  float* maximum = scores + kPositions;             // (queries): running maximum of the scores
  float* total = maximum + queries;                 // (queries): sum of exp(score - maximum)
  float* mixed = total + queries;                   // (queries, value_dim): the same sum weighted by the values
  std::fill_n(maximum, queries, -std::numeric_limits<float>::infinity());
  std::fill_n(total, queries * (1 + value_dim), 0.0f);

  const float scale = 1.0f / std::sqrt(static_cast<float>(key_dim));
  const size_t end = task.queries.first_position + task.queries.tokens;
  for (size_t begin = 0; begin < end; begin += kPositions) {
    const size_t loaded = std::min(kPositions, end - begin);
    task.queries.cache->load_keys(layer, task.kv_head, begin, loaded, task.queries.first_position, keys);
    task.queries.cache->load_values(layer, task.kv_head, begin, loaded, task.queries.first_position, values);
    for (size_t query = 0; query < queries; ++query) {
      const size_t token = query / group, position = task.queries.first_position + token;
      if (position < begin) continue;
      const size_t visible = std::min(loaded, position + 1 - begin);
      const size_t head = task.kv_head * group + query % group;
      const float* query_row = q + ((task.queries.first_token + token) * config_.heads + head) * key_dim;
      dot_rows_f32(query_row, keys, visible, key_dim, scale, scores);
      const float new_maximum = std::max(maximum[query], max_f32(scores, visible));
      if (new_maximum > maximum[query]) {
        const float shrink = std::exp(maximum[query] - new_maximum);
        total[query] *= shrink;
        scale_f32(shrink, value_dim, mixed + query * value_dim);
        maximum[query] = new_maximum;
      }
      total[query] += exp_sum_f32(scores, visible, new_maximum);
      weighted_sum_f32(scores, values, visible, value_dim, mixed + query * value_dim);
    }
  }
  const bool values_rotated = task.queries.cache->values_rotated(layer);
  for (size_t query = 0; query < queries; ++query) {
    const size_t token = task.queries.first_token + query / group, head = task.kv_head * group + query % group;
    float* row = out + (token * config_.heads + head) * value_dim;
    std::copy_n(mixed + query * value_dim, value_dim, row);
    scale_f32(1.0f / total[query], value_dim, row);
    if (values_rotated) hadamard(row, value_dim);
  }
}

}  // namespace rung
