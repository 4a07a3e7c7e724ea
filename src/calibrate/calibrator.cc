#include "calibrate/calibrator.h"

#include <algorithm>

namespace rung {
namespace {

constexpr size_t kMostSequences = 16;

/// How many chunks fit into one pass.
size_t sequences_for(const CalibrationText& text, size_t batch) {
  size_t shortest = batch;
  for (const auto& chunk : text.chunks) shortest = std::min(shortest, std::max<size_t>(1, chunk.size()));
  return std::clamp<size_t>(batch / shortest, 1, kMostSequences);
}

}  // namespace

SessionOptions calibration_session(Precision precision, size_t context) {
  SessionOptions options = precision == Precision::kF32 ? SessionOptions::reference() : SessionOptions();
  options.capacity = context;
  return options;
}

Calibrator::Calibrator(std::shared_ptr<const Engine> engine, const InputMap& map, ThreadPool& pool,
                       const CalibratorOptions& options)
    : engine_(std::move(engine)), pool_(pool), options_(options), sums_(map, pool, options.grams, options.output) {}

Status Calibrator::run(const CalibrationText& text, std::string_view stage, Observer& observer) {
  SessionOptions options = calibration_session(options_.precision, text.context);
  options.sequences = sequences_for(text, options.batch);
  options.observer = &sums_;
  Session session(engine_, pool_, options);
  std::vector<BatchToken> batch;
  size_t next = 0;
  while (next < text.chunks.size()) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress(stage, next, text.chunks.size());
    batch.clear();
    for (uint32_t sequence = 0; sequence < options.sequences && next < text.chunks.size(); ++sequence, ++next) {
      const auto& chunk = text.chunks[next];
      if (!batch.empty() && batch.size() + chunk.size() > options.batch) break;
      session.truncate(sequence, 0);
      for (const Token id : chunk) batch.push_back({id, sequence, options_.output});
    }
    RUNG_CHECK(session.forward(batch).map([](auto) {}));
  }
  observer.progress(stage, next, text.chunks.size());
  return {};
}

}  // namespace rung
