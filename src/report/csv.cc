#include "report/csv.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "report/json_member.h"
#include "report/terminal_text.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kHead =
    "model,rung,kind,bytes,bits_per_weight,measure,value,low,high,error,items,lost,gained,p_value,verdict";

/// A number as the JSON has it; a text quoted where it must be.
std::string cell(const Json& value) {
  if (value.is_number()) return value.dump();
  if (!value.is_string()) return "";
  std::string text = printable(value.get_ref<const std::string&>());
  if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char character : text) quoted += character == '"' ? std::string("\"\"") : std::string(1, character);
  return quoted + '"';
}

/// One line: what is measured, then the keys of `from` that hold value, low, high, error.
struct Line {
  std::string measure;
  const Json& from;
  std::string_view value, low = "", high = "", error = "";
};

class Csv {
 public:
  explicit Csv(const Json& ladder) : model_(member(member(ladder, "model"), "name")) {
    out_.append(kHead).append("\r\n");
    const Json& rungs = member(ladder, "rungs");
    if (!rungs.is_array()) return;
    for (const Json& rung : rungs) add_rung(rung);
  }
  std::string text() && { return std::move(out_); }

 private:
  void add_rung(const Json& rung) {
    const Json& kld = member(rung, "kld");
    add(rung, {"perplexity", rung, "perplexity", "", "", "perplexity_error"});
    add(rung, {"kld_mean", kld, "mean", "", "", "mean_error"});
    for (const char* key : {"median", "p99", "p99_9", "max"}) add(rung, {fmt::format("kld_{}", key), kld, key});
    add(rung, {"same_top", rung, "same_top", "", "", "same_top_error"});
    add(rung, {"rms_dp", rung, "rms_dp", "", "", "rms_dp_error"});
    const Json& panel = member(rung, "panel");
    if (!panel.is_object()) return;
    for (const auto& [capability, score] : panel.items()) {
      add(rung, {"score:" + capability, score, "score", "low", "high"});
      add(rung, {"retained:" + capability, score, "retained", "retained_low", "retained_high"});
    }
  }

  void add(const Json& rung, const Line& line) {
    if (!member(line.from, line.value).is_number()) return;
    const bool compared = line.measure.starts_with("retained:");
    std::vector<std::string> cells = {cell(model_)};
    for (const char* key : {"name", "kind", "bytes", "bits_per_weight"}) cells.push_back(cell(member(rung, key)));
    cells.push_back(cell(line.measure));
    for (const std::string_view key : {line.value, line.low, line.high, line.error})
      cells.push_back(cell(member(line.from, key)));
    cells.push_back(cell(member(line.from, "items")));
    for (const char* key : {"lost", "gained", "p_value", "verdict"})
      cells.push_back(compared ? cell(member(line.from, key)) : "");
    out_ += fmt::format("{}\r\n", fmt::join(cells, ","));
  }

  const Json& model_;
  std::string out_;
};

}  // namespace

std::string render_csv(const Json& ladder) { return Csv(ladder).text(); }

}  // namespace rung
