#include "measure/sandbox.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "measure/sandbox_filter.h"

namespace rung {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMarkFd = 3;  ///< where a program that reached its end says so
constexpr int kExecFailed = 127;
constexpr rlim_t kOpenFiles = 64;

/// An open file that is closed with its owner. Its number is above those that the child gives its own meaning.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, kMarkFd + 1)) {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int number() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor reading, writing;
};

std::optional<Pipe> open_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  Pipe result{Descriptor(ends[0]), Descriptor(ends[1])};
  if (!result.reading.is_open() || !result.writing.is_open()) return std::nullopt;
  return result;
}

/// The text as an open file that can only be read.
Descriptor file_of(std::string_view text) {
  Descriptor file(memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return {};
  for (size_t written = 0; written < text.size();) {
    const ssize_t count = write(file.number(), text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) return {};
    if (count > 0) written += static_cast<size_t>(count);
  }
  const bool is_ready =
      lseek(file.number(), 0, SEEK_SET) == 0 &&
      fcntl(file.number(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
  return is_ready ? std::move(file) : Descriptor();
}

/// All that the child needs, made before the fork: after it only async-signal-safe calls are allowed.
struct Start {
  std::vector<std::string> words;
  bool confined = true;
  RunLimits limits;
  int input = -1, output = -1, mark = -1;
  std::vector<char*> argv;
  std::vector<sock_filter> filter;
};

void limit(decltype(RLIMIT_CPU) what, rlim_t value) {
  const rlimit both = {value, value};
  if (setrlimit(what, &both) != 0) _exit(kExecFailed);
}

void confine(const Start& start) {
  limit(RLIMIT_CPU, static_cast<rlim_t>(std::ceil(start.limits.seconds)) + 1);
  limit(RLIMIT_AS, start.limits.memory_bytes);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, kOpenFiles);
  limit(RLIMIT_CORE, 0);
  const sock_fprog program = {static_cast<unsigned short>(start.filter.size()),
                              const_cast<sock_filter*>(start.filter.data())};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit(kExecFailed);
}

[[noreturn]] void become_python(const Start& start) {
  static char seed[] = "PYTHONHASHSEED=0", safe_path[] = "PYTHONSAFEPATH=1";
  char* const environment[] = {seed, safe_path, nullptr};
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (dup2(start.input, 0) < 0 || dup2(start.output, 1) < 0 || dup2(start.output, 2) < 0 ||
      dup2(start.mark, kMarkFd) < 0 || chdir("/") != 0)
    _exit(kExecFailed);
  if (syscall(SYS_close_range, kMarkFd + 1, ~0u, 0) != 0)
    for (int fd = kMarkFd + 1; fd < 4096; ++fd) close(fd);
  if (start.confined) confine(start);
  // Looking for the interpreter, a wrapper of it may need the user's own environment.
  execve(start.argv[0], start.argv.data(), start.confined ? environment : environ);
  _exit(kExecFailed);
}

/// One end of a pipe, read as text comes.
class Reader {
 public:
  Reader(Descriptor pipe, size_t limit) : pipe_(std::move(pipe)), limit_(limit) {}
  int number() const { return pipe_.number(); }
  void read_some() {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(pipe_.number(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return pipe_.close();
    text.append(buffer.data(), std::min(static_cast<size_t>(count), limit_ - text.size()));
  }
  std::string text;

 private:
  Descriptor pipe_;
  size_t limit_;
};

/// Whether there was something to read within the time.
bool read_both(Reader& output, Reader& mark, int wait_ms) {
  std::array<pollfd, 2> polled = {pollfd{output.number(), POLLIN, 0}, pollfd{mark.number(), POLLIN, 0}};
  if (poll(polled.data(), polled.size(), wait_ms) <= 0) return false;
  if (polled[0].revents != 0) output.read_some();
  if (polled[1].revents != 0) mark.read_some();
  return true;
}

/// Waits for the child, reading what it writes; kills it at the deadline. Its wait status; nullopt: killed.
std::optional<int> attend(pid_t child, Clock::time_point deadline, Reader& output, Reader& mark) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) break;
    const bool is_silent = output.number() < 0 && mark.number() < 0;
    // With both pipes closed nothing wakes us when the child ends.
    if (read_both(output, mark, static_cast<int>(std::min<int64_t>(left, is_silent ? 2 : 100)))) continue;
    int status = 0;
    if (waitpid(child, &status, WNOHANG) != child) continue;
    while (read_both(output, mark, 0)) {
    }  // what it wrote after the last look
    return status;
  }
  kill(-child, SIGKILL);
  kill(child, SIGKILL);  // where it had no time to become a group of its own
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return std::nullopt;
}

RunOutcome outcome_of(std::optional<int> status, bool reached_end) {
  if (!status) return RunOutcome::kTimedOut;
  if (WIFSIGNALED(*status)) return WTERMSIG(*status) == SIGXCPU ? RunOutcome::kTimedOut : RunOutcome::kCrashed;
  return WIFEXITED(*status) && WEXITSTATUS(*status) == 0 && reached_end ? RunOutcome::kPassed : RunOutcome::kFailed;
}

RunResult run(Start start, std::string_view input, std::string_view expected_mark) {
  const Descriptor program = file_of(input);
  auto output = open_pipe(), mark = open_pipe();
  if (!program.is_open() || !output || !mark) return {};
  start.input = program.number();
  start.output = output->writing.number();
  start.mark = mark->writing.number();
  if (start.confined) start.filter = sandbox_filter();
  for (std::string& word : start.words) start.argv.push_back(word.data());
  start.argv.push_back(nullptr);
  const auto deadline = Clock::now() + std::chrono::microseconds(std::llround(start.limits.seconds * 1e6));
  const pid_t child = fork();
  if (child < 0) return {};
  if (child == 0) become_python(start);
  output->writing.close();
  mark->writing.close();
  Reader output_reader(std::move(output->reading), start.limits.output_bytes);
  Reader mark_reader(std::move(mark->reading), expected_mark.size() + 1);
  const auto status = attend(child, deadline, output_reader, mark_reader);
  return {outcome_of(status, mark_reader.text == expected_mark), std::move(output_reader.text)};
}

RunResult run_confined(const std::string& interpreter, std::string_view program, const RunLimits& limits) {
  Start start;
  // -S: no site packages; -s: none of the user's; -B: no .pyc. -I would also ignore the fixed seed of hashes.
  start.words = {interpreter, "-S", "-s", "-B", "-X", "utf8", "-"};
  start.limits = limits;
  const std::string mark = content_hash(program);
  return run(std::move(start), fmt::format("{}\n__import__('os').write({}, b'{}')\n", program, kMarkFd, mark), mark);
}

/// What a python3 in PATH says of itself: wrappers of it start other programs, which the sandbox forbids.
std::string real_interpreter(const std::string& found) {
  Start start;
  start.words = {found, "-I", "-S", "-c", "import sys; print(sys.executable)"};
  start.confined = false;
  start.limits.seconds = 20;
  const RunResult result = run(std::move(start), "", "");
  return result.outcome == RunOutcome::kPassed ? result.output.substr(0, result.output.find('\n')) : "";
}

std::vector<std::string> candidates() {
  std::vector<std::string> result;
  const char* const variable = std::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "";
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string file = std::string(path.substr(begin, end - begin)) + "/python3";
    if (end > begin && access(file.c_str(), X_OK) == 0) result.push_back(file);
    begin = end + 1;
  }
  return result;
}

