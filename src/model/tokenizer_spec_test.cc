// Whole vocabularies: the shipped model's against the ids in testdata/pico, and, where the shared folder is,
// llama.cpp's vocabulary files against the ids beside them.
#include "model/tokenizer_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/temp_folder_for_tests.h"
#include "io/gguf_writer.h"

namespace rung {
namespace {

using testing::HasSubstr;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<Tokenizer> open_tokenizer(const std::filesystem::path& path) {
  RUNG_TRY(const GgufFile file, GgufFile::open(path));
  RUNG_TRY(TokenizerSpec spec, tokenizer_spec(file));
  return Tokenizer::create(std::move(spec));
}

class TokenizerFile : public testing::Test {
 protected:
  static Tokenizer pico() {
    auto tokenizer = open_tokenizer(RUNG_SOURCE_DIR "/models/pico-moe/pico-moe.bf16.gguf");
    if (!tokenizer) throw std::runtime_error(tokenizer.error().message);
    return std::move(*tokenizer);
  }
};

TEST_F(TokenizerFile, PicoIdsEqualLlamaCpp) {
  const Tokenizer tokenizer = pico();
  const auto cases = nlohmann::json::parse(read_text(RUNG_SOURCE_DIR "/testdata/pico/tokens.json"));
  ASSERT_GT(cases.size(), 10U);
  for (const auto& item : cases) {
    const auto text = item["text"].get<std::string>();
    const auto ids = item["ids"].get<std::vector<Token>>();
    EXPECT_EQ(tokenizer.encode(text, true, item["parse_special"].get<bool>()), ids) << text;
    const std::span<const Token> after_bos(ids.data() + 1, ids.size() - 1);
    EXPECT_EQ(tokenizer.decode(after_bos, true), text);
  }
}

TEST_F(TokenizerFile, PicoSpecialTokens) {
  const Tokenizer tokenizer = pico();
  EXPECT_EQ(tokenizer.size(), 4096U);
  EXPECT_EQ(tokenizer.bos(), 1);
  EXPECT_EQ(tokenizer.eos(), 4);
  EXPECT_TRUE(tokenizer.adds_bos());
  EXPECT_EQ(tokenizer.find("<|im_end|>"), 4);
  EXPECT_TRUE(tokenizer.ends_generation(4));
  EXPECT_FALSE(tokenizer.ends_generation(3));
  EXPECT_EQ(tokenizer.encode("<|im_end|>", false, true), std::vector<Token>{4});
  EXPECT_GT(tokenizer.encode("<|im_end|>", false, false).size(), 1U);
  EXPECT_EQ(tokenizer.encode("<tool_call>", false, false), std::vector<Token>{5});
  EXPECT_EQ(tokenizer.piece(4, false), "");
  EXPECT_EQ(tokenizer.piece(4, true), "<|im_end|>");
  EXPECT_EQ(tokenizer.piece(5, false), "<tool_call>");
}

/// Text of an .inp file (texts separated by lines of __ggml_vocab_test__).
std::vector<std::string> split_cases(const std::string& text) {
  const std::string mark = "\n__ggml_vocab_test__\n";
  std::vector<std::string> cases;
  size_t begin = 0;
  for (size_t end = text.find(mark); end != std::string::npos; end = text.find(mark, begin)) {
    cases.push_back(text.substr(begin, end - begin));
    begin = end + mark.size();
  }
  return cases;
}

class LlamaCppVocabulary : public testing::TestWithParam<const char*> {};

TEST_P(LlamaCppVocabulary, IdsAreEqual) {
  const std::string base = std::string(RUNG_SHARED_DIR "/golden/tokenizers/ggml-vocab-") + GetParam() + ".gguf";
  if (!std::filesystem::exists(base)) GTEST_SKIP() << base << " is not here";
  const auto tokenizer = open_tokenizer(base);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const std::vector<std::string> texts = split_cases(read_text(base + ".inp"));
  ASSERT_GT(texts.size(), 30U);
  std::istringstream expected(read_text(base + ".out"));
  for (const std::string& text : texts) {
    std::string line;
    ASSERT_TRUE(std::getline(expected, line));
    std::istringstream numbers(line);
    const std::vector<Token> ids{std::istream_iterator<Token>(numbers), {}};
    EXPECT_EQ(tokenizer->encode(text, false, false), ids) << testing::PrintToString(text);
  }
  std::string rest;
  EXPECT_FALSE(std::getline(expected, rest) && !rest.empty()) << "more lines of ids than texts";
}

INSTANTIATE_TEST_SUITE_P(All, LlamaCppVocabulary, testing::Values("gpt-2", "llama-spm", "deepseek-coder", "starcoder"),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// The metadata as a file would hold it, through the real writer and reader.
Result<TokenizerSpec> spec_of(const std::vector<GgufEntry>& metadata) {
  const test::TempFolder folder;
  const auto path = folder / "tokenizer_spec_test.gguf";
  RUNG_TRY(GgufWriter writer, GgufWriter::create(path, metadata, {}));
  RUNG_CHECK(writer.commit());
  RUNG_TRY(const GgufFile file, GgufFile::open(path));
  return tokenizer_spec(file);
}

GgufValue array_of(GgufType type, std::vector<GgufValue> values) {
  return {GgufType::kArray, std::make_shared<const GgufArray>(GgufArray{type, std::move(values)})};
}
GgufValue i32(int64_t value) { return {GgufType::kI32, value}; }

std::vector<GgufEntry> tiny_metadata() {
  return {{"tokenizer.ggml.model", GgufValue::string("gpt2")},
          {"tokenizer.ggml.pre", GgufValue::string("qwen2")},
          {"tokenizer.ggml.tokens", GgufValue::strings({"a", "b", "ab", "<|im_end|>"})},
          {"tokenizer.ggml.token_type", array_of(GgufType::kI32, {i32(1), i32(1), i32(1), i32(3)})},
          {"tokenizer.ggml.scores",
           array_of(GgufType::kF32, {GgufValue::f32(0), GgufValue::f32(-1), GgufValue::f32(-2), GgufValue::f32(0)})},
          {"tokenizer.ggml.merges", GgufValue::strings({"a b"})},
          {"tokenizer.ggml.bos_token_id", GgufValue::u32(0)},
          {"tokenizer.ggml.eos_token_id", GgufValue::u32(3)},
          {"tokenizer.ggml.eot_token_id", GgufValue::u32(2)},
          {"tokenizer.ggml.unknown_token_id", GgufValue::u32(1)},
          {"tokenizer.ggml.add_bos_token", GgufValue::boolean(true)},
          {"tokenizer.ggml.add_eos_token", GgufValue::boolean(false)},
          {"tokenizer.ggml.add_space_prefix", GgufValue::boolean(true)}};
}

std::string error_with(const std::string& key, const GgufValue& value) {
  std::vector<GgufEntry> metadata = tiny_metadata();
  for (GgufEntry& entry : metadata) {
    if (entry.key == "tokenizer.ggml." + key) entry.value = value;
  }
  const auto spec = spec_of(metadata);
  return spec ? "no error" : spec.error().message;
}

TEST(TokenizerSpec, ReadsEveryKey) {
  const auto spec = spec_of(tiny_metadata());
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->model, "gpt2");
  EXPECT_EQ(spec->pre, "qwen2");
  EXPECT_THAT(spec->tokens, testing::ElementsAre("a", "b", "ab", "<|im_end|>"));
  EXPECT_THAT(spec->kinds, testing::ElementsAre(1, 1, 1, 3));
  EXPECT_THAT(spec->scores, testing::ElementsAre(0, -1, -2, 0));
  EXPECT_THAT(spec->merges, testing::ElementsAre("a b"));
  EXPECT_EQ(spec->bos, 0);
  EXPECT_EQ(spec->eos, 3);
  EXPECT_EQ(spec->eot, 2);
  EXPECT_EQ(spec->unknown, 1);
  EXPECT_EQ(spec->add_bos, true);
  EXPECT_EQ(spec->add_eos, false);
  EXPECT_EQ(spec->add_space_prefix, true);
}

TEST(TokenizerSpec, AbsentKeysStayEmpty) {
  const auto spec = spec_of({{"tokenizer.ggml.model", GgufValue::string("none")}});
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_TRUE(spec->tokens.empty());
  EXPECT_FALSE(spec->bos || spec->eos || spec->add_bos || spec->add_space_prefix);
  const auto tokenizer = Tokenizer::create(*spec);
  ASSERT_FALSE(tokenizer);
  EXPECT_THAT(tokenizer.error().message, HasSubstr("\"none\""));
}

TEST(TokenizerSpec, ErrorsNameTheKey) {
  EXPECT_THAT(error_with("model", GgufValue::u32(3)), HasSubstr("tokenizer.ggml.model"));
  EXPECT_THAT(error_with("tokens", GgufValue::string("a")), HasSubstr("tokenizer.ggml.tokens"));
  EXPECT_THAT(error_with("scores", GgufValue::strings({"x"})), HasSubstr("tokenizer.ggml.scores"));
  EXPECT_THAT(error_with("scores", array_of(GgufType::kF32, {GgufValue::f32(1)})), HasSubstr("1 entries for 4 tokens"));
  EXPECT_THAT(error_with("token_type", array_of(GgufType::kI32, {i32(1)})), HasSubstr("1 entries for 4 tokens"));
  EXPECT_THAT(error_with("token_type", array_of(GgufType::kI32, {i32(1), i32(1), i32(9), i32(3)})),
              HasSubstr("entry 2 is 9, allowed are 1 to 6"));
  EXPECT_THAT(error_with("bos_token_id", GgufValue::u32(4)), HasSubstr("bos_token_id: 4 is not one of the 4 tokens"));
  EXPECT_THAT(error_with("eos_token_id", GgufValue::u32(0xFFFFFFFF)), HasSubstr("tokenizer.ggml.eos_token_id"));
  EXPECT_THAT(error_with("eot_token_id", GgufValue::string("x")), HasSubstr("tokenizer.ggml.eot_token_id"));
  EXPECT_THAT(error_with("add_bos_token", GgufValue::u32(1)), HasSubstr("tokenizer.ggml.add_bos_token"));
  EXPECT_THAT(error_with("unknown_token_id", GgufValue::u32(9)), HasSubstr("tokenizer_spec_test.gguf"));
}

TEST(TokenizerSpec, ModelKeyIsRequired) {
  const auto spec = spec_of({{"general.name", GgufValue::string("x")}});
  ASSERT_FALSE(spec);
  EXPECT_THAT(spec.error().message, HasSubstr("tokenizer.ggml.model"));
}

}  // namespace
}  // namespace rung
