#include "quantize/loss_report.h"

#include <nlohmann/json.hpp>

namespace rung {
namespace {

std::string type_of(const TensorPlan& tensor) {
  return tensor.format ? std::string(format_name(*tensor.format)) : ggml_type_name(tensor.source->ggml_type);
}

/// A field may hold a comma or a quote: RFC 4180.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

}  // namespace

std::string loss_csv(std::span<const QuantizeOutput> outputs, std::span<const std::vector<TensorLoss>> losses) {
  std::string text = "file,tensor,role,source_type,type,weights,bytes,weighted_error,snr_db,outliers\n";
  for (size_t target = 0; target < losses.size(); ++target)
    for (size_t index = 0; index < losses[target].size(); ++index) {
      const TensorPlan& tensor = outputs[target].plan.tensors[index];
      const TensorLoss& loss = losses[target][index];
      const auto snr = loss.snr_db();
      text += fmt::format("{},{},{},{},{},{},{},{:.6e},{},{}\n", csv_field(outputs[target].path.filename().string()),
                          csv_field(tensor.source->name), role_info(role_of(tensor.source->name).role).label,
                          ggml_type_name(tensor.source->ggml_type), type_of(tensor), tensor.source->values(),
                          tensor.bytes, loss.relative_error(), snr ? fmt::format("{:.3f}", *snr) : "", loss.outliers);
    }
  return text;
}

std::string loss_json(std::span<const QuantizeOutput> outputs, std::span<const std::vector<TensorLoss>> losses) {
  nlohmann::ordered_json document = {{"version", 1}, {"outputs", nlohmann::ordered_json::array()}};
  for (size_t target = 0; target < losses.size(); ++target) {
    nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
    for (size_t index = 0; index < losses[target].size(); ++index) {
      const TensorPlan& tensor = outputs[target].plan.tensors[index];
      const TensorLoss& loss = losses[target][index];
      const auto snr = loss.snr_db();
      tensors.push_back({{"tensor", tensor.source->name},
                         {"role", role_info(role_of(tensor.source->name).role).label},
                         {"source_type", ggml_type_name(tensor.source->ggml_type)},
                         {"type", type_of(tensor)},
                         {"weights", tensor.source->values()},
                         {"bytes", tensor.bytes},
                         {"weighted_error", loss.relative_error()},
                         {"snr_db", snr ? nlohmann::ordered_json(*snr) : nlohmann::ordered_json()},
                         {"outliers", loss.outliers}});
    }
    document["outputs"].push_back({{"file", outputs[target].path.filename().string()},
                                   {"recipe", outputs[target].plan.recipe},
                                   {"tensors", std::move(tensors)}});
  }
  return document.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace rung
