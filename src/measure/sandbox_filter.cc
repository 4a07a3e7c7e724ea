#include "measure/sandbox_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace rung {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr uint32_t kCallLimit = 0x40000000;  ///< from here on they are x32's, with numbers of their own
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr uint32_t kCallLimit = UINT32_MAX;
#else
constexpr uint32_t kArchitecture = 0;
constexpr uint32_t kCallLimit = 0;
#endif

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kDeny = SECCOMP_RET_ERRNO | EPERM;

/// Harmless whatever their arguments: memory and signals of the process itself, time, reading, writing to what is open
/// (two pipes). execve starts the interpreter; what it starts has the same filter.
constexpr int kAllowed[] = {
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_write,
    SYS_writev,
    SYS_close,
    SYS_lseek,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_readlinkat,
    SYS_faccessat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_fadvise64,
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_ppoll,
    SYS_pselect6,
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigpending,
    SYS_sigaltstack,
    SYS_futex,
    SYS_set_tid_address,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_times,
    SYS_getrusage,
    SYS_getrandom,
    SYS_getpid,
    SYS_getppid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_execve,
    SYS_exit,
    SYS_exit_group,
#if defined(__x86_64__)
    SYS_arch_prctl,
    SYS_access,
    SYS_stat,
    SYS_lstat,
    SYS_readlink,
    SYS_poll,
    SYS_select,
    SYS_dup2,
    SYS_pipe,
    SYS_time,
    SYS_getrlimit,
#endif
};

class Program {
 public:
  void add(uint16_t code, uint32_t value, uint8_t if_true = 0, uint8_t if_false = 0) {
    code_.push_back({code, if_true, if_false, value});
  }
  void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
  void answer(uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }
  /// `verdict` where the loaded word is `value`; else goes on.
  void answer_if(uint32_t value, uint32_t verdict) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(verdict);
  }
  /// What follows, up to `length` instructions, is for this call only.
  void only_for(int call, uint8_t length) { add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, length); }

  /// Allowed where none of the bits is set in the low word of the argument.
  void allow_without_bits(int call, size_t argument, uint32_t bits) {
    only_for(call, 4);
    load(low_word(argument));
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    answer(kDeny);
    answer(kAllow);
  }
  /// Allowed where the low word of the argument is one of the values.
  void allow_values(int call, size_t argument, std::initializer_list<uint32_t> values) {
    only_for(call, static_cast<uint8_t>(2 * values.size() + 2));
    load(low_word(argument));
    for (const uint32_t value : values) answer_if(value, kAllow);
    answer(kDeny);
  }
  /// Allowed where the argument, a pointer, is null.
  void allow_null(int call, size_t argument) {
    only_for(call, 6);
    load(low_word(argument));
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
    load(low_word(argument) + 4);
    answer_if(0, kAllow);
    answer(kDeny);
  }
  std::vector<sock_filter> take() { return std::move(code_); }

 private:
  /// Both architectures are little-endian.
  static size_t low_word(size_t argument) { return offsetof(seccomp_data, args) + 8 * argument; }

  std::vector<sock_filter> code_;
};

}  // namespace

std::vector<sock_filter> sandbox_filter() {
  if (kArchitecture == 0) return {};
  // O_ACCMODE is 3, which also covers O_WRONLY | O_RDWR.
  constexpr uint32_t kWriting = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.add(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program.answer(SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  program.add(BPF_JMP | BPF_JGE | BPF_K, kCallLimit, 0, 1);
  program.answer(kDeny);
  for (const int call : kAllowed) program.answer_if(static_cast<uint32_t>(call), kAllow);
#if defined(__x86_64__)
  program.allow_without_bits(SYS_open, 1, kWriting);
#endif
  program.allow_without_bits(SYS_openat, 2, kWriting);
  program.allow_values(SYS_ioctl, 1, {TCGETS, FIOCLEX, FIONCLEX, FIONREAD});
  // Not F_SETOWN and F_SETSIG, by which another process could be signalled.
  program.allow_values(SYS_fcntl, 1, {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL});
  program.allow_null(SYS_prlimit64, 2);
  program.answer(kDeny);
  return program.take();
}

}  // namespace rung
