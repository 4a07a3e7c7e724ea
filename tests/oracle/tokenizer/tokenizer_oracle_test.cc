// Compares Rung's token ids with those export.mjs got from Hugging Face's tokenizers.
//   tokenizer_oracle_test DATA_FOLDER     Exit status: 0 all equal, 1 not.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/tokenizer_spec.h"

namespace rung {
namespace {

Result<Tokenizer> open_tokenizer(const std::filesystem::path& path) {
  RUNG_TRY(const GgufFile file, GgufFile::open(path));
  RUNG_TRY(TokenizerSpec spec, tokenizer_spec(file));
  return Tokenizer::create(std::move(spec));
}

/// How many of the cases differ; the first few are printed.
size_t differences(const Tokenizer& tokenizer, const nlohmann::json& cases) {
  constexpr size_t kPrinted = 10;
  size_t wrong = 0;
  const auto expect = [&](const std::string& text, const char* what, bool equal, const nlohmann::json& found,
                          const nlohmann::json& wanted) {
    if (equal || ++wrong > kPrinted) return;
    fmt::print("{} of {}\n  found {}\n wanted {}\n", what, nlohmann::json(text).dump(), found.dump(), wanted.dump());
  };
  for (const auto& item : cases) {
    const auto text = item["text"].get<std::string>();
    const auto ids = item["ids"].get<std::vector<Token>>();
    const auto special_ids = item["special_ids"].get<std::vector<Token>>();
    const auto plain = tokenizer.encode(text, false, true), special = tokenizer.encode(text, true, true);
    expect(text, "ids", plain == ids, plain, ids);
    expect(text, "ids with what the model adds", special == special_ids, special, special_ids);
    const std::string decoded = tokenizer.decode(ids, true);
    if (decoded != text) expect(text, "decoded text", false, decoded, text);
  }
  return wrong;
}

int compare(const std::filesystem::path& folder) {
  size_t wrong = 0;
  for (const std::string name : {"llama3", "qwen3"}) {
    const auto tokenizer = open_tokenizer(folder / (name + ".gguf"));
    if (!tokenizer) {
      fmt::print("{}\n", tokenizer.error().message);
      return 1;
    }
    std::ifstream in(folder / (name + ".json"));
    const auto cases = nlohmann::json::parse(in);
    const size_t differ = differences(*tokenizer, cases);
    fmt::print("{}: {} texts, {} differences\n", name, cases.size(), differ);
    wrong += differ + (cases.empty() ? 1 : 0);
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tokenizer_oracle_test DATA_FOLDER\n", stderr);
    return 2;
  }
  return rung::compare(argv[1]);
}
