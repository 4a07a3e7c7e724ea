// Runs calibration text through a model and gathers what enters its matrix products. Each chunk is a sequence of its
// own; short ones are computed together. Not copyable: the session's observer lives here.
#pragma once

#include <memory>
#include <string_view>

#include "base/observer.h"
#include "calibrate/calibration_text.h"
#include "calibrate/input_sums.h"

namespace rung {

struct CalibratorOptions {
  Precision precision = Precision::kF32;  ///< kF32 with an F32 cache is the reference; kQ8 with F16 is what users run
  GramKind grams = GramKind::kNone;
  bool output = false;  ///< the output matrix too
};

/// A session for chunks of `context` tokens at most.
SessionOptions calibration_session(Precision precision, size_t context);

class Calibrator {
 public:
  Calibrator(std::shared_ptr<const Engine> engine, const InputMap& map, ThreadPool& pool,
             const CalibratorOptions& options);
  Calibrator(const Calibrator&) = delete;

  /// Adds the sums over all chunks. Stops between passes if the observer asks for it.
  Status run(const CalibrationText& text, std::string_view stage, Observer& observer);
  InputSums& sums() { return sums_; }

 private:
  std::shared_ptr<const Engine> engine_;
  ThreadPool& pool_;
  CalibratorOptions options_;
  InputSums sums_;
};

}  // namespace rung
