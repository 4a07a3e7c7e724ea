// What every matrix product of a forward pass shares: the pool, the scratch, the precision, and helpers that run work
// over the tokens of a batch. Internal to the engine.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "engine/product_observer.h"
#include "kernels/matmul.h"
#include "model/weights.h"

namespace rung {

struct ProductContext {
  ThreadPool& pool;
  Precision precision;
  ProductObserver* observer;  ///< may be null
  Batching batching;
  MatmulScratch scratch;
  std::vector<MatmulJob> jobs;

  bool integer_product(const Matrix& weights) const {
    return precision == Precision::kQ8 && format_info(weights.format).group_values != 0;
  }

  /// Makes (tokens, cols) activations ready for all the given matrices.
  void assign(Activations& activations, const float* x, size_t tokens, std::initializer_list<const Matrix*> readers) {
    bool quantize = false;
    for (const Matrix* reader : readers) quantize |= integer_product(*reader);
    activations.assign(pool, x, tokens, (*readers.begin())->cols, quantize);
  }

  void add_job(const Matrix& weights, const Activations& input, float* out) {
    jobs.push_back({weights, &input, 0, input.tokens(), out, weights.rows});
  }
  void run_jobs() {
    if (observer != nullptr) observer->products(jobs);
    matmul(pool, scratch, precision, jobs, batching);
    jobs.clear();
  }

  /// body(token) for each token: in parallel where the work of `values` floats a token is worth starting threads.
  template <class Body>
  void for_tokens(size_t tokens, size_t values, Body&& body) {
    constexpr size_t kWorthThreads = 16384;
    if (tokens * values < kWorthThreads) {
      for (size_t token = 0; token < tokens; ++token) body(token);
      return;
    }
    pool.parallel_for(tokens, 8, [&](size_t begin, size_t end, int) {
      for (size_t token = begin; token < end; ++token) body(token);
    });
  }
};

}  // namespace rung
