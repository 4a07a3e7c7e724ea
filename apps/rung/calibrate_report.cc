#include "calibrate_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "quantize/importance.h"
#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

ordered_json coverage_json(const Coverage& coverage) {
  ordered_json layers = ordered_json::array(), dead = ordered_json::array();
  for (const ExpertCoverage& layer : coverage.layers)
    layers.push_back({{"tensor", layer.tensor},
                      {"tokens", layer.tokens},
                      {"unseen", layer.unseen},
                      {"thin", layer.thin},
                      {"least", layer.least},
                      {"median", layer.median},
                      {"most", layer.most}});
  for (const DeadColumns& tensor : coverage.dead)
    dead.push_back({{"tensor", tensor.tensor}, {"columns", tensor.columns}, {"of", tensor.of}});
  return {{"experts", coverage.experts},
          {"unseen", coverage.unseen},
          {"thin", coverage.thin},
          {"layers", std::move(layers)},
          {"never_active", std::move(dead)}};
}

void print_report_json(const CalibrateReport& report) {
  ordered_json json = {{"file", report.file},
                       {"source", report.weights_only ? "weights-only" : "activations"},
                       {"entries", report.entries},
                       {"chunks", report.chunks},
                       {"tokens", report.tokens}};
  if (!report.gram_file.empty()) json["gram"] = {{"file", report.gram_file}, {"bytes", report.gram_bytes}};
  if (report.topped_up)
    json["top_up"] = {{"least_tokens", report.least_tokens},
                      {"starved_before", report.starved_before},
                      {"starved_after", report.starved_after},
                      {"prompts", report.prompts},
                      {"chosen", report.prompts_chosen}};
  if (!report.weights_only) json["coverage"] = coverage_json(report.coverage);
  fmt::print("{}\n", json.dump(1, ' ', false, ordered_json::error_handler_t::replace));
}

void print_coverage(const Coverage& coverage) {
  if (!coverage.layers.empty()) {
    fmt::print("\n{:32} {:>8} {:>10} {:>10} {:>10} {:>7} {:>6}\n", "tokens of routed experts", "experts", "least",
               "median", "most", "unseen", fmt::format("< {}", kPooledTokens));
    for (const ExpertCoverage& layer : coverage.layers)
      fmt::print("{:32} {:8} {:10.0f} {:10.0f} {:10.0f} {:7} {:6}\n", layer.tensor, layer.tokens.size(), layer.least,
                 layer.median, layer.most, layer.unseen, layer.thin);
    if (coverage.unseen + coverage.thin > 0)
      fmt::print(
          "Of {} experts {} saw no token and {} fewer than {}: when quantized they lean on the pooled statistics of\n"
          "their layer. More text, or --top-up with a pool of prompts, gives them tokens of their own.\n",
          coverage.experts, coverage.unseen, coverage.thin, kPooledTokens);
  }
  if (coverage.dead.empty()) return;
  fmt::print("\n{:32} {:>10} {:>10}\n", "columns never active", "columns", "of");
  for (const DeadColumns& tensor : coverage.dead)
    fmt::print("{:32} {:10} {:10}\n", tensor.tensor, tensor.columns, tensor.of);
}

ordered_json statistics_json(const TensorStatistics& tensor) {
  ordered_json json = {{"tensor", tensor.tensor},
                       {"tokens", tensor.tokens},
                       {"values", tensor.values},
                       {"sum", tensor.sum},
                       {"min", tensor.least},
                       {"max", tensor.most},
                       {"mean", tensor.mean},
                       {"stddev", tensor.deviation},
                       {"active", tensor.active},
                       {"entropy", tensor.entropy},
                       {"normalised_entropy", tensor.normalised_entropy},
                       {"zd", tensor.outliers},
                       {"cosine", nullptr}};
  if (tensor.cosine) json["cosine"] = *tensor.cosine;
  return json;
}

}  // namespace

void print_report(const CalibrateReport& report, bool json) {
  if (json) return print_report_json(report);
  if (report.weights_only) {
    fmt::print("{}: {} tensors, from the weights alone: column energy, no activations\n", report.file, report.entries);
    return;
  }
  fmt::print("{}: {} tensors", report.file, report.entries);
  fmt::print("{}\n", report.chunks > 0 ? fmt::format(", {} chunks, {} tokens", report.chunks, report.tokens)
                                       : std::string(", merged"));
  if (!report.gram_file.empty())
    fmt::print("{}: second moments, {}\n", report.gram_file, human_bytes(report.gram_bytes));
  if (report.topped_up)
    fmt::print(
        "{} experts had fewer than {:.0f} tokens; {} of {} prompts of the pool were added, {} still have fewer\n",
        report.starved_before, report.least_tokens, report.prompts_chosen, report.prompts, report.starved_after);
  print_coverage(report.coverage);
}

void print_statistics(const Imatrix& imatrix, const std::vector<TensorStatistics>& tensors, bool json) {
  if (json) {
    ordered_json list = ordered_json::array();
    for (const TensorStatistics& tensor : tensors) list.push_back(statistics_json(tensor));
    const ordered_json document = {{"file", imatrix.file},
                                   {"source", imatrix.weights_only ? "weights-only" : "activations"},
                                   {"datasets", imatrix.datasets},
                                   {"chunks", imatrix.chunk_count},
                                   {"chunk_size", imatrix.chunk_size},
                                   {"tensors", list}};
    fmt::print("{}\n", document.dump(1, ' ', false, ordered_json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {} tensors, {} chunks of {} tokens, from {}\n", imatrix.file, imatrix.entries.size(),
             imatrix.chunk_count, imatrix.chunk_size, fmt::join(imatrix.datasets, ", "));
  if (imatrix.weights_only) fmt::print("Made from the weights alone (column energy), not from activations.\n");
  fmt::print("{:30} {:>10} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8} {:>6} {:>6} {:>6}\n", "mean squared activation",
             "sum", "min", "max", "mean", "stddev", "active %", "entropy", "norm.", "ZD %", "cosine");
  for (const TensorStatistics& tensor : tensors)
    fmt::print("{:30} {:10.4g} {:10.3g} {:10.4g} {:10.4g} {:10.4g} {:8.2f} {:8.3f} {:6.3f} {:6.2f} {:>6}\n",
               tensor.tensor, tensor.sum, tensor.least, tensor.most, tensor.mean, tensor.deviation, 100 * tensor.active,
               tensor.entropy, tensor.normalised_entropy, 100 * tensor.outliers,
               tensor.cosine ? fmt::format("{:.3f}", *tensor.cosine) : "-");
  fmt::print(
      "Active: above 1e-5. Entropy in bits; norm.: over that of an even spread. ZD: more than one standard\n"
      "deviation above the mean. Cosine: with the same tensor one layer before.\n");
}

}  // namespace rung
