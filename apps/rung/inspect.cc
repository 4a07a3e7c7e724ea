// rung inspect: what is in a GGUF file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "io/gguf.h"
#include "model/tensor_role.h"
#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string file;
  bool json = false;
};

std::string type_name(const GgufTensor& tensor) {
  if (tensor.format) return std::string(format_name(*tensor.format));
  return std::string(ggml_type_name(tensor.ggml_type));
}

ordered_json value_json(const GgufValue& value) {
  if (const GgufArray* array = value.as_array()) {
    ordered_json json = ordered_json::array();
    for (const GgufValue& element : array->values) json.push_back(value_json(element));
    return json;
  }
  return std::visit(
      [](const auto& data) -> ordered_json {
        if constexpr (std::is_same_v<std::decay_t<decltype(data)>, std::shared_ptr<const GgufArray>>) {
          return nullptr;
        } else {
          return data;
        }
      },
      value.data);
}

struct Total {
  std::string name;
  uint64_t tensors = 0, values = 0, bytes = 0;
};

class Totals {
 public:
  void add(const std::string& name, const GgufTensor& tensor) {
    auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Total& row) { return row.name == name; });
    if (found == rows_.end()) found = rows_.insert(rows_.end(), Total{name});
    ++found->tensors;
    found->values += tensor.values();
    found->bytes += tensor.bytes.size();
  }
  std::vector<Total> rows() const {
    std::vector<Total> sorted = rows_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Total& a, const Total& b) { return a.bytes > b.bytes; });
    return sorted;
  }

 private:
  std::vector<Total> rows_;
};

struct Overview {
  Totals by_role, by_type;
  Total all{"all"};

  explicit Overview(const GgufFile& file) {
    for (const GgufTensor& tensor : file.tensors()) {
      by_role.add(std::string(role_info(role_of(tensor.name).role).label), tensor);
      by_type.add(type_name(tensor), tensor);
      ++all.tensors;
      all.values += tensor.values();
      all.bytes += tensor.bytes.size();
    }
  }
  double bits_per_weight() const {
    return all.values == 0 ? 0 : 8.0 * static_cast<double>(all.bytes) / static_cast<double>(all.values);
  }
};

ordered_json totals_json(const Totals& totals) {
  ordered_json json = ordered_json::array();
  for (const Total& row : totals.rows())
    json.push_back({{"name", row.name}, {"tensors", row.tensors}, {"values", row.values}, {"bytes", row.bytes}});
  return json;
}

ordered_json file_json(const GgufFile& file) {
  const Overview overview(file);
  ordered_json json = {{"file", file.path().string()},       {"version", file.version()},
                       {"alignment", file.alignment()},      {"bytes", file.file_bytes()},
                       {"shards", file.shard_count()},       {"parameters", overview.all.values},
                       {"tensor_bytes", overview.all.bytes}, {"bits_per_weight", overview.bits_per_weight()}};
  json["metadata"] = ordered_json::object();
  for (const GgufEntry& entry : file.metadata()) json["metadata"][entry.key] = value_json(entry.value);
  json["tensors"] = ordered_json::array();
  for (const GgufTensor& tensor : file.tensors()) {
    const TensorRole role = role_of(tensor.name);
    json["tensors"].push_back({{"name", tensor.name},
                               {"type", type_name(tensor)},
                               {"shape", tensor.shape},
                               {"bytes", tensor.bytes.size()},
                               {"role", role_info(role.role).label},
                               {"layer", role.layer ? ordered_json(*role.layer) : ordered_json(nullptr)}});
  }
  json["by_role"] = totals_json(overview.by_role);
  json["by_type"] = totals_json(overview.by_type);
  return json;
}

/// One line, at most `width` columns wide.
std::string short_text(std::string text, size_t width) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
  if (text.size() <= width) return text;
  size_t end = width - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string value_text(const GgufValue& value) {
  constexpr size_t kShown = 4;
  if (const GgufArray* array = value.as_array()) {
    std::string text = fmt::format("{} values:", array->values.size());
    for (size_t index = 0; index < std::min(kShown, array->values.size()); ++index)
      text += " " + value_json(array->values[index]).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    return text + (array->values.size() > kShown ? " ..." : "");
  }
  if (const std::string* string = value.as_string()) return *string;
  return value_json(value).dump();
}

void print_totals(const char* title, const Totals& totals, uint64_t all_bytes) {
  fmt::print("\n{:<24} {:>8} {:>14} {:>10} {:>7} {:>6}\n", title, "tensors", "weights", "bytes", "share", "bits");
  for (const Total& row : totals.rows())
    fmt::print("{:<24} {:>8} {:>14} {:>10} {:>5.1f} % {:>6.2f}\n", row.name, row.tensors, row.values,
               human_bytes(row.bytes),
               100.0 * static_cast<double>(row.bytes) / static_cast<double>(std::max<uint64_t>(1, all_bytes)),
               8.0 * static_cast<double>(row.bytes) / static_cast<double>(std::max<uint64_t>(1, row.values)));
}

void print_file(const GgufFile& file) {
  const Overview overview(file);
  fmt::print("{}: GGUF v{}, {} in {} file{}\n\n", file.path().string(), file.version(), human_bytes(file.file_bytes()),
             file.shard_count(), file.shard_count() == 1 ? "" : "s");
  size_t widest = 0;
  for (const GgufEntry& entry : file.metadata()) widest = std::max(widest, entry.key.size());
  const auto room = static_cast<size_t>(std::max(30, terminal_width() - static_cast<int>(widest) - 3));
  for (const GgufEntry& entry : file.metadata())
    fmt::print("{:<{}}  {}\n", entry.key, widest, short_text(value_text(entry.value), room));
  fmt::print("\n{:<36} {:<8} {:<20} {:>10}  {}\n", "tensor", "type", "shape", "bytes", "role");
  for (const GgufTensor& tensor : file.tensors())
    fmt::print("{:<36} {:<8} {:<20} {:>10}  {}\n", short_text(tensor.name, 60), type_name(tensor),
               fmt::format("{}", fmt::join(tensor.shape, " x ")), human_bytes(tensor.bytes.size()),
               role_info(role_of(tensor.name).role).label);
  print_totals("by role", overview.by_role, overview.all.bytes);
  print_totals("by type", overview.by_type, overview.all.bytes);
  fmt::print("\n{} weights in {}: {:.3f} bits per weight\n", overview.all.values, human_bytes(overview.all.bytes),
             overview.bits_per_weight());
}

Status inspect(const Options& options) {
  RUNG_TRY(const GgufFile file, GgufFile::open(options.file));
  if (options.json) {
    fmt::print("{}\n", file_json(file).dump(1, ' ', false, ordered_json::error_handler_t::replace));
  } else {
    print_file(file);
  }
  return {};
}

}  // namespace

Command add_inspect(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "Show a GGUF file: metadata, tensors with their roles, totals");
  command->add_option("FILE", options->file, "a GGUF file; of a split model, any of its files")->required();
  command->add_flag("--json", options->json, "print JSON");
  return [options] { return inspect(*options); };
}

}  // namespace rung
