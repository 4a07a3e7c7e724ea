// next_token_probabilities MODEL.gguf TOKENS.json: what Rung thinks the next token is, for comparison with others.
// TOKENS.json: {"positions": n, "sequences": [{"tokens": [id...]}]}. Prints the sequences with "positions" and, for
// each of them, "probabilities" of every token of the vocabulary to follow tokens[0..position]. Runs as `rung run`
// does: 8-bit activations, F16 cache. The positions are the first n at which that rounding moves no probability by more
// than kStable against floats throughout. Elsewhere the router of a mixture of experts stands near a tie, and which
// expert an engine takes hangs on its rounding: there llama.cpp differs from exact arithmetic by as much as from us.
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

constexpr float kStable = 0.002f;

/// (tokens, vocabulary) probabilities of the whole sequence.
Result<std::vector<std::vector<float>>> probabilities(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                      const std::vector<int32_t>& tokens, SessionOptions options) {
  options.capacity = options.batch = tokens.size();
  Session session(engine, pool, options);
  RUNG_TRY(const std::span<const float> logits, session.forward(tokens, 0, true));
  const size_t vocabulary = logits.size() / tokens.size();
  std::vector<std::vector<float>> rows;
  for (size_t position = 0; position < tokens.size(); ++position)
    rows.push_back(softmax(logits.subspan(position * vocabulary, vocabulary)));
  return rows;
}

float largest_difference(const std::vector<float>& one, const std::vector<float>& other) {
  float largest = 0;
  for (size_t token = 0; token < one.size(); ++token) largest = std::max(largest, std::abs(one[token] - other[token]));
  return largest;
}

/// Takes at most `wanted` positions and lowers it by as many.
Status add_probabilities(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, nlohmann::json& sequence,
                         size_t& wanted) {
  const auto tokens = sequence.at("tokens").get<std::vector<int32_t>>();
  RUNG_TRY(const auto usual, probabilities(engine, pool, tokens, {}));
  RUNG_TRY(const auto exact, probabilities(engine, pool, tokens, SessionOptions::reference()));
  sequence["positions"] = sequence["probabilities"] = nlohmann::json::array();
  for (size_t position = 0; position < tokens.size() && wanted > 0; ++position) {
    if (largest_difference(usual[position], exact[position]) > kStable) continue;
    sequence["positions"].push_back(position);
    sequence["probabilities"].push_back(usual[position]);
    --wanted;
  }
  return {};
}

Result<nlohmann::json> answer(const char* model, const char* tokens) {
  RUNG_TRY(const auto source, FileSource::open(model));
  RUNG_TRY(const auto engine, Engine::open(source));
  std::ifstream file(tokens);
  nlohmann::json document = nlohmann::json::parse(file);
  ThreadPool pool;
  auto wanted = document.at("positions").get<size_t>();
  for (nlohmann::json& sequence : document.at("sequences"))
    RUNG_CHECK(add_probabilities(engine, pool, sequence, wanted));
  if (wanted > 0) return failed_error("{} positions are missing: make the sequences longer", wanted);
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
