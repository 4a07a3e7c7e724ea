// A job that is killed or stopped at any moment goes on and ends with the bytes of one that was not; a changed command,
// model or journal begins anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/temp_folder_for_tests.h"
#include "quantize/loss_report.h"
#include "quantize/quantize_file.h"
#include "quantize/resume_journal.h"
#include "quantize/small_model_for_tests.h"

namespace rung {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Counts the calls of progress and does something at one of them.
class AtCall : public Observer {
 public:
  AtCall(int call, bool kill) : call_(call), kill_(kill) {}
  void progress(std::string_view, uint64_t, uint64_t) override {
    if (++calls_ != call_) return;
    if (kill_) ::kill(::getpid(), SIGKILL);
    cancelled_ = true;
  }
  bool cancelled() const override { return cancelled_; }
  void note(std::string_view text) override { notes += text; }
  int calls() const { return calls_; }
  std::string notes;

 private:
  int call_, calls_ = 0;
  bool kill_, cancelled_ = false;
};

class ResumeTest : public testing::Test {
 protected:
  ResumeTest() {
    EXPECT_TRUE(test::write_small_model(folder_ / "in.gguf"));
    options_.measure_loss = true;
  }

  std::vector<QuantizeOutput> outputs(const GgufFile& file, std::string_view recipe) const {
    std::vector<QuantizeOutput> outputs;
    for (const char* name : {"a.gguf", "b.gguf"})
      outputs.push_back({folder_ / name, plan_quantization(file, find_recipe(recipe).value(), {}).value()});
    return outputs;
  }
  /// The loss report; the error's message.
  Result<std::string> run(Observer& observer, int threads = 2, std::string_view recipe = "q4_k") {
    RUNG_TRY(const GgufFile file, GgufFile::open(folder_ / "in.gguf"));
    ThreadPool pool(threads);
    const auto wanted = outputs(file, recipe);
    RUNG_TRY(const auto losses, quantize_file(file, wanted, options_, pool, observer));
    return loss_csv(wanted, losses);
  }
  /// In a process of its own, killed at a call of progress. False: it ended before.
  bool run_and_kill(int call) {
    const pid_t child = ::fork();
    if (child == 0) {
      AtCall observer(call, true);
      ::_exit(run(observer, 1) ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
  }
  std::string bytes_hash(std::string_view name) const {
    return content_hash(MappedFile::open(folder_ / name).value().bytes());
  }
  /// Takes the finished files away.
  std::vector<std::string> take_outputs() {
    std::vector<std::string> hashes = {bytes_hash("a.gguf"), bytes_hash("b.gguf")};
    EXPECT_THAT(folder_.names(), ElementsAre("a.gguf", "b.gguf", "in.gguf"));
    for (const char* name : {"a.gguf", "b.gguf"}) std::filesystem::remove(folder_ / name);
    return hashes;
  }
  std::string journal() const {
    const auto text = read_file(ResumeJournal::journal_path(folder_ / "a.gguf"));
    return text ? *text : "";
  }

  test::TempFolder folder_;
  QuantizeOptions options_;
};

TEST_F(ResumeTest, KilledAnywhereTheBytesAreTheSame) {
  AtCall counter(0, false);
  const std::string report = run(counter, 1).value();
  const std::vector<std::string> wanted = take_outputs();
  int resumed = 0;
  for (int point = 0; point < 20; ++point) {
    ASSERT_TRUE(run_and_kill(1 + point * (counter.calls() - 2) / 19)) << point;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "a.gguf"));
    AtCall observer(0, false);
    EXPECT_EQ(run(observer).value(), report);
    resumed += observer.notes.find("going on") != std::string::npos ? 1 : 0;
    EXPECT_EQ(take_outputs(), wanted) << point;
  }
  EXPECT_GT(resumed, 10);  // not each time from the start
}

TEST_F(ResumeTest, KilledAgainAndAgain) {
  AtCall silent(0, false);
  const std::string report = run(silent, 1).value();
  const std::vector<std::string> wanted = take_outputs();
  int kills = 0;
  while (kills < 40 && run_and_kill(8)) ++kills;  // each time some tensors further
  EXPECT_GT(kills, 1);
  EXPECT_LT(kills, 40);
  EXPECT_EQ(take_outputs(), wanted);
}

TEST_F(ResumeTest, StoppedItSaysHowToGoOn) {
  AtCall silent(0, false);
  ASSERT_TRUE(run(silent));
  const std::vector<std::string> wanted = take_outputs();
  AtCall stop(14, false);
  const auto stopped = run(stop, 1);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_THAT(stopped.error().message, HasSubstr("the same command goes on"));
  EXPECT_THAT(folder_.names(),
              ElementsAre("a.gguf.rung-partial", "a.gguf.rung-resume", "b.gguf.rung-partial", "in.gguf"));
  ASSERT_TRUE(run(silent));
  EXPECT_EQ(take_outputs(), wanted);
  // Before the first tensor is done there is nothing to keep (a second thread might have done one).
  AtCall at_once(1, false);
  EXPECT_FALSE(run(at_once, 1));
  EXPECT_THAT(folder_.names(), ElementsAre("in.gguf"));
}

TEST_F(ResumeTest, OtherCommandsAndModelsBeginAnew) {
  AtCall silent(0, false);
  ASSERT_TRUE(run(silent, 1, "q5_0"));
  const std::vector<std::string> wanted = take_outputs();
  AtCall stop(14, false);
  ASSERT_FALSE(run(stop, 1));
  AtCall other(0, false);
  ASSERT_TRUE(run(other, 1, "q5_0"));
  EXPECT_EQ(other.notes, "");
  EXPECT_EQ(take_outputs(), wanted);

  AtCall stop_again(14, false);
  ASSERT_FALSE(run(stop_again, 1, "q5_0"));
  ASSERT_TRUE(test::write_small_model(folder_ / "in.gguf", 2));
  AtCall changed(0, false);
  ASSERT_TRUE(run(changed, 1, "q5_0"));
  EXPECT_EQ(changed.notes, "");
  EXPECT_NE(take_outputs(), wanted);
}

TEST_F(ResumeTest, WhenOnlyNamesAreMissingTheyAreGiven) {
  AtCall silent(0, false);
  const std::string report = run(silent, 1).value();
  // The state between the two renames: a has its name, b has not, the journal is still there.
  const std::string whole = read_file(folder_ / "b.gguf").value();
  const std::vector<std::string> wanted = {bytes_hash("a.gguf"), bytes_hash("b.gguf")};
  for (const char* name : {"a.gguf", "b.gguf"}) std::filesystem::remove(folder_ / name);
  ASSERT_TRUE(run_and_kill(silent.calls() - 1));
  std::string text = journal();
  text = text.substr(0, text.find("tensor"));
  const GgufFile file = GgufFile::open(folder_ / "in.gguf").value();
  for (size_t tensor = 0; tensor < file.tensors().size(); ++tensor)
    text += "tensor 0x1p+0 0x1p+0 0x1p+0 0x1p+0 1 0x1p+0 0x1p+0 0x1p+0 0x1p+0 1\n";
  std::ofstream(ResumeJournal::journal_path(folder_ / "a.gguf")) << text << "finishing\n";
  std::filesystem::rename(folder_ / "a.gguf.rung-partial", folder_ / "a.gguf");
  std::ofstream(folder_ / "a.gguf", std::ios::binary) << whole;  // the outputs are alike
  std::ofstream(folder_ / "b.gguf.rung-partial", std::ios::binary) << whole;
  AtCall observer(0, false);
  ASSERT_TRUE(run(observer));
  EXPECT_EQ(observer.calls(), 0);  // nothing was encoded
  EXPECT_EQ(take_outputs(), wanted);
}

TEST_F(ResumeTest, AJournalCutAnywhereIsNoDanger) {
  AtCall silent(0, false);
  const std::string report = run(silent, 1).value();
  const std::vector<std::string> wanted = take_outputs();
  AtCall stop(14, false);
  ASSERT_FALSE(run(stop, 1));
  const std::string text = journal();
  ASSERT_GT(text.size(), 300u);
  for (size_t size = 0; size < text.size(); size += text.size() / 12) {
    AtCall again(14, false);
    ASSERT_FALSE(run(again, 1)) << "leaves partial files";
    std::ofstream(ResumeJournal::journal_path(folder_ / "a.gguf")) << journal().substr(0, size) << "tensor \xff 1 2";
    ASSERT_EQ(run(silent).value(), report);
    EXPECT_EQ(take_outputs(), wanted) << size;
  }
}

TEST_F(ResumeTest, AnotherBootTrustsOnlyWhatIsSafe) {
  const ResumableJob job{"key", {folder_ / "x.gguf"}, 10, 0};
  std::ofstream(folder_ / "x.gguf.rung-partial") << "data";
  std::ofstream(ResumeJournal::journal_path(folder_ / "x.gguf"))
      << "rung-resume 1\nkey key\nfile " << (folder_ / "x.gguf").string()
      << "\nboot of-another-day\ntensor\ntensor\nsafe\ntensor\n";
  EXPECT_EQ(ResumeJournal::open(job)->done().size(), 2u);
  const auto held = ResumeJournal::open(job);
  const auto second = ResumeJournal::open(job);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another process"));
}

}  // namespace
}  // namespace rung
