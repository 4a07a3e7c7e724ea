#include "ledger/ledger.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <sqlite3.h>

#include <cstdlib>

#include "ledger/ledger_schema.h"

namespace rung {
namespace {

namespace fs = std::filesystem;

static_assert(kLedgerSteps.size() == Ledger::kVersion);

constexpr const char* kColumns =
    "id, kind, model_hash, model_shape, model_name, recipe, inputs, program, machine, measured_at, result";

tl::unexpected<Error> sqlite_error(const fs::path& path, const SQLite::Exception& error) {
  const int code = error.getErrorCode();
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    return failed_error("{}: another run holds the results database locked; try again, or name another with --results",
                        path.string());
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    return input_error("{}: is no results database, or a damaged one ({}); name another with --results", path.string(),
                       error.getErrorStr());
  return failed_error("{}: {}; --results names another results database", path.string(), error.what());
}

/// Runs `action`, whose exceptions become errors.
template <typename Action>
auto guarded(const fs::path& path, Action action) -> Result<decltype(action())> {
  try {
    return action();
  } catch (const SQLite::Exception& error) {
    return sqlite_error(path, error);
  }
}

LedgerRow row_of(const SQLite::Statement& query) {
  const auto text = [&](int column) { return query.getColumn(column).getString(); };
  return {.id = text(0),
          .kind = text(1),
          .model_hash = text(2),
          .model_shape = text(3),
          .model_name = text(4),
          .recipe = text(5),
          .inputs = text(6),
          .program = text(7),
          .machine = text(8),
          .measured_at = text(9),
          .result = text(10)};
}

}  // namespace

struct Ledger::State {
  State(const fs::path& file, std::chrono::milliseconds lock_wait)
      : path(file),
        database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, static_cast<int>(lock_wait.count())) {}

  int pragma(const char* name) { return database.execAndGet(std::string("PRAGMA ") + name).getInt(); }

  /// To the newest version, whole or not at all. The version is read under the lock: two runs may meet here.
  Status bring_up_to_date() {
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    database.exec("PRAGMA trusted_schema = OFF");
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    const int version = pragma("user_version"), owner = pragma("application_id");
    const bool empty = pragma("schema_version") == 0;
    if (empty ? version != 0 : owner != kLedgerApplicationId || version < 1)
      return input_error("{}: is another program's database (application id {:#x}, ours is {:#x})", path.string(),
                         owner, kLedgerApplicationId);
    if (version > kVersion)
      return input_error(
          "{}: results database of version {}, this program knows up to {}; update rung, or name "
          "another with --results",
          path.string(), version, kVersion);
    if (version == kVersion) return {};
    for (int step = version; step < kVersion; ++step) database.exec(kLedgerSteps[static_cast<size_t>(step)]);
    database.exec(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}", kVersion, kLedgerApplicationId));
    transaction.commit();
    return {};
  }

  fs::path path;
  SQLite::Database database;
};

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

const fs::path& Ledger::path() const { return state_->path; }

Result<Ledger> Ledger::open(const fs::path& path, std::chrono::milliseconds lock_wait) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error)
    return failed_error("{}: cannot be created: {}; --results names another place for the results database",
                        path.parent_path().string(), error.message());
  RUNG_TRY(auto state, guarded(path, [&] { return std::make_unique<State>(path, lock_wait); }));
  RUNG_TRY(const Status ready, guarded(path, [&] { return state->bring_up_to_date(); }));
  RUNG_CHECK(ready);
  return Ledger(std::move(state));
}

Result<std::optional<LedgerRow>> Ledger::find(std::string_view id) const {
  return guarded(path(), [&]() -> std::optional<LedgerRow> {
    SQLite::Statement query(state_->database, fmt::format("SELECT {} FROM results WHERE id = ?", kColumns));
    query.bind(1, std::string(id));
    if (!query.executeStep()) return std::nullopt;
    return row_of(query);
  });
}

Status Ledger::keep(const LedgerRow& row) {
  RUNG_TRY(const int rows, guarded(path(), [&] {
             SQLite::Statement insert(
                 state_->database,
                 fmt::format("INSERT OR REPLACE INTO results ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?)", kColumns));
             int column = 0;
             for (const std::string* value :
                  {&row.id, &row.kind, &row.model_hash, &row.model_shape, &row.model_name, &row.recipe, &row.inputs,
                   &row.program, &row.machine, &row.measured_at, &row.result})
               insert.bind(++column, *value);
             return insert.exec();
           }));
  return rows == 1 ? Status() : failed_error("{}: the result was not stored", path().string());
}

Result<std::vector<LedgerRow>> Ledger::of_shape(std::string_view kind, std::string_view model_shape) const {
  return guarded(path(), [&] {
    SQLite::Statement query(state_->database, fmt::format("SELECT {} FROM results WHERE kind = ? AND model_shape = ? "
                                                          "ORDER BY measured_at DESC, id",
                                                          kColumns));
    query.bind(1, std::string(kind));
    query.bind(2, std::string(model_shape));
    std::vector<LedgerRow> rows;
    while (query.executeStep()) rows.push_back(row_of(query));
    return rows;
  });
}

fs::path default_ledger_path() {
  const auto variable = [](const char* name) -> fs::path {
    const char* value = std::getenv(name);
    return value ? value : "";
  };
  if (const fs::path named = variable("RUNG_RESULTS"); !named.empty()) return named;
  // The specification: a relative path is to be ignored.
  if (const fs::path data = variable("XDG_DATA_HOME"); data.is_absolute()) return data / "rung/results.sqlite";
  if (const fs::path home = variable("HOME"); home.is_absolute()) return home / ".local/share/rung/results.sqlite";
  return {};
}

}  // namespace rung
