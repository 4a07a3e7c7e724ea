// Sentences from a ladder written by hand, and from ladders that lack what they speak of.
#include "report/answer_sentences.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::IsEmpty;

ordered_json example() {
  return ordered_json::parse(R"({"rungs": [
    {"name": "BF16", "bits_per_weight": 16, "answers": {"capabilities": {"tools": {"runaway": 1}}}},
    {"name": "q4_k", "bits_per_weight": 4.5, "answers": {"capabilities": {"tools": {"runaway": 1}},
      "divergence": {"digits": {"mean": 0.01}}, "confidence": {"more_confident_when_wrong": "no, less confident",
      "wrong_change": {"confidence": {"mean": -0.1}}}},
      "prose": {"type_token": {"change": {"mean": -0.01, "low": -0.03, "high": 0.01}}}},
    {"name": "q2\u001b", "bits_per_weight": 2.5, "kld": {"mean": 0.25}, "answers": {
      "capabilities": {"tools": {"runaway": 3}, "math": {"runaway": 2}},
      "divergence": {"digits": {"mean": 0.5}, "words": {"mean": 0.125}},
      "confidence": {"more_confident_when_wrong": "yes", "wrong_change": {"confidence": {"mean": 0.125}}}},
      "prose": {"repetition": {"change": {"mean": 0.02, "low": 0.01, "high": 0.03}}}}]})");
}

TEST(AnswerSentences, SayWhatDiffersBeyondItsInterval) {
  EXPECT_THAT(answer_sentences(example()),
              ElementsAre("q2?: KL divergence from the reference of 0.500 on digits, 0.125 on names and words and "
                          "0.250 on prose (nats a token).",
                          "More confident when wrong than the reference: q2? (+0.12).",
                          "Answers that ran into loops: q2? (5 answers, the reference 1).",
                          "Poorer prose: q2? (+2.0 % repeated phrases)."));
}

TEST(AnswerSentences, WhatIsMissingIsLeftOut) {
  EXPECT_THAT(answer_sentences(ordered_json()), IsEmpty());
  EXPECT_THAT(answer_sentences({{"rungs", 5}}), IsEmpty());
  EXPECT_THAT(answer_sentences({{"rungs", {{{"name", 1}, {"answers", nullptr}, {"prose", "x"}}, 7}}}), IsEmpty());
}

}  // namespace
}  // namespace rung
