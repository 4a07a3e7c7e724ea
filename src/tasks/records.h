// The records of a published task file: JSON Lines, one JSON value, or CSV, gzipped or not. Foreign bytes: every error
// is one line that names file, place, field, what was found and what is allowed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

/// One JSON object and where it stands. Copies share the JSON.
class Record {
 public:
  using Json = nlohmann::ordered_json;

  Record(std::string place, std::shared_ptr<const Json> json) : place_(std::move(place)), json_(std::move(json)) {}

  const std::string& place() const { return place_; }
  /// Null where the object has no such field.
  const Json* find(const std::string& field) const;
  /// A string that is not empty.
  Result<std::string> text(const std::string& field) const;
  /// A list of strings, not empty, none of them empty.
  Result<std::vector<std::string>> texts(const std::string& field) const;
  /// A whole number, or a string of digits, under `end`.
  Result<size_t> index(const std::string& field, size_t end) const;
  /// A string that is not empty, or a whole number.
  Result<std::string> identity(const std::string& field) const;
  /// A field that is an object, as a record of its own.
  Result<Record> object(const std::string& field) const;
  /// A field that is a list of objects.
  Result<std::vector<Record>> objects(const std::string& field) const;

  tl::unexpected<Error> fail(std::string_view field, std::string_view allowed) const;

 private:
  std::string place_;
  std::shared_ptr<const Json> json_;
};

/// The bytes of a file, unpacked if it is gzipped (RFC 1952), at most 256 MiB.
Result<std::string> read_unpacked(const std::filesystem::path& path);

/// The objects of a JSON Lines file, of a JSON list, or the one object that the file is. At least one.
Result<std::vector<Record>> read_records(const std::filesystem::path& path);

struct CsvRow {
  std::string place;  ///< "FILE: row 3"
  std::vector<std::string> cells;
};

/// Rows of comma-separated values, quoted or not (RFC 4180), without a heading. At least one; blank lines are left out.
Result<std::vector<CsvRow>> read_csv(const std::filesystem::path& path);

}  // namespace rung
