// Likelihoods of choices against sums over a plain session's logits, and the harness's rules on cutting text.
#include "measure/choices.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "measure/distribution.h"
#include "model/model_text.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
const fs::path kPico = fs::path(RUNG_SOURCE_DIR) / "models/pico-moe";

struct Pico {
  std::shared_ptr<const Engine> engine = Engine::open(FileSource::open(kPico / "pico-moe.bf16.gguf").value()).value();
  ModelText text = open_model_text(engine->source().file()).value();
};

/// One token after the other through a session of its own.
double token_by_token(const Pico& pico, ThreadPool& pool, const ChoiceItem& item, size_t choice) {
  SessionOptions options;
  options.batching = Batching::kInvariant;
  Session session(pico.engine, pool, options);
  std::vector<Token> ids = item.context;
  ids.insert(ids.end(), item.choices[choice].begin(), item.choices[choice].end());
  double sum = 0;
  for (size_t at = 0; at + 1 < ids.size(); ++at) {
    const auto logits = session.forward(std::span(ids).subspan(at, 1), 0, true).value();
    if (at + 1 >= item.context.size()) sum += logits[static_cast<size_t>(ids[at + 1])] - log_sum_exp(logits);
  }
  return sum;
}

TEST(Choices, LikelihoodsAreThoseOfTokenByTokenDecodingToTheBit) {
  const Pico pico;
  ThreadPool pool(2);
  Observer silent;
  std::vector<ChoiceItem> items;
  const std::vector<std::string> colours = {"red", "green like the sea", "a", "so very black"};
  for (const char* context : {"The house was old and the door was", "She said that her hat was ", "A"})
    items.push_back(encode_choices(pico.text.tokenizer, context, colours).value());
  items.push_back(encode_choices(pico.text.tokenizer, "One word only:", {"yes", "no"}).value());
  const auto scores = score_choices(pico.engine, pool, items, {}, silent);
  ASSERT_TRUE(scores) << scores.error().message;
  for (size_t item = 0; item < items.size(); ++item)
    for (size_t choice = 0; choice < items[item].choices.size(); ++choice)
      EXPECT_EQ((*scores)[item].log_likelihood[choice], token_by_token(pico, pool, items[item], choice))
          << item << " " << choice;
  ForcingOptions one_slot;
  one_slot.slots = 1;
  ThreadPool single(1);
  const auto alone = score_choices(pico.engine, single, std::span(items).last(2), one_slot, silent);
  ASSERT_TRUE(alone);
  EXPECT_EQ((*alone)[0].log_likelihood, (*scores)[2].log_likelihood);
  EXPECT_EQ((*alone)[1].log_likelihood, (*scores)[3].log_likelihood);
}

TEST(Choices, TextIsCutAsTheHarnessCutsIt) {
  const Pico pico;
  const Tokenizer& tokenizer = pico.text.tokenizer;
  const auto plain = encode_choices(tokenizer, "The sky is", {"blue", "gr\xc3\xbcn"}).value();
  const auto spaced = encode_choices(tokenizer, "The sky is ", {"blue"}, "").value();
  EXPECT_EQ(plain.context, spaced.context);
  EXPECT_EQ(plain.choices[0], spaced.choices[0]);
  EXPECT_EQ(plain.lengths, (std::vector<size_t>{4, 4}));  // characters of the choice, not bytes, no delimiter
  std::vector<Token> whole = plain.context;
  whole.insert(whole.end(), plain.choices[0].begin(), plain.choices[0].end());
  EXPECT_EQ(whole, tokenizer.encode("The sky is blue", true, false));
  EXPECT_EQ(encode_choices(tokenizer, "", {"a"}).value().context, std::vector<Token>{*tokenizer.bos()});
  EXPECT_FALSE(encode_choices(tokenizer, "x", {}));
  EXPECT_FALSE(encode_choices(tokenizer, "x", {"a", ""}));
}

TEST(Choices, LengthsAndSharesByHand) {
  const ChoiceScores scores{{-4.0, -6.0, -4.0}, {2, 6, 4}};  // a character: -2, -1, -1
  EXPECT_EQ(scores.likeliest(), 0u);
  EXPECT_EQ(scores.likeliest_by_length(), 1u);
  const double total = 2 + std::exp(-2.0);
  EXPECT_NEAR(scores.probabilities(false)[0], 1 / total, 1e-12);
  EXPECT_NEAR(scores.probabilities(false)[1], std::exp(-2.0) / total, 1e-12);
  EXPECT_NEAR(scores.probabilities(true)[1], 1 / (2 + std::exp(-1.0)), 1e-12);
}

TEST(Choices, IdsOutsideTheVocabularyAreErrors) {
  const Pico pico;
  ThreadPool pool(1);
  Observer silent;
  const std::vector<ChoiceItem> items = {{{1, 2}, {{3}, {100000}}, {1, 1}}};
  const auto scores = score_choices(pico.engine, pool, items, {}, silent);
  ASSERT_FALSE(scores);
  EXPECT_NE(scores.error().message.find("100000"), std::string::npos);
}

}  // namespace
}  // namespace rung
