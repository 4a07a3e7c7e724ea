// rung plan: what fits this machine, before anything is downloaded.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/thread_pool.h"
#include "commands.h"
#include "ladder/known_quality.h"
#include "ledger/model_shape.h"
#include "plan/machine.h"
#include "plan/plan_json.h"
#include "plan/planner.h"
#include "report/plan_table.h"
#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  std::vector<std::string> models, recipes, devices;
  std::string memory, ram, context, kv = "f16";
  uint64_t parallel = 1;
  int threads = 0;
  bool imatrix = false, all = false, explain = false, compare = false, json = false;
};

/// What is given, else what the machine has.
Status add_devices(const Arguments& arguments, PlanRequest& request) {
  std::vector<Device>& devices = request.devices;
  for (const std::string& text : arguments.devices) {
    RUNG_TRY(Device device, parse_device(text, "--device"));
    device.name = fmt::format("device {}", devices.size() + 1);
    devices.push_back(std::move(device));
  }
  for (const auto& [text, option, name] :
       {std::tuple(&arguments.memory, "--memory", "memory"), std::tuple(&arguments.ram, "--ram", "RAM")}) {
    if (text->empty()) continue;
    RUNG_TRY(const uint64_t bytes, parse_bytes(*text, option));
    devices.push_back({name, bytes, 0, 0});
  }
  if (!devices.empty()) return {};
  RUNG_TRY(const MachineMemory machine, detect_memory());
  devices.push_back({machine.limited ? "this container" : "this machine", machine.total, 0, 0});
  request.free_now = machine.available;
  return {};
}

Result<PlanRequest> request_of(const Arguments& arguments) {
  PlanRequest request;
  RUNG_CHECK(add_devices(arguments, request));
  if (!arguments.context.empty()) {
    RUNG_TRY(request.context, parse_tokens(arguments.context, "--context"));
  }
  RUNG_TRY(request.types, KvTypes::parse(arguments.kv, "--kv"));
  request.sequences = arguments.parallel;
  request.recipes = arguments.recipes;
  request.all = arguments.all;
  request.imatrix = arguments.imatrix;
  request.threads = static_cast<size_t>(arguments.threads > 0 ? arguments.threads : usable_cpus());
  return request;
}

TableStyle style() { return {.width = terminal_width(), .color = stdout_has_color(), .unicode = locale_is_utf8()}; }

/// From the results database, if there is one; a plan needs none, so that its faults are not the plan's.
std::vector<MeasuredRung> measured_rungs(const ModelShapes& shapes) {
  const std::filesystem::path path = default_ledger_path();
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return {};
  const auto ledger = Ledger::open(path);
  if (!ledger) return {};
  auto known = known_rungs(*ledger, model_shape_hash(shapes.directory));
  std::vector<MeasuredRung> measured;
  if (!known) return measured;
  for (KnownRung& rung : *known)
    measured.push_back({rung.name, std::move(rung.quality), std::move(rung.panel_hash), std::move(rung.right)});
  return measured;
}

Result<std::vector<ModelPlan>> plans_of(const std::vector<std::string>& models, const PlanRequest& request) {
  std::vector<ModelPlan> plans;
  for (const std::string& model : models) {
    RUNG_TRY(ModelShapes shapes, open_model_shapes(model));
    const std::vector<MeasuredRung> measured = measured_rungs(shapes);
    RUNG_TRY(ModelPlan plan, plan_model(std::move(shapes), request, measured));
    plans.push_back(std::move(plan));
  }
  return plans;
}

/// Each model beside each that was given before it.
struct Comparison {
  const ModelPlan *first, *second;
  std::optional<QualityDecision> decision;
};
std::vector<Comparison> comparisons_of(const std::vector<ModelPlan>& plans) {
  std::vector<Comparison> all;
  for (size_t second = 1; second < plans.size(); ++second)
    for (size_t first = 0; first < second; ++first)
      all.push_back({&plans[first], &plans[second], compare_plans(plans[first], plans[second])});
  return all;
}

void print_json(const std::vector<ModelPlan>& plans, const Arguments& arguments) {
  ordered_json json = ordered_json::array();
  for (const ModelPlan& plan : plans) json.push_back(plan_json(plan, arguments.explain));
  if (arguments.compare) {
    json = {{"plans", std::move(json)}, {"comparisons", ordered_json::array()}};
    for (const Comparison& one : comparisons_of(plans))
      json["comparisons"].push_back(
          {{"first", one.first->shapes.name},
           {"second", one.second->shapes.name},
           {"decision", one.decision ? decision_json(*one.decision) : ordered_json(nullptr)}});
  } else if (plans.size() == 1) {
    json = ordered_json(json.front());
  }
  fmt::print("{}\n", json.dump(1, ' ', false, ordered_json::error_handler_t::replace));
}

