// next_token_probabilities MODEL.gguf TOKENS.json: what Rung thinks the next token is, for comparison with others.
// TOKENS.json: {"sequences": [{"tokens": [id...], "positions": [index...]}]}. Prints the same with "probabilities":
// for each position the probability of every token of the vocabulary to follow tokens[0..position].
// Runs as `rung run` does: 8-bit activations, F16 cache.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/engine.h"

namespace rung {
namespace {

std::vector<float> softmax(std::span<const float> logits) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  std::vector<float> probabilities(logits.size());
  double sum = 0;
  for (size_t token = 0; token < logits.size(); ++token) {
    probabilities[token] = std::exp(logits[token] - largest);
    sum += probabilities[token];
  }
  for (float& probability : probabilities) probability = static_cast<float>(probability / sum);
  return probabilities;
}

Status add_probabilities(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, nlohmann::json& sequence) {
  const auto tokens = sequence.at("tokens").get<std::vector<int32_t>>();
  Session session(engine, pool, {.capacity = tokens.size(), .batch = tokens.size()});
  RUNG_TRY(const std::span<const float> logits, session.forward(tokens, 0, true));
  const size_t vocabulary = logits.size() / tokens.size();
  sequence["probabilities"] = nlohmann::json::array();
  for (const size_t position : sequence.at("positions").get<std::vector<size_t>>()) {
    sequence["probabilities"].push_back(softmax(logits.subspan(position * vocabulary, vocabulary)));
  }
  return {};
}

Result<nlohmann::json> answer(const char* model, const char* tokens) {
  RUNG_TRY(const auto source, FileSource::open(model));
  RUNG_TRY(const auto engine, Engine::open(source));
  std::ifstream file(tokens);
  nlohmann::json document = nlohmann::json::parse(file);
  ThreadPool pool;
  for (nlohmann::json& sequence : document.at("sequences")) RUNG_CHECK(add_probabilities(engine, pool, sequence));
  return document;
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: next_token_probabilities MODEL.gguf TOKENS.json\n";
    return 2;
  }
  const auto document = rung::answer(argv[1], argv[2]);
  if (!document) {
    std::cerr << document.error().message << '\n';
    return 1;
  }
  std::cout << *document << '\n';
}
