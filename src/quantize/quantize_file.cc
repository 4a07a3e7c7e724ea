#include "quantize/quantize_file.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/hash.h"
#include "io/gguf_split.h"
#include "quantize/memory_plan.h"
#include "quantize/resume_journal.h"
#include "quantize/source_reader.h"

namespace rung {
namespace {

using Parts = std::vector<OutputPart>;

std::vector<std::filesystem::path> input_paths(const GgufFile& file) {
  std::vector<std::filesystem::path> paths = {file.path()};
  if (const auto split = file.shard_count() > 1 ? split_name(file.path()) : std::nullopt)
    for (size_t shard = 0; shard < file.shard_count(); ++shard) paths.push_back(split->path(shard));
  return paths;
}

Status check_writable(const QuantizationPlan& plan) {
  if (plan.writable()) return {};
  return input_error(
      "{}: GGUF has no id for this type, so no other program could read the file; measure it with 'rung ladder "
      "MODEL --rungs {}'",
      plan.recipe, plan.recipe);
}

Status check_requantize(const QuantizationPlan& plan) {
  for (const TensorPlan& tensor : plan.tensors)
    if (tensor.format && tensor.source->format && format_info(*tensor.source->format).group_values != 0)
      return input_error(
          "tensor {} is {} already, and encoding it again loses more than encoding the original; start from the F32, "
          "F16 or BF16 model, or give --allow-requantize",
          tensor.source->name, format_name(*tensor.source->format));
  return {};
}

/// No output overwrites the input or another output.
Status check_paths(const GgufFile& file, std::span<const Parts> layouts) {
  std::set<std::filesystem::path> seen;
  std::error_code ignored;
  for (const Parts& parts : layouts)
    for (const OutputPart& part : parts) {
      for (const std::filesystem::path& input : input_paths(file))
        if (std::filesystem::equivalent(input, part.path, ignored))
          return input_error("{}: the output would overwrite the input", part.path.string());
      if (!seen.insert(std::filesystem::absolute(part.path).lexically_normal()).second)
        return input_error("{}: would be written twice", part.path.string());
    }
  return {};
}

Result<std::vector<Parts>> layout_outputs(const GgufFile& file, std::span<const QuantizeOutput> outputs,
                                          const QuantizeOptions& options, const std::string& source_hash) {
  std::vector<Parts> layouts;
  for (const QuantizeOutput& output : outputs) {
    RUNG_TRY(Parts parts, layout_output(file, output, options.output, source_hash));
    layouts.push_back(std::move(parts));
  }
  return layouts;
}

std::vector<const QuantizationPlan*> plans_of(std::span<const QuantizeOutput> outputs) {
  std::vector<const QuantizationPlan*> plans;
  for (const QuantizeOutput& output : outputs) plans.push_back(&output.plan);
  return plans;
}

/// Everything that can be refused without reading a weight.
Result<std::vector<Parts>> check_and_layout(const GgufFile& file, std::span<const QuantizeOutput> outputs,
                                            const QuantizeOptions& options) {
  for (const QuantizeOutput& output : outputs) {
    RUNG_CHECK(check_writable(output.plan));
    if (!options.allow_requantize) RUNG_CHECK(check_requantize(output.plan));
    RUNG_CHECK(check_calibration(output.plan, options.output.importance));
  }
  RUNG_CHECK(check_memory(plans_of(outputs), options.output.importance, options.max_memory));
  RUNG_TRY(std::vector<Parts> layouts, layout_outputs(file, outputs, options, unknown_hash()));
  RUNG_CHECK(check_paths(file, layouts));
  return layouts;
}

/// The input by size and time of change, the command by the headers that it makes: recipe, types, effort, imatrix.
std::string job_key(const GgufFile& file, std::span<const Parts> layouts, const QuantizeOptions& options) {
  ContentHasher hasher;
  const auto add = [&](std::string_view text) {
    hasher.add(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  };
  for (const std::filesystem::path& path : input_paths(file)) {
    std::error_code ignored;
    const auto time = std::filesystem::last_write_time(path, ignored).time_since_epoch().count();
    add(fmt::format("{} {} {}\n", std::filesystem::absolute(path).string(), file.file_bytes(), time));
  }
  for (const Parts& parts : layouts)
    for (const OutputPart& part : parts) hasher.add(part.header);
  add(options.measure_loss ? "with losses" : "");
  return hasher.digits();
}

/// The files under construction and the journal of how far they are.
class OutputFiles final : public EncodeSink {
 public:
  static Result<OutputFiles> open(std::vector<Parts> layouts, ResumeJournal journal);

  Status write(size_t target, size_t tensor, uint64_t offset, std::span<const uint8_t> bytes) override;
  Status write_scales(size_t target, size_t tensor, std::span<const float> scales) override;
  Status finish(size_t tensor, std::span<const TensorLoss> losses) override;
  const std::vector<std::vector<TensorLoss>>& losses() const { return losses_; }  ///< of the tensors that are done
  bool is_finishing() const { return journal_.is_finishing(); }
  /// layouts: with the final headers.
  Status complete(const std::vector<Parts>& layouts);
  /// Gives the names that are not yet given and removes the journal.
  Status publish();
  void discard();

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kSafeInterval{2};

  OutputFiles(std::vector<Parts> layouts, ResumeJournal journal)
      : layouts_(std::move(layouts)), journal_(std::move(journal)), losses_(journal_.done()) {}
  Status open_files();
  Status sync_files();
  size_t part_of(size_t target, size_t tensor) const;

  std::vector<Parts> layouts_;
  ResumeJournal journal_;
  std::vector<std::vector<TensorLoss>> losses_;
  std::vector<std::vector<PartialFile>> files_;
  Clock::time_point last_safe_ = Clock::now();
};

Result<OutputFiles> OutputFiles::open(std::vector<Parts> layouts, ResumeJournal journal) {
  OutputFiles files(std::move(layouts), std::move(journal));
  if (Status status = files.open_files(); !status) {
    files.discard();
    return tl::unexpected(std::move(status.error()));
  }
  return files;
}

Status OutputFiles::open_files() {
  const bool resumed = !journal_.done().empty();
  for (const Parts& parts : layouts_) {
    files_.emplace_back();
    for (const OutputPart& part : parts) {
      // Of files that are whole, some may have got their names already.
      if (journal_.is_finishing() && !std::filesystem::exists(PartialFile::partial_path(part.path))) continue;
      RUNG_TRY(PartialFile file, PartialFile::open(part.path, resumed));
      files_.back().push_back(std::move(file));
      RUNG_CHECK(files_.back().back().reserve(part.bytes));
    }
  }
  return {};
}

size_t OutputFiles::part_of(size_t target, size_t tensor) const {
  const Parts& parts = layouts_[target];
  const auto after = std::upper_bound(parts.begin(), parts.end(), tensor,
                                      [](size_t index, const OutputPart& part) { return index < part.first_tensor; });
  return static_cast<size_t>(after - parts.begin()) - 1;
}

Status OutputFiles::write(size_t target, size_t tensor, uint64_t offset, std::span<const uint8_t> bytes) {
  const size_t number = part_of(target, tensor);
  const OutputPart& part = layouts_[target][number];
  return files_[target][number].write_at(part.offsets[tensor - part.first_tensor] + offset, bytes);
}

Status OutputFiles::write_scales(size_t target, size_t tensor, std::span<const float> scales) {
  const size_t number = part_of(target, tensor);
  const OutputPart& part = layouts_[target][number];
  const auto bytes = std::span(reinterpret_cast<const uint8_t*>(scales.data()), scales.size_bytes());
  return files_[target][number].write_at(part.scale_offsets[tensor - part.first_tensor], bytes);
}

Status OutputFiles::finish(size_t, std::span<const TensorLoss> losses) {
  RUNG_CHECK(journal_.add_tensor(losses));
  losses_.emplace_back(losses.begin(), losses.end());
  if (Clock::now() - last_safe_ < kSafeInterval) return {};
  RUNG_CHECK(sync_files());
  RUNG_CHECK(journal_.mark_safe());
  last_safe_ = Clock::now();
  return {};
}

Status OutputFiles::sync_files() {
  for (std::vector<PartialFile>& files : files_)
    for (PartialFile& file : files) RUNG_CHECK(file.sync());
  return {};
}

/// The headers come last, so that a partial file is no GGUF file.
Status OutputFiles::complete(const std::vector<Parts>& layouts) {
  for (size_t target = 0; target < layouts.size(); ++target)
    for (size_t number = 0; number < layouts[target].size(); ++number)
      RUNG_CHECK(files_[target][number].write_at(0, layouts[target][number].header));
  RUNG_CHECK(sync_files());
  return journal_.mark_finishing();
}

Status OutputFiles::publish() {
  for (std::vector<PartialFile>& files : files_)
    for (PartialFile& file : files) RUNG_CHECK(file.publish());
  journal_.remove();
  return {};
}

void OutputFiles::discard() {
  for (std::vector<PartialFile>& files : files_)
    for (PartialFile& file : files) file.discard();
  journal_.remove();
}

std::vector<PlannedFile> files_of(const Parts& parts) {
  std::vector<PlannedFile> files;
  for (const OutputPart& part : parts) files.push_back({part.path, part.bytes});
  return files;
}

Result<OutputFiles> open_outputs(const GgufFile& file, std::vector<Parts> layouts, const QuantizeOptions& options) {
  ResumableJob job{job_key(file, layouts, options), {}, file.tensors().size(), 0};
  if (options.measure_loss) job.losses_per_tensor = layouts.size();
  std::vector<PlannedFile> planned;
  for (const Parts& parts : layouts)
    for (const PlannedFile& part : files_of(parts)) {
      planned.push_back(part);
      job.files.push_back(std::filesystem::absolute(part.path));
    }
  RUNG_TRY(ResumeJournal journal, ResumeJournal::open(job));
  if (!journal.is_finishing())
    if (Status room = check_room(planned); !room) {
      if (journal.done().empty()) journal.remove();
      return tl::unexpected(std::move(room.error()));
    }
  return OutputFiles::open(std::move(layouts), std::move(journal));
}

Status fill(const GgufFile& file, std::span<const QuantizeOutput> outputs, const QuantizeOptions& options,
            OutputFiles& files, ThreadPool& pool, Observer& observer) {
  if (files.is_finishing()) return files.publish();
  const size_t done = files.losses().size();
  if (done != 0)
    observer.note(
        fmt::format("going on where an earlier run stopped: {} of {} tensors are done", done, file.tensors().size()));
  SourceReader reader(file);
  EncodePassOptions pass;
  pass.importance = options.output.importance;
  pass.effort = options.output.effort;
  pass.max_memory = options.max_memory;
  pass.first_tensor = done;
  pass.measure_loss = options.measure_loss;
  pass.release_input = true;
  pass.reader = &reader;
  RUNG_CHECK(encode_tensors(plans_of(outputs), file, pass, files, pool, observer));
  RUNG_TRY(const std::vector<Parts> layouts, layout_outputs(file, outputs, options, reader.hash()));
  RUNG_CHECK(files.complete(layouts));
  return files.publish();
}

Error stopped_error(const OutputFiles& files, size_t tensors) {
  return {ErrorKind::kCancelled, fmt::format("stopped with {} of {} tensors done; the same command goes on from there",
                                             files.losses().size(), tensors)};
}

}  // namespace

Result<std::vector<std::vector<PlannedFile>>> planned_files(const GgufFile& file,
                                                            std::span<const QuantizeOutput> outputs,
                                                            const QuantizeOptions& options) {
  RUNG_TRY(const std::vector<Parts> layouts, check_and_layout(file, outputs, options));
  std::vector<std::vector<PlannedFile>> planned;
  planned.reserve(layouts.size());
  for (const Parts& parts : layouts) planned.push_back(files_of(parts));
  return planned;
}

Result<std::vector<std::vector<TensorLoss>>> quantize_file(const GgufFile& file,
                                                           std::span<const QuantizeOutput> outputs,
                                                           const QuantizeOptions& options, ThreadPool& pool,
                                                           Observer& observer) {
  RUNG_TRY(std::vector<Parts> layouts, check_and_layout(file, outputs, options));
  RUNG_TRY(OutputFiles files, open_outputs(file, std::move(layouts), options));
  if (Status status = fill(file, outputs, options, files, pool, observer); !status) {
    if (status.error().kind == ErrorKind::kCancelled && !files.losses().empty())
      return tl::unexpected(stopped_error(files, file.tensors().size()));
    files.discard();
    return tl::unexpected(std::move(status.error()));
  }
  std::vector<std::vector<TensorLoss>> losses(options.measure_loss ? outputs.size() : 0);
  for (const std::vector<TensorLoss>& tensor : files.losses())
    for (size_t target = 0; target < losses.size(); ++target) losses[target].push_back(tensor[target]);
  return losses;
}

uint64_t quantized_file_bytes(const GgufFile& file, const QuantizationPlan& plan, const ImportanceOptions& importance) {
  if (!plan.writable()) return plan.tensor_bytes;
  const auto parts = layout_output(file, {"", plan}, {importance}, unknown_hash());
  return parts ? parts->front().bytes : plan.tensor_bytes;  // the file was read, so it can be laid out
}

}  // namespace rung
