// Diversity and loops of texts counted by hand; sampling by seeds on the shipped model.
#include "measure/richness.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "measure/loops.h"
#include "measure/pico_for_tests.h"

namespace rung {
namespace {

TEST(Richness, ByHand) {
  // Pairs: 12 23 31 12 23 34: 4 of 6. Fours: 1231 2312 3123 1234: all different.
  const std::vector<Token> tokens = {1, 2, 3, 1, 2, 3, 4};
  ProseSample sample = describe_prose(tokens, "");
  EXPECT_NEAR(sample.distinct_1, 4.0 / 7, 1e-12);
  EXPECT_NEAR(sample.distinct_2, 4.0 / 6, 1e-12);
  EXPECT_EQ(sample.repetition, 0);
  EXPECT_EQ(sample.type_token, 0);
  const std::vector<Token> same(12, 5);  // nine phrases, one of them new
  sample = describe_prose(same, "");
  EXPECT_NEAR(sample.repetition, 8.0 / 9, 1e-12);
  EXPECT_NEAR(sample.distinct_2, 1.0 / 11, 1e-12);
  // Two stretches of 40 words, of 1 and of 2 types; five words more do not count.
  std::string text;
  for (size_t word = 0; word < 40; ++word) text += word % 2 == 0 ? "It's, " : "it's ";
  for (size_t word = 0; word < 45; ++word) text += word % 2 == 0 ? "a-" : "B ";
  EXPECT_NEAR(describe_prose(tokens, text).type_token, (1.0 / 40 + 2.0 / 40) / 2, 1e-12);
  EXPECT_EQ(describe_prose({}, "").distinct_1, 0);
}

TEST(Loops, AreRepeatedTailsThreeTimesAndLongEnough) {
  std::vector<Token> tokens = {9, 8, 7, 6, 5};
  const auto with_tail = [&](size_t period, size_t length) {
    std::vector<Token> all = tokens;
    for (size_t at = 0; at < length; ++at) all.push_back(static_cast<Token>(100 + at % period));
    return all;
  };
  EXPECT_TRUE(ends_in_loop(with_tail(1, 24)));
  EXPECT_FALSE(ends_in_loop(with_tail(1, 23)));
  EXPECT_TRUE(ends_in_loop(with_tail(20, 60)));
  EXPECT_FALSE(ends_in_loop(with_tail(20, 59)));
  EXPECT_TRUE(ends_in_loop(with_tail(64, 192)));
  EXPECT_FALSE(ends_in_loop(with_tail(65, 400)));
  EXPECT_FALSE(ends_in_loop({}));
  std::vector<Token> counting;
  for (Token token = 0; token < 200; ++token) counting.push_back(token);
  EXPECT_FALSE(ends_in_loop(counting));
}

TEST(Richness, SamplesDependOnTheSeedAlone) {
  const Pico pico;
  std::ifstream in(pico.folder / "prose.txt");
  const std::string prose((std::istreambuf_iterator<char>(in)), {});
  const auto text = cut_text(pico.text.tokenizer, prose, "prose.txt", 64, 1000).value();
  Observer silent;
  ThreadPool one(1), two(2);
  RichnessOptions options;
  options.samples = 5;
  options.tokens = 24;
  const auto sample = [&](ThreadPool& pool) {
    const auto samples = sample_prose(pico.engine, pool, pico.text.tokenizer, text, options, silent).value();
    std::vector<double> numbers;
    for (const ProseSample& prose_sample : samples)
      for (const double number : {prose_sample.distinct_1, prose_sample.distinct_2, prose_sample.repetition})
        numbers.push_back(number);
    return numbers;
  };
  const auto first = sample(two);
  ASSERT_EQ(first.size(), 15u);
  EXPECT_GT(first[0], 0.3);  // a model of 52 words' perplexity does not repeat itself much
  options.generate.slots = 2;
  EXPECT_EQ(sample(one), first);
  options.seed += 100;
  EXPECT_NE(sample(one), first);
}

}  // namespace
}  // namespace rung
