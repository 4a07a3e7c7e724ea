// Ladders drawn from known truths, to see how often what is said of them is wrong.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ladder/rung_result.h"

namespace rung {

/// Of one capability of one rung: shares of the items, on average.
struct CellTruth {
  double lost = 0, gained = 0;
  double change() const { return gained - lost; }
};

struct SyntheticLadder {
  std::vector<RungResult> rungs;               ///< the reference first
  std::vector<double> reference;               ///< its true score, by capability
  std::vector<std::vector<CellTruth>> truths;  ///< by rung below the reference, by capability
};

struct SyntheticShape {
  size_t rungs = 11, capabilities = 7;  ///< rungs below the reference
  size_t items = 200;
  double least_discordant = 0.01, most_discordant = 0.40;
  double share_of_losses = 0.5;  ///< cells that truly lose; the others lose and gain alike
};

/// Reference scores are uniform in 0.3 to 0.95, discordant shares log-uniform, true drops uniform up to all of them.
inline SyntheticLadder draw_ladder(const SyntheticShape& shape, Rng& rng) {
  SyntheticLadder ladder;
  ladder.rungs.resize(shape.rungs + 1);
  ladder.truths.resize(shape.rungs);
  for (size_t capability = 0; capability < shape.capabilities; ++capability) {
    const std::string name = "c" + std::to_string(capability);
    const double right = 0.3 + 0.65 * rng.uniform();
    std::string reference(shape.items, '0');
    for (char& item : reference) item = rng.uniform() < right ? '1' : '0';
    ladder.reference.push_back(right);
    ladder.rungs[0].answers.push_back({name, reference});
    for (size_t rung = 0; rung < shape.rungs; ++rung) {
      const double spread = std::log(shape.most_discordant / shape.least_discordant);
      const double drawn = shape.least_discordant * std::exp(spread * rng.uniform());
      const double discordant = std::min({drawn, 1.8 * right, 1.8 * (1 - right)});
      const double drop = rng.uniform() < shape.share_of_losses ? discordant * rng.uniform() : 0;
      const CellTruth truth{std::min((discordant + drop) / 2, right), (discordant - drop) / 2};
      std::string answers = reference;
      for (char& item : answers) {
        const bool before = item == '1';
        const double flips = before ? truth.lost / right : truth.gained / (1 - right);
        if (rng.uniform() < flips) item = before ? '0' : '1';
      }
      ladder.truths[rung].push_back(truth);
      ladder.rungs[rung + 1].answers.push_back({name, answers});
    }
  }
  return ladder;
}

}  // namespace rung
