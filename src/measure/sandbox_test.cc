#include "measure/sandbox.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace rung {
namespace {

using testing::HasSubstr;

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (!python_available()) GTEST_SKIP() << python_available().error().message;
  }
  static RunOutcome outcome(std::string_view program, const RunLimits& limits = {}) {
    return run_python(program, limits).outcome;
  }
  /// A program in which `action` must raise PermissionError.
  static std::string refusal(const std::string& action) {
    return "import os, signal, sys\ntry:\n    " + action +
           "\nexcept PermissionError:\n    pass\nelse:\n    raise SystemExit(1)\n";
  }
};

TEST_F(Sandbox, PassesWhatRunsToItsEnd) {
  const RunResult result = run_python("import math, re, collections, heapq, json\nprint(math.factorial(5))");
  EXPECT_EQ(result.outcome, RunOutcome::kPassed);
  EXPECT_EQ(result.output, "120\n");
  EXPECT_EQ(outcome(""), RunOutcome::kPassed);
  EXPECT_EQ(outcome("assert 'gr\xc3\xbc\xc3\x9f' == 'gr\\u00fc\\u00df'"), RunOutcome::kPassed);
}

TEST_F(Sandbox, FailsWhatDoesNot) {
  for (const char* program :
       {"assert 1 == 2", "1 +", "raise SystemExit(0)", "import os\nos._exit(0)", "exit", "def f():\n  return '''",
        "raise KeyboardInterrupt", "import os\nos.write(3, b'done')\nos._exit(0)", "\xff\xfe", "x = '\0'"}) {
    EXPECT_EQ(outcome(program), RunOutcome::kFailed) << program;
  }
  EXPECT_THAT(run_python("assert 1 == 2, 'not so'").output, HasSubstr("not so"));
}

TEST_F(Sandbox, StopsAnEndlessLoop) {
  RunLimits limits;
  limits.seconds = 0.3;
  for (const char* program : {"while True: pass", "import time\ntime.sleep(60)", "while True: print('x' * 1000)",
                              "import os\nos.close(1); os.close(2); os.close(3)\nwhile True: pass"}) {
    EXPECT_EQ(outcome(program, limits), RunOutcome::kTimedOut) << program;
  }
}

TEST_F(Sandbox, LimitsMemory) {
  EXPECT_EQ(outcome("x = bytearray(300 << 20)"), RunOutcome::kPassed);
  RunLimits limits;
  limits.memory_bytes = 200 << 20;
  const RunResult hog = run_python("x = bytearray(300 << 20)", limits);
  EXPECT_EQ(hog.outcome, RunOutcome::kFailed);
  EXPECT_THAT(hog.output, HasSubstr("MemoryError"));
}

TEST_F(Sandbox, ReportsACrash) {
  EXPECT_EQ(outcome("import ctypes\nctypes.string_at(0)"), RunOutcome::kCrashed);
  RunLimits deep;
  deep.seconds = 10;
  const std::string nested(100000, '(');
  EXPECT_NE(outcome(nested, deep), RunOutcome::kPassed);
}

TEST_F(Sandbox, StartsNoOtherProcess) {
  EXPECT_EQ(outcome(refusal("os.fork()")), RunOutcome::kPassed);
  EXPECT_EQ(outcome("import os\nwhile True: os.fork()"), RunOutcome::kFailed) << "a fork bomb";
  EXPECT_EQ(outcome(refusal("os.posix_spawn('/bin/true', ['true'], {})")), RunOutcome::kPassed);
  EXPECT_EQ(outcome("import subprocess\nsubprocess.run(['true'])"), RunOutcome::kFailed);
  EXPECT_EQ(outcome("import threading\nthreading.Thread(target=print).start()"), RunOutcome::kFailed);
}

TEST_F(Sandbox, WritesNoFile) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("rung-sandbox-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string name = (folder / "made").string(), kept = (folder / "kept").string();
  ASSERT_EQ(::symlink("nowhere", kept.c_str()), 0);
  for (const std::string& action :
       {"open('" + name + "', 'w')", "open('" + name + "', 'x')", "os.mkdir('" + name + "')",
        "os.symlink('a', '" + name + "')", "os.mkfifo('" + name + "')", "os.unlink('" + kept + "')",
        "os.rename('" + kept + "', '" + name + "')", "os.rmdir('" + folder.string() + "')",
        "os.open('" + folder.string() + "', os.O_TMPFILE | os.O_RDWR)", "os.chmod('" + folder.string() + "', 0)",
        "os.utime('" + folder.string() + "')", std::string("os.open('/dev/null', os.O_WRONLY)"),
        std::string("os.open('/proc/self/mem', os.O_RDWR)")}) {
    EXPECT_EQ(outcome(refusal(action)), RunOutcome::kPassed) << action;
  }
  EXPECT_FALSE(std::filesystem::exists(name));
  EXPECT_TRUE(std::filesystem::is_symlink(kept));
  std::filesystem::remove_all(folder);
}

TEST_F(Sandbox, ReachesNoNetworkAndNoOtherProcess) {
  for (const char* action : {"__import__('_socket').socket()", "__import__('_socket').socketpair()",
                             "os.kill(os.getppid(), 0)", "os.kill(-1, 0)", "os.setpgid(0, 0)", "os.setsid()",
                             "os.nice(-1)", "os.chroot('/')", "__import__('fcntl').fcntl(0, 8, os.getppid())",
                             "os.memfd_create('x')", "__import__('resource').prlimit(os.getppid(), 7, (1, 1))"}) {
    EXPECT_EQ(outcome(refusal(action)), RunOutcome::kPassed) << action;
  }
}

TEST_F(Sandbox, KnowsNothingOfWhereItWasStarted) {
  EXPECT_EQ(
      outcome("import os\nassert set(os.environ) <= {'PYTHONHASHSEED', 'PYTHONSAFEPATH', 'LC_CTYPE'}, os.environ"),
      RunOutcome::kPassed);
  EXPECT_EQ(outcome("import os\nassert sorted(os.listdir('/proc/self/fd'))[:4] == ['0', '1', '2', '3']\n"
                    "assert len(os.listdir('/proc/self/fd')) == 5"),
            RunOutcome::kPassed);
  const char* const order = "print({str(n) for n in range(99)})";
  EXPECT_EQ(run_python(order).output, run_python(order).output) << "hashes have a fixed seed";
}

TEST_F(Sandbox, KeepsTheBeginningOfTheOutput) {
  RunLimits limits;
  limits.output_bytes = 10;
  const RunResult result = run_python("print('0123456789' * 100000)", limits);
  EXPECT_EQ(result.outcome, RunOutcome::kPassed);
  EXPECT_EQ(result.output, "0123456789");
}

TEST_F(Sandbox, RunsSeveralAtATime) {
  std::array<RunOutcome, 4> outcomes{};
  {
    std::vector<std::jthread> threads;
    for (size_t at = 0; at < outcomes.size(); ++at)
      threads.emplace_back([&outcomes, at] { outcomes[at] = outcome(at % 2 == 0 ? "pass" : "assert False"); });
  }
  EXPECT_THAT(outcomes,
              testing::ElementsAre(RunOutcome::kPassed, RunOutcome::kFailed, RunOutcome::kPassed, RunOutcome::kFailed));
}

}  // namespace
}  // namespace rung
