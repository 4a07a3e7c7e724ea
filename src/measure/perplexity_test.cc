// Perplexity and divergence against llama.cpp's own numbers for the same files (../shared/pico/golden/llama.cpp.json),
// and the arithmetic of one token's score.
#include "measure/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "model/model_text.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
const fs::path kPico = fs::path(RUNG_SOURCE_DIR) / "models/pico-moe";
const fs::path kGolden = fs::path(RUNG_SHARED_DIR) / "pico/golden";

std::shared_ptr<const Engine> open_engine(const fs::path& path) {
  return Engine::open(FileSource::open(path).value()).value();
}

class PicoText : public testing::Test {
 protected:
  PicoText()
      : engine_(open_engine(kPico / "pico-moe.bf16.gguf")),
        text_(open_model_text(engine_->source().file()).value()),
        pool_(2) {}

  TextChunks chunks(size_t max_tokens) const {
    return cut_text(text_.tokenizer, read_file(kPico / "prose.txt").value(), "prose.txt", 512, max_tokens).value();
  }

  std::shared_ptr<const Engine> engine_;
  ModelText text_;
  ThreadPool pool_;
  Observer silent_;
};

/// The first number of a [value, error] pair, or the number itself.
double number(const nlohmann::json& value) { return value.is_array() ? value[0].get<double>() : value.get<double>(); }

TEST_F(PicoText, AgreesWithLlamaCpp) {
  if (!fs::exists(kGolden)) GTEST_SKIP() << kGolden << " is not here";
  std::ifstream in(kGolden / "llama.cpp.json");
  const auto golden = nlohmann::json::parse(in);
  const TextChunks text = chunks(0);
  ChunkLogits reference(engine_, pool_, {}, text, uint64_t{1} << 30);
  size_t compared = 0;
  for (const auto& row : golden["rungs"]) {
    const bool is_reference = row["name"] == "BF16";
    if (!is_reference && !row.contains("file")) continue;
    const double expected = number(row["perplexity"]);
    ++compared;
    if (is_reference) {
      const auto result = measure_perplexity(reference, nullptr, text, pool_, silent_);
      EXPECT_NEAR(result->perplexity.value, expected, 0.005 * expected);
      EXPECT_NEAR(result->perplexity.error, row["perplexity_error"].get<double>(), 0.01);
      continue;
    }
    ChunkLogits model(open_engine(kGolden / row["file"].get<std::string>()), pool_, {}, text, 0);
    const auto result = measure_perplexity(model, &reference, text, pool_, silent_);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_NEAR(result->perplexity.value, expected, 0.005 * expected) << row["file"];
    const double kld = number(row["mean_kld"]);
    EXPECT_NEAR(result->kld.value, kld, std::max(0.05 * kld, 0.0005)) << row["file"];
    EXPECT_NEAR(100 * result->same_top.value, number(row["same_top_percent"]), 1.0) << row["file"];
  }
  EXPECT_EQ(compared, 5u);
}

TEST_F(PicoText, AModelDoesNotDivergeFromItself) {
  const TextChunks text = chunks(1024);
  ASSERT_EQ(text.chunks.size(), 2u);
  EXPECT_EQ(text.chunks[1].front(), *text_.tokenizer.bos());
  ChunkLogits one(engine_, pool_, {}, text, 0), two(engine_, pool_, {}, text, uint64_t{1} << 30);
  for (int pass = 0; pass < 2; ++pass) {  // the second pass reads what the first one kept
    const auto result = measure_perplexity(one, &two, text, pool_, silent_);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->tokens, 2u * 255);
    EXPECT_LT(result->kld.value, 1e-9);
    EXPECT_EQ(result->same_top.value, 1.0);
    EXPECT_EQ(result->log_ratio.value, 0.0);
  }
}

TEST_F(PicoText, TextsThatCannotBeMeasured) {
  const auto error = [&](std::string_view text) {
    return cut_text(text_.tokenizer, text, "t.txt", 512, 0).error().message;
  };
  EXPECT_NE(error("").find("t.txt: is empty"), std::string::npos);
  EXPECT_NE(error("abc\xff").find("byte 3"), std::string::npos);
  EXPECT_NE(error(std::string_view("ab\0c", 4)).find("byte 2"), std::string::npos);
  EXPECT_NE(error("too short").find("at least one chunk of 512"), std::string::npos);
}

TEST(TokenScore, ByHand) {
  // P = (1/2, 1/4, 1/4), Q = (1/4, 1/2, 1/4): KL = 1/2 ln 2 - 1/4 ln 2.
  const std::vector<float> p = {std::log(2.0f), 0, 0}, q = {5, 5 + std::log(2.0f), 5};
  const TokenScore score = score_token(p, q, 0);
  EXPECT_NEAR(score.nll, std::log(4.0), 1e-6);
  EXPECT_NEAR(score.reference_nll, std::log(2.0), 1e-6);
  EXPECT_NEAR(score.kld, 0.25 * std::log(2.0), 1e-6);
  EXPECT_NEAR(score.delta_p, -0.25, 1e-6);
  EXPECT_FALSE(score.same_top);
  EXPECT_TRUE(score_token(p, p, 1).same_top);
}

TEST(Kld, BinsAreQuartersOfADecade) {
  EXPECT_EQ(KldBins::bin_of(0), 0u);
  EXPECT_EQ(KldBins::bin_of(-1e-9), 0u);  // rounding
  EXPECT_EQ(KldBins::bin_of(std::nan("")), 0u);
  EXPECT_EQ(KldBins::bin_of(1.01e-8), 0u);
  EXPECT_EQ(KldBins::bin_of(1.9e-8), 1u);  // 10^(1/4) = 1.778
  EXPECT_EQ(KldBins::bin_of(1.01), 32u);   // eight decades up
  EXPECT_EQ(KldBins::bin_of(99.0), 39u);
  EXPECT_EQ(KldBins::bin_of(1e30), 39u);
}

}  // namespace
}  // namespace rung
