// Likelihoods of choices against sums over a plain session's logits, and the harness's rules on cutting text.
#include "measure/choices.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "measure/distribution.h"
#include "measure/teacher_forcing.h"
#include "model/model_text.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
const fs::path kPico = fs::path(RUNG_SOURCE_DIR) / "models/pico-moe";

struct Pico {
  std::shared_ptr<const Engine> engine = Engine::open(FileSource::open(kPico / "pico-moe.bf16.gguf").value()).value();
  ModelText text = open_model_text(engine->source().file()).value();
};

/// One token after the other, or a few, through a session of its own.
double token_by_token(const Pico& pico, ThreadPool& pool, const ChoiceItem& item, size_t choice,
                      const KvOptions& kv = {}, size_t step = 1) {
  SessionOptions options;
  options.kv = kv;
  options.batching = Batching::kInvariant;
  Session session(pico.engine, pool, options);
  std::vector<Token> ids = item.context;
  ids.insert(ids.end(), item.choices[choice].begin(), item.choices[choice].end());
  double sum = 0;
  const size_t fed = ids.size() - 1, vocabulary = pico.engine->config().vocabulary;
  for (size_t begin = 0; begin < fed; begin += step) {
    const size_t count = std::min(step, fed - begin);
    const auto logits = session.forward(std::span(ids).subspan(begin, count), 0, true).value();
    for (size_t at = begin; at < begin + count; ++at) {
      const auto row = logits.subspan((at - begin) * vocabulary, vocabulary);
      if (at + 1 >= item.context.size()) sum += row[static_cast<size_t>(ids[at + 1])] - log_sum_exp(row);
    }
  }
  return sum;
}

/// Choices forced on the model, as the scorer of panels does it.
Result<std::vector<ChoiceScores>> score_choices(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                std::span<const ChoiceItem> items, const ForcingOptions& options,
                                                Observer& observer) {
  std::vector<ForcedPrompt> prompts;
  std::vector<std::vector<std::vector<double>>> terms;  // by item, choice, token
  std::vector<ChoiceScores> scores;
  for (const ChoiceItem& item : items) {
    prompts.push_back({item.context, {item.choices.begin(), item.choices.end()}});
    terms.emplace_back();
    for (const auto& choice : item.choices) terms.back().emplace_back(choice.size());
    scores.push_back({std::vector<double>(item.choices.size()), item.lengths});
  }
  const auto visit = [&](const ForcedPosition& at, std::span<const float> logits) {
    const Token right = items[at.prompt].choices[at.continuation][at.position];
    terms[at.prompt][at.continuation][at.position] = logits[static_cast<size_t>(right)] - log_sum_exp(logits);
  };
  RUNG_CHECK(force_texts(engine, pool, prompts, options, visit, "choices", observer));
  for (size_t item = 0; item < items.size(); ++item)
    for (size_t choice = 0; choice < terms[item].size(); ++choice)
      for (const double term : terms[item][choice]) scores[item].log_likelihood[choice] += term;
  return scores;
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

/// Caches that store many tokens at a time included, and choices too long for them to be forgotten.
TEST(Choices, SoWithEveryKindOfKvCache) {
  const Pico pico;
  ThreadPool pool(2);
  Observer silent;
  std::string context = "It was late.", long_choice;
  for (size_t line = 0; line < 16; ++line) context += " The rain fell on the " + std::to_string(line) + " roofs.";
  for (size_t line = 0; line < 40; ++line) long_choice += "and then he went home ";
  const std::vector<ChoiceItem> items = {
      encode_choices(pico.text.tokenizer, context, {long_choice, "The door was shut.", "So"}).value()};
  ASSERT_GT(items[0].choices[0].size(), 150u);
  for (const char* name : {"q4_0", "kivi2", "nuq3"}) {
    ForcingOptions options;
    options.session.kv = parse_kv_options(name).value();
    const auto scores = score_choices(pico.engine, pool, items, options, silent);
    ASSERT_TRUE(scores) << scores.error().message;
    for (size_t choice = 0; choice < 3; ++choice)
      EXPECT_EQ((*scores)[0].log_likelihood[choice],
                token_by_token(pico, pool, items[0], choice, options.session.kv, 7))
          << name << " " << choice;
  }
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