void print_comparison(const Comparison& one) {
  if (!one.decision) {
    fmt::print("\n{} or {}: one of them does not fit\n", one.first->shapes.name, one.second->shapes.name);
    return;
  }
  const auto named = [](const ModelPlan& plan) {
    return fmt::format("{} at {}", plan.shapes.name, plan.rungs[*plan.best].name);
  };
  const auto winner = one.decision->winner;
  const std::string verdict = winner == QualityDecision::Winner::kFirst    ? "take " + named(*one.first)
                              : winner == QualityDecision::Winner::kSecond ? "take " + named(*one.second)
                                                                           : std::string("undecided");
  fmt::print("\n{} or {}: {}. {} ({})\n", named(*one.first), named(*one.second), verdict, one.decision->reason,
             one.decision->source);
}

/// Without a model: sizes that people publish.
const std::vector<std::string>& usual_sizes() {
  static const std::vector<std::string> sizes = {"0.6B", "1.7B", "4B",       "8B",        "14B",      "30B-A3B",
                                                 "32B",  "70B",  "120B-A5B", "235B-A22B", "671B-A37B"};
  return sizes;
}

Status plan(const Arguments& arguments) {
  if (arguments.compare && arguments.models.size() < 2)
    return input_error("--compare: found {} model, allowed are two or more, for example 32B 14B",
                       arguments.models.size());
  RUNG_TRY(const PlanRequest request, request_of(arguments));
  const bool sizes = arguments.models.empty();
  RUNG_TRY(const std::vector<ModelPlan> plans, plans_of(sizes ? usual_sizes() : arguments.models, request));
  if (arguments.json) {
    print_json(plans, arguments);
  } else if (sizes) {
    const ModelPlan& first = plans.front();
    fmt::print("What fits {} of {}, with a context of {} ({}): rules of thumb, from models of the usual shape.\n\n",
               binary_size(first.memory()), first.devices.front().name, first.use.context, first.use.types.name());
    fmt::print("{}\nGive a model, its config.json or its size for more: rung plan 8B --explain\n",
               render_sizes(plans, style()));
  } else {
    for (const ModelPlan& one : plans)
      fmt::print("{}{}", &one == &plans.front() ? "" : "\n", render_plan(one, style(), arguments.explain));
    if (arguments.compare)
      for (const Comparison& one : comparisons_of(plans)) print_comparison(one);
  }
  return {};
}

}  // namespace

Command add_plan(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "plan", "Say what fits into memory: weights, cache and buffers of a model at every rung, before downloading it");
  command->add_option(
      "MODEL", arguments->models,
      "a GGUF file (its header is enough), a Hugging Face folder or config.json with safetensors headers "
      "or index, a tensors.TYPE.map, or a size: 70B, 8x7B, 30B-A3B; none: what sizes fit here");
  CLI::Option* memory =
      command->add_option("--memory", arguments->memory, "memory to fit into, 24GiB; default: what this machine has")
          ->type_name("SIZE");
  command->add_option("--ram", arguments->ram, "memory behind it, for what does not fit into the first")
      ->type_name("SIZE");
  command
      ->add_option(
          "--device", arguments->devices,
          "SIZE, SIZE@BANDWIDTH or SIZE@BANDWIDTH@SPEED: 24GiB@1000GB/s@80TFLOPS; repeatable, the fastest first")
      ->type_name("SIZE@BANDWIDTH")
      ->excludes(memory);
  command->add_option("--context", arguments->context, "tokens of a conversation, 32k; default 8192")
      ->type_name("TOKENS");
  command->add_option("--parallel", arguments->parallel, "conversations at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  command->add_option("--kv", arguments->kv, "type of the cache, or two: KEYS/VALUES, q8_0/q4_0")
      ->capture_default_str()
      ->type_name("TYPE");
  command->add_option("--recipe", arguments->recipes, "a type, a recipe or a TOML file; repeatable; default: a ladder");
  command->add_flag("--all", arguments->all, "every type and recipe there is");
  command->add_flag("--with-imatrix", arguments->imatrix,
                    "as with an importance matrix: some of llama.cpp's mixtures ask");
  command->add_option("--threads", arguments->threads, "threads that the buffers are for")->check(CLI::Range(1, 1024));
  command->add_flag("--compare", arguments->compare,
                    "two models or more, each at the best rung that fits: which to take, and what decides");
  command->add_flag("--explain", arguments->explain, "every formula with its numbers filled in");
  command->add_flag("--json", arguments->json, "print JSON (docs/plan.md)");
  command->footer(
      "Example: rung plan model.gguf --memory 24GiB --context 32k --kv q8_0\n"
      "GiB are powers of 1024, GB of 1000. A header is enough: curl -r 0-50000000 -o head.gguf URL");
  return [arguments] { return plan(*arguments); };
}

}  // namespace rung
