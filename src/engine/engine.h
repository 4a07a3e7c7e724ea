// The engine's facade. An Engine is a model ready to run: configuration and bound weights, immutable, shared by
// threads. A Session holds sequences in progress: their KV caches and the buffers of the forward pass. One thread at a
// time may use a session; its work is spread over the pool it was given.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "engine/kv_cache.h"
#include "engine/product_observer.h"
#include "model/weights.h"

namespace rung {

class Engine {
 public:
  static Result<std::shared_ptr<const Engine>> open(std::shared_ptr<const TensorSource> source);

  const ModelConfig& config() const { return config_; }
  const ModelWeights& weights() const { return weights_; }
  const TensorSource& source() const { return *source_; }

 private:
  std::shared_ptr<const TensorSource> source_;
  ModelConfig config_;
  ModelWeights weights_;
};

struct SessionOptions {
  Precision precision = Precision::kQ8;
  KvOptions kv = {};                       ///< check_kv_options() holds for the model
  size_t sequences = 1;                    ///< independent sequences, each with a cache of its own
  size_t capacity = 1024;                  ///< positions a sequence can hold
  size_t batch = 512;                      ///< tokens computed together; longer inputs are cut
  Batching batching = Batching::kFastest;  ///< invariant: prefill and decoding give the same bits
  ProductObserver* observer = nullptr;     ///< told of every matrix product; must outlive the session
  bool bf16_stream = false;                ///< rounds the residual stream to BF16 after every layer, as GPU engines do

  /// Weights, activations and KV in floats: the reference that quantized runs are compared with.
  static SessionOptions reference() {
    return {.precision = Precision::kF32, .kv = {.keys = {KvFormat::kF32}, .values = {KvFormat::kF32}}};
  }
};

/// Bytes in whole pages.
struct SessionMemory {
  uint64_t kv_reserved = 0;  ///< address space of the caches, for every position they can hold
  uint64_t kv = 0;           ///< of it in memory: the positions that were written
  uint64_t buffers = 0;      ///< activations of the largest batch
  uint64_t scratch = 0;      ///< of the threads
  uint64_t logits = 0;       ///< that the last call returned

  uint64_t total() const { return kv + buffers + scratch + logits; }
};

/// Tokens that a session with these options computes together at most.
size_t session_batch(const SessionOptions& options);

struct BatchToken {
  int32_t id = 0;
  uint32_t sequence = 0;
  bool wants_logits = false;
};

class Session {
 public:
  Session(std::shared_ptr<const Engine> engine, ThreadPool& pool, const SessionOptions& options);
  Session(Session&&) noexcept;
  ~Session();

  /// Appends the tokens to their sequences, in order, and returns the logits of those that want them:
  /// (wanted, vocabulary), valid until the next call. An id outside the vocabulary or a full sequence is an error that
  /// leaves the session as it was.
  Result<std::span<const float>> forward(std::span<const BatchToken> tokens);
  /// The same for one sequence; logits of the last token only, or of every token.
  Result<std::span<const float>> forward(std::span<const int32_t> ids, uint32_t sequence = 0, bool all_logits = false);

  size_t length(uint32_t sequence) const;
  /// Forgets everything after the first `length` tokens (engine/kv_window.h for what some KV formats then keep).
  void truncate(uint32_t sequence, size_t length);

  /// What is in memory now, from this process's page tables; zeros where the system does not tell. What will be:
  /// predict_session_memory() in session_memory.h.
  SessionMemory memory() const;
  const Engine& engine() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rung
