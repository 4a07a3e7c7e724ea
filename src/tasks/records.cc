#include "tasks/records.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "measure/instruction_text.h"
#include "measure/panel_items.h"
#include "text/utf8.h"

namespace rung {
namespace {

using Json = Record::Json;

constexpr uint64_t kMaxBytes = uint64_t{256} << 20;

bool is_filled(const Json& value) { return value.is_string() && !value.get_ref<const std::string&>().empty(); }

class Inflater {
 public:
  Inflater() { is_open_ = inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK; }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (is_open_) inflateEnd(&stream_);
  }

  /// The bytes of all members, one after the other.
  Result<std::string> unpack(std::string_view packed, const std::string& file) {
    std::string out;
    std::array<char, 65536> buffer;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    int status = is_open_ ? Z_OK : Z_MEM_ERROR;
    while (status == Z_OK) {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = buffer.size();
      status = inflate(&stream_, Z_NO_FLUSH);
      out.append(buffer.data(), buffer.size() - stream_.avail_out);
      if (out.size() > kMaxBytes)
        return input_error("{}: found more than {} MiB unpacked, allowed is at most that", file, kMaxBytes >> 20);
      if (status == Z_STREAM_END && stream_.avail_in > 0) status = inflateReset(&stream_);
    }
    if (status == Z_STREAM_END) return out;
    return input_error("{}: found a gzip file that is damaged or cut off after {} unpacked bytes; fetch it again", file,
                       out.size());
  }

 private:
  z_stream stream_ = {};
  bool is_open_ = false;
};

std::string_view without_space(std::string_view line) {
  while (!line.empty() && std::string_view(" \t\r\n").find(line.back()) != std::string_view::npos)
    line.remove_suffix(1);
  while (!line.empty() && std::string_view(" \t\r\n").find(line.front()) != std::string_view::npos)
    line.remove_prefix(1);
  return line;
}

Result<Record> record_of(Json json, std::string place) {
  if (!json.is_object()) return input_error("{}: found {}, allowed is a JSON object", place, json.type_name());
  return Record(std::move(place), std::make_shared<const Json>(std::move(json)));
}

Result<std::vector<Record>> records_of_lines(std::string_view text, const std::string& file) {
  std::vector<Record> records;
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = without_space(text.substr(begin, end - begin));
    const std::string place = fmt::format("{}:{}", file, ++number);
    begin = end + 1;
    if (line.empty()) continue;
    auto json = parse_bounded_json(line);
    if (!json) return input_error("{}: {}", place, json.error().message);
    RUNG_TRY(Record record, record_of(std::move(*json), place));
    records.push_back(std::move(record));
  }
  return records;
}

Result<std::vector<Record>> records_of_value(std::string_view text, const std::string& file) {
  auto json = parse_bounded_json(text);
  if (!json) return input_error("{}: {}", file, json.error().message);
  std::vector<Record> records;
  if (json->is_object()) {
    RUNG_TRY(Record record, record_of(std::move(*json), file));
    records.push_back(std::move(record));
    return records;
  }
  if (!json->is_array()) return input_error("{}: found {}, allowed is a list of objects", file, json->type_name());
  for (size_t at = 0; at < json->size(); ++at) {
    RUNG_TRY(Record record, record_of(std::move((*json)[at]), fmt::format("{}: entry {}", file, at + 1)));
    records.push_back(std::move(record));
  }
  return records;
}

/// Reads one row after the other.
class CsvReader {
 public:
  CsvReader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}
  bool is_done() const { return at_ >= text_.size(); }
  Result<CsvRow> next() {
    CsvRow row{fmt::format("{}: row {}", file_, ++number_), {}};
    for (;;) {
      std::string cell;
      const bool is_quoted = at_ < text_.size() && text_[at_] == '"';
      if (is_quoted && !read_quoted(cell))
        return input_error("{}: found a quoted cell that does not end, allowed is a closing \"", row.place);
      if (!is_quoted) read_plain(cell);
      row.cells.push_back(std::move(cell));
      if (is_done()) return row;
      const char mark = text_[at_++];
      if (mark == ',') continue;
      if (mark == '\r' && !is_done() && text_[at_] == '\n') ++at_;
      if (mark == '\n' || mark == '\r') return row;
      return input_error("{}: found text after the quoted cell {}, allowed is a comma or the row's end", row.place,
                         row.cells.size());
    }
  }

 private:
  bool read_quoted(std::string& cell) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '"') {
        cell += text_[at_];
        continue;
      }
      if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') {
        ++at_;
        return true;
      }
      cell += text_[++at_];
    }
    return false;
  }
  void read_plain(std::string& cell) {
    const size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    cell = text_.substr(at_, end - at_);
    at_ = end;
  }

  std::string_view text_;
  std::string file_;
  size_t at_ = 0, number_ = 0;
};

}  // namespace

