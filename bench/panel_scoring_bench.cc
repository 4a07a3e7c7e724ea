// Panel verdicts by one prefill against verdicts by generation, side by side on the shipped model and rungs of it:
// checks that they are the same on every item, and prints the processor time of both.
//
// Usage: panel_scoring_bench MODEL_FOLDER [ITEMS [TYPE...]]    ITEMS of each capability, 0: all
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "measure/grader.h"
#include "measure/panel.h"
#include "quantize/recipe_source.h"
#include "recipe/recipe.h"

namespace rung {
namespace {

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Material {
  std::shared_ptr<const FileSource> source;
  ModelText text;
  std::vector<AskedCapability> asked;
};

Result<std::vector<std::string>> generate_verdicts(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                   const Material& material, Batching batching) {
  GenerateOptions options;
  options.session.batching = batching;
  std::vector<std::vector<Token>> prompts;
  for (const AskedCapability& capability : material.asked)
    for (const PanelPrompt& prompt : capability.prompts) prompts.push_back(prompt.tokens);
  const Tokenizer& tokenizer = material.text.tokenizer;
  const auto ends = [&](Token token) { return tokenizer.ends_generation(token); };
  Observer silent;
  RUNG_TRY(const auto answers, generate(engine, pool, ends, prompts, options, "panel", silent));
  std::vector<std::string> right;
  size_t next = 0;
  for (const AskedCapability& capability : material.asked) {
    right.emplace_back();
    for (const PanelPrompt& prompt : capability.prompts)
      right.back() += grade(*prompt.item, tokenizer.decode(answers[next++], false)) ? '1' : '0';
  }
  return right;
}

Result<std::shared_ptr<const Engine>> open_rung(const Material& material, const std::string& name, ThreadPool& pool) {
  if (name == "reference") return Engine::open(material.source);
  Observer silent;
  RUNG_TRY(const Recipe recipe, find_recipe(name));
  RUNG_TRY(const QuantizationPlan plan, plan_quantization(material.source->file(), recipe, {}, false));
  RUNG_TRY(auto source, RecipeSource::create(material.source, plan, {nullptr, true, nullptr}, pool, silent));
  return Engine::open(source);
}

Status compare(const Material& material, const std::string& name) {
  ThreadPool pool;
  RUNG_TRY(const auto engine, open_rung(material, name, pool));
  Observer silent;
  const double start = processor_seconds();
  RUNG_TRY(const auto fastest, generate_verdicts(engine, pool, material, Batching::kFastest));
  const double after_fastest = processor_seconds();
  RUNG_TRY(const auto generated, generate_verdicts(engine, pool, material, Batching::kInvariant));
  const double after_generated = processor_seconds();
  RUNG_TRY(const auto decided, answer_panel(engine, pool, material.text, material.asked, {}, silent));
  const double after_decided = processor_seconds();
  RUNG_TRY(const auto scored, score_panel(engine, pool, material.text, material.asked, {}, silent));
  const double after_scored = processor_seconds();
  size_t items = 0, right = 0, other_kernels = 0, without = 0;
  for (size_t index = 0; index < decided.size(); ++index) {
    if (generated[index] != decided[index] || scored[index].right() != decided[index])
      return failed_error("{}: verdicts differ in {}", name, material.asked[index].name);
    items += decided[index].size();
    right += static_cast<size_t>(std::count(decided[index].begin(), decided[index].end(), '1'));
    for (size_t item = 0; item < decided[index].size(); ++item) {
      other_kernels += fastest[index][item] != decided[index][item];
      without += !scored[index].items[item].generated;
    }
  }
  const double generation = after_fastest - start, prefill = after_decided - after_generated;
  fmt::print("{:<12} {} items, {} right, {} decided without generation, {} differ under the fastest kernels\n", name,
             items, right, without, other_kernels);
  fmt::print(
      "{:<12} processor seconds: generation {:.1f} (invariant {:.1f}), prefill {:.1f}: {:.1f} times less; "
      "with all scores {:.1f}\n",
      "", generation, after_generated - after_fastest, prefill, generation / prefill, after_scored - after_decided);
  std::fflush(stdout);
  return {};
}

Status run(int count, char** arguments) {
  if (count < 2) return input_error("usage: panel_scoring_bench MODEL_FOLDER [ITEMS [TYPE...]]");
  const std::filesystem::path folder = arguments[1];
  const size_t items = count > 2 ? static_cast<size_t>(std::atol(arguments[2])) : 0;
  std::vector<std::string> names(arguments + std::min(3, count), arguments + count);
  if (names.empty()) names = {"reference", "q4_k", "naive-q2"};
  RUNG_TRY(const auto source, FileSource::open(folder / "pico-moe.bf16.gguf"));
  RUNG_TRY(ModelText text, open_model_text(source->file()));
  RUNG_TRY(const auto panel, read_panel(folder / "panel"));
  RUNG_TRY(auto asked, render_panel(panel, text, items));
  const Material material{source, std::move(text), std::move(asked)};
  for (const std::string& name : names) RUNG_CHECK(compare(material, name));
  return {};
}

}  // namespace
}  // namespace rung

int main(int count, char** arguments) {
  const auto status = rung::run(count, arguments);
  if (status) return 0;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  return 1;
}
