// What a long job has done, kept beside its first output (NAME.rung-resume) so that the same command goes on after a
// kill. Text, a line for each tensor that is wholly in the partial files, in file order:
//   rung-resume 1 / key HASH / boot ID / file PATH ... / begin / tensor [five sums for each loss] ... / safe /
//   finishing
// A tensor line is written after the tensor's bytes, so it holds as long as the system runs; across a crash of the
// system only lines before a `safe` count, which is written once the bytes and the lines are on the disk. Lines that
// are cut off or strange end the reading. The file is locked while it is open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "quantize/tensor_loss.h"

namespace rung {

struct ResumableJob {
  std::string key;                           ///< identifies inputs and command
  std::vector<std::filesystem::path> files;  ///< what the job writes, absolute; the journal stands beside the first
  size_t tensor_count = 0;
  size_t losses_per_tensor = 0;
};

class ResumeJournal {
 public:
  /// If the journal there is of the same job and all partial files are there, done() tells how far it came; else it
  /// begins anew, and the partial files that it names are removed.
  static Result<ResumeJournal> open(const ResumableJob& job);
  static std::filesystem::path journal_path(const std::filesystem::path& out);
  ResumeJournal(ResumeJournal&& other) noexcept;
  ResumeJournal& operator=(ResumeJournal&&) = delete;
  ~ResumeJournal();

  /// The losses of every tensor that is done, as they were added.
  const std::vector<std::vector<TensorLoss>>& done() const { return done_; }
  /// Everything was written and only names are missing, or some of them.
  bool is_finishing() const { return finishing_; }

  Status add_tensor(std::span<const TensorLoss> losses);
  /// After the bytes of all tensors added were synced.
  Status mark_safe();
  /// After the whole files were synced.
  Status mark_finishing();
  void remove();

 private:
  ResumeJournal(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  /// False if it is of another job, or has nothing to go on from.
  bool read(const std::string& text, const ResumableJob& job);
  void read_lines(std::span<const std::string> lines, const ResumableJob& job);
  Status restart(const std::string& text, const ResumableJob& job);
  Status rewrite(const ResumableJob& job);
  Status append(const std::string& text);
  Status sync();

  std::filesystem::path path_;
  int fd_ = -1;
  std::vector<std::vector<TensorLoss>> done_;
  size_t safe_ = 0;  ///< of them, on the disk
  bool finishing_ = false;
};

}  // namespace rung
