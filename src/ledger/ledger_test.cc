#include "ledger/ledger.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>
#include <gmock/gmock.h>

#include <fstream>

#include "base/temp_folder_for_tests.h"
#include "ledger/ledger_schema.h"

namespace rung {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

LedgerRow sample(const std::string& id, const std::string& shape = "shape") {
  return {.id = id,
          .kind = "rung",
          .model_hash = "hash",
          .model_shape = shape,
          .model_name = "it's a model",
          .recipe = "q4_k",
          .inputs = "line 1\nline 2",
          .program = "rung 0",
          .machine = "m",
          .measured_at = "2026-11-23T06:00:00Z",
          .result = "{\"a\": 1}"};
}

class LedgerTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_ / "deep/er/results.sqlite"; }
  std::string refusal() const {
    const auto ledger = Ledger::open(file());
    return ledger ? "" : ledger.error().message;
  }
  /// A database as a program of an earlier version left it.
  void write_version(int version, const std::string& statements) const {
    std::filesystem::create_directories(file().parent_path());
    SQLite::Database database(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (int step = 0; step < version && step < Ledger::kVersion; ++step)
      database.exec(kLedgerSteps[static_cast<size_t>(step)]);
    database.exec(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}", version, kLedgerApplicationId));
    if (!statements.empty()) database.exec(statements);
  }
  test::TempFolder folder_;
};

TEST_F(LedgerTest, RowsComeBackAsTheyWere) {
  {
    Ledger ledger = Ledger::open(file()).value();
    ASSERT_TRUE(ledger.keep(sample("one")));
    ASSERT_TRUE(ledger.keep(sample("two", "other")));
    EXPECT_FALSE(ledger.find("three").value());
  }
  Ledger ledger = Ledger::open(file()).value();
  const LedgerRow row = ledger.find("one").value().value();
  const LedgerRow wanted = sample("one");
  EXPECT_EQ(row.model_name, wanted.model_name);
  EXPECT_EQ(row.inputs, wanted.inputs);
  EXPECT_EQ(row.result, wanted.result);
  EXPECT_EQ(row.measured_at, wanted.measured_at);
  EXPECT_THAT(ledger.of_shape("rung", "other").value(), SizeIs(1));
  EXPECT_THAT(ledger.of_shape("else", "other").value(), SizeIs(0));
}

TEST_F(LedgerTest, ALaterResultReplacesTheEarlier) {
  Ledger ledger = Ledger::open(file()).value();
  LedgerRow row = sample("one");
  ASSERT_TRUE(ledger.keep(row));
  row.result = "{}";
  ASSERT_TRUE(ledger.keep(row));
  EXPECT_EQ(ledger.find("one").value()->result, "{}");
  EXPECT_THAT(ledger.of_shape("rung", "shape").value(), SizeIs(1));
}

TEST_F(LedgerTest, AnOlderVersionIsMigratedAndNothingLost) {
  write_version(1, "INSERT INTO results VALUES ('one','rung','hash','name','q4_k','in','rung 0','m','2026','{}')");
  Ledger ledger = Ledger::open(file()).value();
  const LedgerRow row = ledger.find("one").value().value();
  EXPECT_EQ(row.recipe, "q4_k");
  EXPECT_EQ(row.model_shape, "");
  ASSERT_TRUE(ledger.keep(sample("two")));
  EXPECT_THAT(ledger.of_shape("rung", "shape").value(), SizeIs(1));
}

TEST_F(LedgerTest, ANewerVersionIsRefusedAndLeftAlone) {
  write_version(Ledger::kVersion + 1,
                "INSERT INTO results(id,kind,model_hash,model_name,recipe,inputs,program,machine,"
                "measured_at,result) VALUES ('1','','','','','','','','','')");
  EXPECT_THAT(refusal(), HasSubstr("of version 3, this program knows up to 2"));
}

TEST_F(LedgerTest, OtherFilesAreRefused) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file())
      << "this is prose, long enough to be no header of any database whatever one may say of it......";
  EXPECT_THAT(refusal(), HasSubstr("is no results database"));
  std::filesystem::remove(file());
  SQLite::Database(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE cats (name TEXT)");
  EXPECT_THAT(refusal(), HasSubstr("is another program's database"));
}

TEST_F(LedgerTest, DamagedBytesGiveErrors) {
  {
    Ledger ledger = Ledger::open(file()).value();
    for (int row = 0; row < 50; ++row) ASSERT_TRUE(ledger.keep(sample(std::to_string(row))));
  }
  std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
  for (int at = 100; at < 16000; at += 3) bytes.seekp(at).put('\xFF');
  bytes.close();
  const auto ledger = Ledger::open(file());
  const auto row = ledger ? ledger->find("7") : tl::unexpected(ledger.error());
  ASSERT_FALSE(row);
  EXPECT_THAT(row.error().message, HasSubstr(file().string()));
}

TEST_F(LedgerTest, AReaderAndAWriterShareTheFile) {
  Ledger first = Ledger::open(file()).value(), second = Ledger::open(file()).value();
  ASSERT_TRUE(first.keep(sample("one")));
  EXPECT_TRUE(second.find("one").value());
  ASSERT_TRUE(second.keep(sample("two")));
  EXPECT_TRUE(first.find("two").value());
}

TEST_F(LedgerTest, WhoFindsItLockedIsToldAndLosesNothing) {
  Ledger ledger = Ledger::open(file(), std::chrono::milliseconds(20)).value();
  ASSERT_TRUE(ledger.keep(sample("one")));
  {
    SQLite::Database other(file().string(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN EXCLUSIVE");
    const Status kept = ledger.keep(sample("two"));
    ASSERT_FALSE(kept);
    EXPECT_THAT(kept.error().message, HasSubstr("another run holds the results database locked"));
    EXPECT_FALSE(Ledger::open(file(), std::chrono::milliseconds(20)));
  }
  ASSERT_TRUE(ledger.keep(sample("two")));
  EXPECT_TRUE(ledger.find("one").value());
}

TEST(LedgerPath, FollowsTheEnvironment) {
  ::setenv("RUNG_RESULTS", "", 1);
  ::setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(default_ledger_path(), "/data/rung/results.sqlite");
  ::setenv("XDG_DATA_HOME", "relative", 1);
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(default_ledger_path(), "/home/me/.local/share/rung/results.sqlite");
  ::setenv("RUNG_RESULTS", "/r.sqlite", 1);
  EXPECT_EQ(default_ledger_path(), "/r.sqlite");
  ::unsetenv("HOME");
  ::unsetenv("RUNG_RESULTS");
  EXPECT_EQ(default_ledger_path(), "");
}

}  // namespace
}  // namespace rung
