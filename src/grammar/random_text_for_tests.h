// Texts drawn from a grammar by a random walk, each byte checked to lead on: for property tests and fuzzing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "grammar/automaton.h"

namespace rung {

/// Walks `steps` random bytes, then the shortest way that a simple rule finds: closing before opening, quotes before
/// text. Nothing if some state leads nowhere, or the way out is longer than `patience`.
inline std::optional<std::string> random_text(Automaton& automaton, Rng& rng, size_t steps, size_t patience) {
  // Structure is rare among 256 bytes, so it is drawn more often.
  constexpr std::string_view kOften = "{}[]\",:0123456789-.etrufalsn \\abu";
  constexpr std::string_view kWayOut = "}]\"ntf0123456789:[{-,uesalr";
  std::string text;
  Automaton::State state = automaton.start();
  const auto take = [&](uint8_t byte) {
    const Automaton::State next = automaton.step(state, byte);
    if (next == Automaton::kDead) return false;
    state = next;
    text += static_cast<char>(byte);
    return true;
  };
  for (size_t step = 0; step < steps && !automaton.must_end(state); ++step) {
    if (automaton.may_end(state) && rng.below(8) == 0) return text;
    size_t tries = 0;
    while (tries < 64 &&
           !take(static_cast<uint8_t>(tries % 2 == 0 ? kOften[rng.below(kOften.size())] : rng.below(256))))
      ++tries;
  }
  for (size_t step = 0; !automaton.may_end(state); ++step) {
    if (step == patience) return std::nullopt;
    bool found = false;
    for (const char byte : kWayOut) found = found || take(static_cast<uint8_t>(byte));
    for (unsigned byte = 255; byte > 0 && !found; --byte) found = take(static_cast<uint8_t>(byte));
    if (!found) return std::nullopt;
  }
  return text;
}

}  // namespace rung
