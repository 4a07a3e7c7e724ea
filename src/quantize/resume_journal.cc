#include "quantize/resume_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>
#include <utility>

#include "base/mapped_file.h"
#include "base/partial_file.h"

namespace rung {
namespace {

constexpr std::string_view kFirstLine = "rung-resume 1";
constexpr std::string_view kFileWord = "file ";

/// Changes when the system starts; a file in /proc has no size, so read_file does not do.
std::string boot_id() {
  const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  char text[64];
  const ssize_t got = ::read(fd, text, sizeof(text));
  ::close(fd);
  const std::string_view id(text, got > 0 ? static_cast<size_t>(got) : 0);
  return std::string(id.substr(0, id.find('\n')));
}

std::string header_of(const ResumableJob& job) {
  std::string text = fmt::format("{}\nkey {}\n", kFirstLine, job.key);
  for (const std::filesystem::path& file : job.files) text += fmt::format("{}{}\n", kFileWord, file.string());
  return text;
}

/// Sums as hexadecimal floats: exact.
std::string tensor_line(std::span<const TensorLoss> losses) {
  std::string line = "tensor";
  for (const TensorLoss& loss : losses)
    line += fmt::format(" {:a} {:a} {:a} {:a} {}", loss.weighted_error, loss.weighted_power, loss.error, loss.power,
                        loss.outliers);
  return line + "\n";
}

std::optional<std::vector<TensorLoss>> parse_tensor_line(const std::string& line) {
  std::istringstream in(line);
  std::string word, sums[4];
  std::vector<TensorLoss> losses;
  if (!(in >> word) || word != "tensor") return std::nullopt;
  while (in >> sums[0]) {
    TensorLoss loss;
    if (!(in >> sums[1] >> sums[2] >> sums[3] >> loss.outliers)) return std::nullopt;
    double* const fields[] = {&loss.weighted_error, &loss.weighted_power, &loss.error, &loss.power};
    for (size_t index = 0; index < std::size(sums); ++index) {
      char* end = nullptr;
      *fields[index] = std::strtod(sums[index].c_str(), &end);
      if (*end != '\0') return std::nullopt;
    }
    losses.push_back(loss);
  }
  return losses;
}

/// Whole lines only: the last one may have been cut off.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

std::filesystem::path ResumeJournal::journal_path(const std::filesystem::path& out) {
  return out.string() + ".rung-resume";
}

ResumeJournal::ResumeJournal(ResumeJournal&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      done_(std::move(other.done_)),
      safe_(other.safe_),
      finishing_(other.finishing_) {}

ResumeJournal::~ResumeJournal() {
  if (fd_ >= 0) ::close(fd_);
}

Result<ResumeJournal> ResumeJournal::open(const ResumableJob& job) {
  const std::filesystem::path& out = job.files.front();
  const std::filesystem::path path = journal_path(out);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return failed_error("{}: cannot be written: {}", out.string(), std::strerror(errno));
  ResumeJournal journal(path, fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return failed_error("{}: another process is writing this file now", out.string());
  RUNG_TRY(const std::string text, read_file(path));
  if (!journal.read(text, job)) {
    RUNG_CHECK(journal.restart(text, job));
  } else if (!journal.finishing_) {
    RUNG_CHECK(journal.rewrite(job));
  }
  return journal;
}

bool ResumeJournal::read(const std::string& text, const ResumableJob& job) {
  const std::string header = header_of(job);
  if (!text.starts_with(header)) return false;
  const std::vector<std::string> lines = lines_of(std::string_view(text).substr(header.size()));
  if (lines.empty()) return false;
  read_lines(std::span(lines).subspan(1), job);
  const std::string boot = boot_id();
  if (boot.empty() || lines.front() != "boot " + boot) done_.resize(safe_);
  const bool all_there = std::all_of(job.files.begin(), job.files.end(), [&](const std::filesystem::path& file) {
    return is_there(PartialFile::partial_path(file)) || (finishing_ && is_there(file));
  });
  return all_there && (finishing_ || !done_.empty());
}

void ResumeJournal::read_lines(std::span<const std::string> lines, const ResumableJob& job) {
  for (const std::string& line : lines) {
    if (line == "safe") {
      safe_ = done_.size();
    } else if (line == "finishing" && done_.size() == job.tensor_count) {
      safe_ = done_.size();
      finishing_ = true;
    } else {
      auto losses = parse_tensor_line(line);
      if (!losses || losses->size() != job.losses_per_tensor || done_.size() == job.tensor_count) return;
      done_.push_back(*std::move(losses));
    }
  }
}

Status ResumeJournal::restart(const std::string& text, const ResumableJob& job) {
  done_.clear();
  safe_ = 0;
  finishing_ = false;
  if (text.starts_with(kFirstLine))
    for (const std::string& line : lines_of(text))
      if (line.starts_with(kFileWord)) ::unlink(PartialFile::partial_path(line.substr(kFileWord.size())).c_str());
  return rewrite(job);
}

/// Drops what was cut off or is of an earlier boot, so that it is not taken for good later.
Status ResumeJournal::rewrite(const ResumableJob& job) {
  std::string text = fmt::format("{}boot {}\n", header_of(job), boot_id());
  for (size_t tensor = 0; tensor < done_.size(); ++tensor) {
    text += tensor_line(done_[tensor]);
    if (tensor + 1 == safe_) text += "safe\n";
  }
  if (::ftruncate(fd_, 0) != 0) return failed_error("{}: cannot be written: {}", path_.string(), std::strerror(errno));
  return append(text);
}

Status ResumeJournal::append(const std::string& text) {
  // One call: a kill leaves all of it or none.
  if (::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size())) return {};
  return failed_error("{}: cannot be written: {}", path_.string(), std::strerror(errno));
}

Status ResumeJournal::sync() {
  if (::fdatasync(fd_) == 0) return {};
  return failed_error("{}: sync failed: {}", path_.string(), std::strerror(errno));
}

Status ResumeJournal::add_tensor(std::span<const TensorLoss> losses) { return append(tensor_line(losses)); }

Status ResumeJournal::mark_safe() {
  RUNG_CHECK(append("safe\n"));
  return sync();
}

Status ResumeJournal::mark_finishing() {
  RUNG_CHECK(append("finishing\n"));
  return sync();
}

void ResumeJournal::remove() {
  ::unlink(path_.c_str());
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace rung