const Json* Record::find(const std::string& field) const {
  const auto found = json_->find(field);
  return found != json_->end() ? &*found : nullptr;
}

tl::unexpected<Error> Record::fail(std::string_view field, std::string_view allowed) const {
  const Json* const value = find(std::string(field));
  return input_error("{}: field '{}': found {}, allowed is {}", place_, field,
                     value != nullptr ? shown(*value) : "nothing", allowed);
}

Result<std::string> Record::text(const std::string& field) const {
  const Json* const value = find(field);
  if (value == nullptr || !is_filled(*value)) return fail(field, "a string that is not empty");
  return value->get<std::string>();
}

Result<std::vector<std::string>> Record::texts(const std::string& field) const {
  const Json* const value = find(field);
  if (value == nullptr || !value->is_array() || value->empty() || !std::all_of(value->begin(), value->end(), is_filled))
    return fail(field, "a list, not empty, of strings that are not empty");
  return value->get<std::vector<std::string>>();
}

Result<size_t> Record::index(const std::string& field, size_t end) const {
  const Json* const value = find(field);
  size_t result = end;
  if (value != nullptr && value->is_number_unsigned()) result = value->get<size_t>();
  if (value != nullptr && value->is_string()) {
    const std::string& digits = value->get_ref<const std::string&>();
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), result);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) result = end;
  }
  if (result >= end) return fail(field, fmt::format("a number from 0 to {}", end - 1));
  return result;
}

Result<std::string> Record::identity(const std::string& field) const {
  const Json* const value = find(field);
  if (value != nullptr && value->is_number_integer()) return value->dump();
  if (value != nullptr && is_filled(*value)) return value->get<std::string>();
  return fail(field, "a string that is not empty, or a whole number");
}

Result<Record> Record::object(const std::string& field) const {
  const Json* const value = find(field);
  if (value == nullptr || !value->is_object()) return fail(field, "an object");
  return Record(fmt::format("{}: in '{}'", place_, field), std::make_shared<const Json>(*value));
}

Result<std::vector<Record>> Record::objects(const std::string& field) const {
  const Json* const value = find(field);
  const bool is_ok = value != nullptr && value->is_array() && !value->empty() &&
                     std::all_of(value->begin(), value->end(), [](const Json& entry) { return entry.is_object(); });
  if (!is_ok) return fail(field, "a list, not empty, of objects");
  std::vector<Record> records;
  for (size_t at = 0; at < value->size(); ++at)
    records.emplace_back(fmt::format("{}: in '{}' {}", place_, field, at + 1),
                         std::make_shared<const Json>((*value)[at]));
  return records;
}

Result<std::string> read_unpacked(const std::filesystem::path& path) {
  RUNG_TRY(std::string bytes, read_file(path, kMaxBytes));
  const bool is_packed = bytes.starts_with("\x1f\x8b");
  return is_packed ? Inflater().unpack(bytes, path.string()) : Result<std::string>(std::move(bytes));
}

Result<std::vector<Record>> read_records(const std::filesystem::path& path) {
  RUNG_TRY(std::string content, read_unpacked(path));
  std::string_view text = content;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  const std::string_view first = without_space(text.substr(0, text.find('\n')));
  // A list that fills its first line is a value, not lines.
  const bool is_lines =
      !first.starts_with('[') && (first.size() == without_space(text).size() || parse_bounded_json(first));
  RUNG_TRY(std::vector<Record> records,
           is_lines ? records_of_lines(content, path.string()) : records_of_value(text, path.string()));
  if (records.empty()) return input_error("{}: found no records, allowed is at least one", path.string());
  return records;
}

Result<std::vector<CsvRow>> read_csv(const std::filesystem::path& path) {
  RUNG_TRY(const std::string content, read_unpacked(path));
  CsvReader reader(content, path.string());
  std::vector<CsvRow> rows;
  while (!reader.is_done()) {
    RUNG_TRY(CsvRow row, reader.next());
    if (!std::all_of(row.cells.begin(), row.cells.end(), is_utf8))
      return input_error("{}: found bytes that are not UTF-8, allowed is UTF-8", row.place);
    if (row.cells.size() > 1 || !row.cells.front().empty()) rows.push_back(std::move(row));
  }
  if (rows.empty()) return input_error("{}: found no rows, allowed is at least one", path.string());
  return rows;
}

}  // namespace rung
