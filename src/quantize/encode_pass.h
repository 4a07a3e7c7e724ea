// One pass over a model's weights: every band of rows (bands.h) is decoded once and encoded for each of several plans,
// on all threads of a pool, bands of several tensors at a time. What is encoded waits for a writer thread that hands it
// to a sink, so that encoding does not wait for a disk; what waits and what is worked on is bounded. The bytes depend
// neither on the threads nor on the memory.
#pragma once

#include <cstdint>
#include <span>

#include "base/observer.h"
#include "base/thread_pool.h"
#include "quantize/importance.h"
#include "quantize/tensor_loss.h"

namespace rung {

class SourceReader;

/// Called from the writer thread only.
class EncodeSink {
 public:
  virtual ~EncodeSink() = default;
  /// Bytes of a tensor for plan number `target`, from `offset` in the tensor on. The pieces come in no fixed order.
  virtual Status write(size_t target, size_t tensor, uint64_t offset, std::span<const uint8_t> bytes) = 0;
  /// The factors of a tensor whose plan has a scale_name, one a matrix; once, before finish().
  virtual Status write_scales(size_t target, size_t tensor, std::span<const float> scales) = 0;
  /// Every piece of the tensor was written. Called in file order; losses: one a target where they are measured.
  virtual Status finish(size_t tensor, std::span<const TensorLoss> losses) = 0;
};

inline constexpr uint64_t kDefaultMaxMemory = uint64_t{1} << 30;

struct EncodePassOptions {
  ImportanceOptions importance;
  Effort effort = Effort::kNormal;
  uint64_t max_memory = kDefaultMaxMemory;  ///< one band in work, and one factor of GPTQ, is always allowed
  size_t first_tensor = 0;                  ///< those before it are skipped
  bool copy_kept = true;                    ///< tensors that a plan keeps are written too
  bool measure_loss = false;
  bool release_input = false;      ///< pages of the input are let go once they are encoded
  SourceReader* reader = nullptr;  ///< told how far the encoders are
};

/// The plans are of one file and passed check_calibration. Weights that are NaN or infinite are an error, always the
/// first one in file order. After an error or a cancellation the sink has had finish() for the tensors before it.
Status encode_tensors(std::span<const QuantizationPlan* const> plans, const GgufFile& file,
                      const EncodePassOptions& options, EncodeSink& sink, ThreadPool& pool, Observer& observer);

}  // namespace rung
