// Every mixture against what llama-quantize's dry run says of every model of testdata/llama-mixtures (README.md there).
#include "recipe/llama_mixtures.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "recipe/model_for_tests.h"
#include "recipe/recipe_toml.h"

namespace rung {
namespace {

const std::filesystem::path kFolder = std::string(RUNG_SOURCE_DIR) + "/testdata/llama-mixtures";

constexpr uint32_t kI32 = 26;  // ggml's id: the one type here that is no format

struct Expected {
  std::string mixture, plain, weighted;  ///< a letter a tensor; "refused"
};

struct Case {
  std::vector<GgufEntry> metadata;
  std::vector<GgufTensorPlan> tensors;
  std::map<char, std::string> codes;
  std::vector<Expected> expected;
};

GgufTensorPlan tensor_of(std::istream& line) {
  GgufTensorPlan tensor;
  std::string type, shape, size;
  line >> tensor.name >> type >> shape;
  const auto format = format_from_name(type);
  tensor.ggml_type = format ? static_cast<uint32_t>(format_info(*format).ggml_id) : kI32;
  std::istringstream sizes(shape);
  while (std::getline(sizes, size, 'x')) tensor.shape.push_back(std::stoull(size));
  return tensor;
}

GgufEntry entry_of(const std::string& architecture, std::istream& line) {
  std::string key;
  std::vector<GgufValue> values;
  line >> key;
  for (uint32_t value = 0; line >> value;) values.push_back(GgufValue::u32(value));
  key = architecture + "." + key;
  if (values.size() == 1) return {key, values.front()};
  auto array = std::make_shared<const GgufArray>(GgufArray{GgufType::kU32, GgufValues(values)});
  return {key, {GgufType::kArray, array}};
}

Case read_case(const std::filesystem::path& path) {
  Case result;
  std::ifstream stream(path);
  std::string text, kind, architecture;
  while (std::getline(stream, text)) {
    std::istringstream line(text);
    line >> kind;
    if (kind == "architecture") {
      line >> architecture;
      result.metadata.push_back({"general.architecture", GgufValue::string(architecture)});
    } else if (kind == "key") {
      result.metadata.push_back(entry_of(architecture, line));
    } else if (kind == "tensor") {
      result.tensors.push_back(tensor_of(line));
    } else if (kind == "code") {
      char code = 0;
      line >> code;
      line >> result.codes[code];
    } else if (kind == "mixture") {
      Expected expected;
      line >> expected.mixture >> expected.plain;
      if (!(line >> expected.weighted)) expected.weighted = expected.plain;
      result.expected.push_back(expected);
    }
  }
  return result;
}

/// Differences, one a line.
std::string compare(const Case& one, const GgufFile& file, const std::string& mixture, const std::string& codes,
                    bool imatrix) {
  const auto plan = plan_quantization(file, llama_mixture(mixture), {}, imatrix);
  if (!plan) return plan.error().message;
  std::string differences;
  for (size_t tensor = 0; tensor < plan->tensors.size(); ++tensor) {
    const TensorPlan& planned = plan->tensors[tensor];
    const std::string ours =
        planned.format ? std::string(format_name(*planned.format)) : ggml_type_name(planned.source->ggml_type);
    const std::string& theirs = one.codes.at(codes[tensor]);
    if (ours != theirs) differences += fmt::format("{}: {} is not {}\n", planned.source->name, ours, theirs);
  }
  return differences;
}

class LlamaMixtures : public testing::TestWithParam<std::string> {};

TEST_P(LlamaMixtures, TypesAreThoseOfLlamaQuantize) {
  const Case one = read_case(kFolder / (GetParam() + ".txt"));
  const auto model = test::model_in_memory(one.metadata, one.tensors);
  EXPECT_EQ(one.expected.size(), llama_mixture_names().size());
  for (const Expected& expected : one.expected) {
    if (expected.plain == "refused") continue;  // rows for which llama-quantize has no fallback; we store F16
    ASSERT_EQ(expected.plain.size(), one.tensors.size());
    EXPECT_EQ(compare(one, model.file, expected.mixture, expected.plain, false), "") << expected.mixture;
    if (expected.weighted == expected.plain) continue;
    EXPECT_EQ(compare(one, model.file, expected.mixture, expected.weighted, true), "")
        << expected.mixture << " with an imatrix";
  }
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(, LlamaMixtures, testing::ValuesIn(case_names()), [](const auto& one) {
  std::string name = one.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(LlamaMixtureText, ReadBackFromTheirToml) {
  for (const std::string_view name : llama_mixture_names()) {
    const Recipe mixture = llama_mixture(name);
    const auto again = parse_recipe(mixture.text, "mixture");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(recipe_toml(*again), mixture.text) << name;
    EXPECT_EQ(again->rules.size(), mixture.rules.size()) << name;
  }
}

}  // namespace
}  // namespace rung
