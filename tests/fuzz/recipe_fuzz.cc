// libFuzzer: any text is either refused as a recipe with an error of one line, or gives rules whose own document says
// the same; planning a small model with them stands it.
#include <cstdlib>

#include "io/gguf_writer.h"
#include "recipe/recipe_toml.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_error(const rung::Error& error) {
  require(error.kind == rung::ErrorKind::kInput);
  require(!error.message.empty() && error.message.find('\n') == std::string::npos);
}

/// A few matrices of two layers, zeros.
const rung::GgufFile& model() {
  static const std::vector<uint8_t> bytes = [] {
    std::vector<rung::GgufTensorPlan> tensors;
    for (const char* name :
         {"token_embd.weight", "blk.0.attn_q.weight", "blk.1.attn_q.weight", "blk.1.ffn_down.weight"})
      tensors.push_back({name, {256, 4}, 0, 256 * 4 * sizeof(float)});
    const std::vector<rung::GgufEntry> metadata = {{"general.architecture", rung::GgufValue::string("llama")},
                                                   {"llama.block_count", rung::GgufValue::u32(2)}};
    const auto outline = rung::gguf_outline("model", metadata, tensors);
    std::vector<uint8_t> file = outline->header;
    file.resize(outline->bytes);
    return file;
  }();
  static const rung::GgufFile file = *rung::GgufFile::parse(bytes, "model");
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto recipe = rung::parse_recipe({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!recipe) {
    check_error(recipe.error());
    return 0;
  }
  const std::string document = rung::recipe_toml(*recipe);
  const auto again = rung::parse_recipe(document, "document");
  require(again.has_value());
  require(again->rules.size() == recipe->rules.size());
  require(rung::recipe_toml(*again) == document);
  const auto plan = rung::plan_quantization(model(), *recipe, {});
  if (plan) {
    require(plan->tensors.size() == model().tensors().size());
  } else {
    check_error(plan.error());
  }
  return 0;
}