/// Each of these must be refused, or nothing is run at all.
constexpr std::string_view kTrial = R"(
import os, _socket
def refused(action):
    try:
        action()
    except PermissionError:
        return True
    return False
assert refused(_socket.socket)
assert refused(os.fork)
assert refused(lambda: os.open('/dev/null', os.O_WRONLY))
assert refused(lambda: os.kill(os.getppid(), 0))
)";

Result<std::string> find_interpreter() {
  const char* const advice = "programs that models write are not run; install python3 (3.6 or newer) on Linux";
  if (sandbox_filter().empty()) return failed_error("no sandbox is known for this CPU: {}", advice);
  std::string tried;
  for (const std::string& candidate : candidates()) {
    const std::string interpreter = real_interpreter(candidate);
    RunLimits patient;
    patient.seconds = 20;
    if (interpreter.empty()) continue;
    const RunResult trial = run_confined(interpreter, kTrial, patient);
    if (trial.outcome == RunOutcome::kPassed) return interpreter;
    tried = interpreter;
  }
  if (!tried.empty()) return failed_error("{} cannot be confined on this machine (seccomp): {}", tried, advice);
  return failed_error("no python3 was found in PATH: {}", advice);
}

const Result<std::string>& interpreter() {
  static const Result<std::string> found = find_interpreter();
  return found;
}

}  // namespace

const Status& python_available() {
  static const Status status = interpreter().map([](const std::string&) {});
  return status;
}

RunResult run_python(std::string_view program, const RunLimits& limits) {
  if (!interpreter()) return {};
  return run_confined(*interpreter(), program, limits);
}

}  // namespace rung
