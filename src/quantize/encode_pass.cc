#include "quantize/encode_pass.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "codec/nvfp4_scale.h"
#include "quantize/bands.h"
#include "quantize/gptq.h"
#include "quantize/memory_plan.h"
#include "quantize/source_reader.h"

namespace rung {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kScaleSample = 65536;  // weights of a matrix that its factor is chosen on

/// A tensor on its way. What workers change is guarded by EncodePass's mutex, but for the slots of their own bands.
struct TensorWork {
  struct Target {
    std::optional<Format> format;  ///< empty: the source's bytes
    CalibrationSource calibration = CalibrationSource::kNone;
    size_t row_bytes = 0;
    std::vector<TensorLoss> losses;  ///< band by band, where measured
    std::vector<float> scales;       ///< (matrices), where the plan has a name for them
  };

  TensorWork(size_t position, const GgufTensor& tensor)
      : index(position), source(tensor), use(role_info(role_of(tensor.name).role).use), cut(tensor) {}

  const float* importance(const Target& target, size_t matrix) const {
    if (target.calibration == CalibrationSource::kNone) return nullptr;
    const auto& means = target.calibration == CalibrationSource::kImatrix ? imatrix : energy;
    return means.data() + matrix * cut.columns;
  }

  float scale(const Target& target, size_t matrix) const {
    return target.scales.empty() ? 1.0f : target.scales[matrix];
  }

  size_t index;
  const GgufTensor& source;
  MatrixUse use;
  BandCut cut;
  std::vector<Target> targets;
  std::vector<float> imatrix, energy;  ///< (matrices, columns), each where a target wants it
  bool wants_energy = false;
  MatrixSurvey survey;
  size_t parts = 0, parts_claimed = 0, parts_done = 0;     ///< of the survey; then come
  size_t scales = 0, scales_claimed = 0, scales_done = 0;  ///< matrices whose factors are chosen; then
  size_t bands_claimed = 0, bands_written = 0;
};

struct Task {
  enum class Kind { kSurvey, kScale, kBand };

  std::shared_ptr<TensorWork> work;
  Kind kind = Kind::kBand;
  size_t number = 0;  ///< part of the survey, matrix, or band
  uint64_t cost = 0;  ///< bytes of memory, given back once written
};

struct EncodedBand {
  Task task;
  std::vector<std::shared_ptr<const Bytes>> pieces;  ///< one a target; null: not wanted
};

class EncodePass {
 public:
  EncodePass(std::span<const QuantizationPlan* const> plans, const GgufFile& file, const EncodePassOptions& options,
             EncodeSink& sink, Observer& observer)
      : plans_(plans),
        file_(file),
        options_(options),
        sink_(sink),
        observer_(observer),
        memory_plan_(plan_memory(plans, options.importance, options.max_memory)),
        feedback_(options.importance.grams, memory_plan_.factors) {}

  Status run(ThreadPool& pool);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void work(int thread);
  std::optional<Task> claim(int thread);
  bool start_tensor();
  std::shared_ptr<TensorWork> make_work(size_t index) const;
  Task next_band() const;
  uint64_t working_bytes(const TensorWork& work, size_t rows) const;
  void survey(const Task& task, std::vector<float>& values);
  void choose_scales(const Task& task, int thread, std::vector<float>& values);
  void encode(Task task, int thread, std::vector<float>& values);
  std::vector<std::shared_ptr<const Bytes>> encode_targets(const Task& task, const Band& band,
                                                           const std::vector<float>& values);
  void encode_rows(const TensorWork& work, Format format, size_t matrix, const EncodeInput& input, Bytes& bytes);
  void measure(const Task& task, const Band& band, const std::vector<float>& values,
               std::span<const std::shared_ptr<const Bytes>> pieces) const;
  bool wait_for(const size_t& done, size_t wanted, int thread);

  void write_encoded();
  Status write(const EncodedBand& band);
  Status finish_tensors();

  void wait(Lock& lock, int thread);
  void poll();
  void fail(std::pair<size_t, size_t> place, Error error);

  const std::span<const QuantizationPlan* const> plans_;
  const GgufFile& file_;
  const EncodePassOptions& options_;
  EncodeSink& sink_;
  Observer& observer_;
  const MemoryPlan memory_plan_;
  FeedbackCache feedback_;

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t next_tensor_ = 0;
  std::shared_ptr<TensorWork> current_;             ///< whose parts and bands are being claimed
  std::deque<std::shared_ptr<TensorWork>> active_;  ///< not finished, in file order
  std::deque<EncodedBand> queue_;
  uint64_t memory_ = 0;  ///< of bands in work or waiting
  uint64_t values_done_ = 0;
  bool closing_ = false, stop_ = false, cancelled_ = false;
  std::optional<Error> error_;
  std::pair<size_t, size_t> error_place_;  ///< tensor and row: the first in the file is the one that is told
};

Status EncodePass::run(ThreadPool& pool) {
  for (; next_tensor_ < options_.first_tensor; ++next_tensor_)
    values_done_ += plans_[0]->tensors[next_tensor_].source->values();
  {
    std::jthread writer([this] { write_encoded(); });
    pool.run([this](int thread) { work(thread); });
    const Lock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (error_) return tl::unexpected(*std::move(error_));
  if (cancelled_) return cancelled_error();
  observer_.progress("quantize", plans_[0]->values, plans_[0]->values);
  return {};
}

void EncodePass::work(int thread) {
  std::vector<float> values;
  for (;;) {
    if (thread == 0) poll();
    std::optional<Task> task = claim(thread);
    if (!task) return;
    switch (task->kind) {
      case Task::Kind::kSurvey:
        survey(*task, values);
        break;
      case Task::Kind::kScale:
        choose_scales(*task, thread, values);
        break;
      case Task::Kind::kBand:
        encode(*std::move(task), thread, values);
    }
  }
}

/// The observer belongs to the calling thread, which is the pool's thread 0.
void EncodePass::poll() {
  uint64_t done = 0;
  {
    const Lock lock(mutex_);
    done = values_done_;
  }
  observer_.progress("quantize", done, plans_[0]->values);
  if (!observer_.cancelled()) return;
  const Lock lock(mutex_);
  stop_ = cancelled_ = true;
  changed_.notify_all();
}

void EncodePass::wait(Lock& lock, int thread) {
  if (thread != 0) return changed_.wait(lock);
  changed_.wait_for(lock, std::chrono::milliseconds(100));
  lock.unlock();
  poll();
  lock.lock();
}

void EncodePass::fail(std::pair<size_t, size_t> place, Error error) {
  const Lock lock(mutex_);
  if (!error_ || place < error_place_) {
    error_ = std::move(error);
    error_place_ = place;
  }
  stop_ = true;
  changed_.notify_all();
}

/// The next piece of work in file order; empty: there is none, or it is time to stop.
std::optional<Task> EncodePass::claim(int thread) {
  Lock lock(mutex_);
  while (!stop_) {
    if (!current_ && !start_tensor()) return std::nullopt;
    TensorWork& work = *current_;
    if (work.parts_claimed < work.parts) return Task{current_, Task::Kind::kSurvey, work.parts_claimed++, 0};
    if (work.scales_claimed < work.scales) return Task{current_, Task::Kind::kScale, work.scales_claimed++, 0};
    const Task task = next_band();
    if (memory_ != 0 && memory_ + task.cost > memory_plan_.bands) {
      wait(lock, thread);
      continue;
    }
    memory_ += task.cost;
    if (++work.bands_claimed == work.cut.band_count) current_.reset();
    return task;
  }
  return std::nullopt;
}

/// Makes the next tensor that has anything to do the current one.
bool EncodePass::start_tensor() {
  const auto wanted = [&](const QuantizationPlan* plan) {
    return options_.copy_kept || plan->tensors[next_tensor_].format.has_value();
  };
  while (next_tensor_ < plans_[0]->tensors.size() && std::none_of(plans_.begin(), plans_.end(), wanted))
    values_done_ += plans_[0]->tensors[next_tensor_++].source->values();
  if (next_tensor_ == plans_[0]->tensors.size()) return false;
  current_ = make_work(next_tensor_++);
  active_.push_back(current_);
  return true;
}

std::shared_ptr<TensorWork> EncodePass::make_work(size_t index) const {
  const GgufTensor& source = *plans_[0]->tensors[index].source;
  auto work = std::make_shared<TensorWork>(index, source);
  for (const QuantizationPlan* plan : plans_) {
    const TensorPlan& planned = plan->tensors[index];
    TensorWork::Target target{
        planned.format, calibration_for(planned, options_.importance), work->cut.row_bytes, {}, {}};
    if (planned.format) target.row_bytes = row_bytes(*planned.format, work->cut.columns);
    if (options_.measure_loss) target.losses.resize(work->cut.band_count);
    if (!planned.scale_name.empty()) target.scales.resize(work->cut.matrices, 1.0f);
    if (!target.scales.empty()) work->scales = work->cut.matrices;
    if (target.calibration == CalibrationSource::kWeightsOnly) work->wants_energy = true;
    if (target.calibration == CalibrationSource::kImatrix && work->imatrix.empty())
      work->imatrix = imatrix_importance(source, *options_.importance.imatrix).value();  // check_calibration has asked
    work->targets.push_back(std::move(target));
  }
  if (!work->wants_energy && work->scales == 0) return work;
  work->survey = MatrixSurvey(work->cut, work->wants_energy);
  work->parts = work->survey.part_count();
  return work;
}

/// Of a band, until it is encoded.
uint64_t EncodePass::working_bytes(const TensorWork& work, size_t rows) const {
  const size_t columns = work.cut.columns;
  return rows * columns * sizeof(float) + (memory_plan_.factors != 0 ? feedback_working_bytes(columns) : 0);
}

Task EncodePass::next_band() const {
  Task task{current_, Task::Kind::kBand, current_->bands_claimed, 0};
  const size_t rows = current_->cut[task.number].rows;
  task.cost = working_bytes(*current_, rows);
  for (const TensorWork::Target& target : current_->targets) task.cost += rows * target.row_bytes;
  return task;
}

void EncodePass::survey(const Task& task, std::vector<float>& values) {
  TensorWork& work = *task.work;
  const auto [first, end] = work.survey.bands_of(task.number);
  for (size_t band = first; band < end; ++band) {
    size_t bad_row = 0;
    if (Status status = decode_band(work.source, work.cut, work.cut[band], values, bad_row); !status)
      return fail({work.index, bad_row}, std::move(status.error()));
    work.survey.add(task.number, values);
  }
  const Lock lock(mutex_);
  if (++work.parts_done < work.parts) return;
  if (work.wants_energy) work.energy = work.survey.column_energy(work.cut);
  changed_.notify_all();
}

/// What is waited for was claimed before, so that it is in work or done. False: something failed.
bool EncodePass::wait_for(const size_t& done, size_t wanted, int thread) {
  Lock lock(mutex_);
  while (done < wanted && !error_) wait(lock, thread);
  return done == wanted;
}

/// The factors of one matrix, for each target that has a place for them, on its first rows.
void EncodePass::choose_scales(const Task& task, int thread, std::vector<float>& values) {
  TensorWork& work = *task.work;
  if (!wait_for(work.parts_done, work.parts, thread)) return;
  Band sample{task.number, task.number * work.cut.rows_per_matrix, 0};
  sample.rows = std::min(work.cut.rows_per_matrix, std::max<size_t>(1, kScaleSample / work.cut.columns));
  size_t bad_row = 0;  // none: the survey has seen every weight
  static_cast<void>(decode_band(work.source, work.cut, sample, values, bad_row));
  for (TensorWork::Target& target : work.targets)
    if (!target.scales.empty())
      target.scales[sample.matrix] = nvfp4_tensor_scale(
          work.survey.largest(sample.matrix),
          {values.data(), sample.rows, work.cut.columns, work.importance(target, sample.matrix), options_.effort});
  const Lock lock(mutex_);
  ++work.scales_done;
  changed_.notify_all();
}

void EncodePass::encode(Task task, int thread, std::vector<float>& values) {
  TensorWork& work = *task.work;
  if (!wait_for(work.parts_done, work.parts, thread) || !wait_for(work.scales_done, work.scales, thread)) return;
  const Band band = work.cut[task.number];
  const auto bytes = band_bytes(work.source, work.cut, band);
  if (options_.reader != nullptr) options_.reader->reached(bytes);
  size_t bad_row = 0;
  if (work.source.format)
    if (Status status = decode_band(work.source, work.cut, band, values, bad_row); !status)
      return fail({work.index, bad_row}, std::move(status.error()));
  EncodedBand encoded{std::move(task), {}};
  encoded.pieces = encode_targets(encoded.task, band, values);
  if (options_.measure_loss && work.source.format) measure(encoded.task, band, values, encoded.pieces);
  if (options_.release_input) file_.release(bytes);

  const uint64_t working = working_bytes(work, band.rows);
  const Lock lock(mutex_);
  encoded.task.cost -= working;
  memory_ -= working;
  values_done_ += band.rows * work.cut.columns;
  queue_.push_back(std::move(encoded));
  changed_.notify_all();
}

std::vector<std::shared_ptr<const Bytes>> EncodePass::encode_targets(const Task& task, const Band& band,
                                                                     const std::vector<float>& values) {
  const TensorWork& work = *task.work;
  std::vector<std::shared_ptr<const Bytes>> pieces;
  for (const TensorWork::Target& target : work.targets) {
    const auto same = std::find_if(work.targets.begin(), work.targets.begin() + static_cast<ptrdiff_t>(pieces.size()),
                                   [&](const TensorWork::Target& other) { return other.format == target.format; });
    const auto before = static_cast<size_t>(same - work.targets.begin());
    if (before < pieces.size()) {
      pieces.push_back(pieces[before]);
    } else if (target.format) {
      auto bytes = std::make_shared<Bytes>(band.rows * target.row_bytes);
      const EncodeInput input{values.data(),    band.rows,
                              work.cut.columns, work.importance(target, band.matrix),
                              options_.effort,  work.scale(target, band.matrix),
                              work.use};
      encode_rows(work, *target.format, band.matrix, input, *bytes);
      pieces.push_back(std::move(bytes));
    } else if (options_.copy_kept) {
      const auto source = band_bytes(work.source, work.cut, band);
      pieces.push_back(std::make_shared<Bytes>(source.begin(), source.end()));
    } else {
      pieces.push_back(nullptr);
    }
  }
  return pieces;
}

void EncodePass::encode_rows(const TensorWork& work, Format format, size_t matrix, const EncodeInput& input,
                             Bytes& bytes) {
  if (input.rows == 0) return;
  const GramFile* grams = takes_feedback(format) ? options_.importance.grams : nullptr;
  const Gram* gram = grams != nullptr ? grams->find(work.source.name, matrix) : nullptr;
  const auto feedback = gram != nullptr ? feedback_.find(*gram, format_info(format).block_values) : nullptr;
  if (feedback == nullptr) return encode_matrix_rows(format, input, bytes.data());
  encode_with_feedback(format, input, *feedback, bytes.data());
}

void EncodePass::measure(const Task& task, const Band& band, const std::vector<float>& values,
                         std::span<const std::shared_ptr<const Bytes>> pieces) const {
  TensorWork& work = *task.work;
  for (size_t index = 0; index < work.targets.size(); ++index) {
    TensorWork::Target& target = work.targets[index];
    EncodedRow encoded{target.format.value_or(*work.source.format), nullptr, work.scale(target, band.matrix),
                       work.importance(target, band.matrix)};
    for (size_t row = 0; row < band.rows; ++row) {
      if (target.format) encoded.blocks = pieces[index]->data() + row * target.row_bytes;
      target.losses[task.number] += row_loss(values.data() + row * work.cut.columns, work.cut.columns, encoded);
    }
  }
}

/// The writer's loop. After an error nothing is written any more; after a cancellation what is encoded still is.
void EncodePass::write_encoded() {
  Lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    EncodedBand band = std::move(queue_.front());
    queue_.pop_front();
    const bool failed = error_.has_value();
    lock.unlock();
    if (!failed)
      if (Status status = write(band); !status) fail({0, 0}, std::move(status.error()));
    band.pieces.clear();
    lock.lock();
    memory_ -= band.task.cost;
    changed_.notify_all();
  }
}

Status EncodePass::write(const EncodedBand& band) {
  TensorWork& work = *band.task.work;
  const size_t first_row = work.cut[band.task.number].first_row;
  for (size_t target = 0; target < band.pieces.size(); ++target)
    if (band.pieces[target] != nullptr)
      RUNG_CHECK(sink_.write(target, work.index, first_row * work.targets[target].row_bytes, *band.pieces[target]));
  ++work.bands_written;
  return finish_tensors();
}

Status EncodePass::finish_tensors() {
  for (;;) {
    std::shared_ptr<TensorWork> work;
    {
      const Lock lock(mutex_);
      if (active_.empty() || active_.front()->bands_written < active_.front()->cut.band_count) return {};
      work = std::move(active_.front());
      active_.pop_front();
    }
    std::vector<TensorLoss> losses;
    for (size_t index = 0; index < work->targets.size(); ++index) {
      const TensorWork::Target& target = work->targets[index];
      if (!target.scales.empty()) RUNG_CHECK(sink_.write_scales(index, work->index, target.scales));
      if (!options_.measure_loss) continue;
      losses.emplace_back();
      for (const TensorLoss& loss : target.losses) losses.back() += loss;
    }
    RUNG_CHECK(sink_.finish(work->index, losses));
  }
}

}  // namespace

Status encode_tensors(std::span<const QuantizationPlan* const> plans, const GgufFile& file,
                      const EncodePassOptions& options, EncodeSink& sink, ThreadPool& pool, Observer& observer) {
  return EncodePass(plans, file, options, sink, observer).run(pool);
}

}  // namespace rung
