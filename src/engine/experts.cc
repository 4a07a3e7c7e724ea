#include "engine/experts.h"

#include <algorithm>
#include <cmath>

#include "kernels/elementwise.h"

namespace rung {
namespace {

constexpr float kSmallestDivisor = 0x1p-14f;  // as llama.cpp: the smallest normal half, against division by 0

/// The indices of the `used` largest scores, best first, the lower index first among equals.
void pick_largest(const float* scores, size_t count, size_t used, uint32_t* out) {
  for (size_t slot = 0; slot < used; ++slot) {
    size_t best = count;
    for (size_t expert = 0; expert < count; ++expert) {
      if (std::find(out, out + slot, expert) != out + slot) continue;
      if (best == count || scores[expert] > scores[best]) best = expert;
    }
    out[slot] = static_cast<uint32_t>(best);
  }
}

}  // namespace

void Experts::choose(ProductContext& products, const MixtureOfExperts& moe, size_t tokens) {
  const size_t count = config_.experts, used = config_.experts_used;
  float* const all_scores = buffers_.floats(Slot::kScores);
  products.add_job(moe.router, buffers_.input(Input::kMixture), all_scores);
  products.run_jobs();
  for (size_t token = 0; token < tokens; ++token) {
    float* scores = all_scores + token * count;
    softmax_f32(scores, count);
    uint32_t* chosen = buffers_.indices(Slot::kChosen) + token * used;
    float* share = buffers_.floats(Slot::kShare) + token * used;
    pick_largest(scores, count, used, chosen);
    float sum = 0;
    for (size_t slot = 0; slot < used; ++slot) sum += share[slot] = scores[chosen[slot]];
    float scale = config_.expert_weights_scale;
    if (config_.renormalise_experts) scale /= std::max(sum, kSmallestDivisor);
    scale_f32(scale, used, share);
  }
}

void Experts::group_by_expert(size_t tokens) {
  const size_t choices = tokens * config_.experts_used;
  const uint32_t* const chosen = buffers_.indices(Slot::kChosen);
  uint32_t* const order = buffers_.indices(Slot::kOrder);
  uint32_t* const place = buffers_.indices(Slot::kPlace);
  first_.assign(config_.experts + 1, 0);
  for (size_t choice = 0; choice < choices; ++choice) ++first_[chosen[choice] + 1];
  for (size_t expert = 0; expert < config_.experts; ++expert) first_[expert + 1] += first_[expert];
  std::vector<size_t> next(first_.begin(), first_.end() - 1);
  for (size_t choice = 0; choice < choices; ++choice) {
    place[choice] = static_cast<uint32_t>(next[chosen[choice]]++);
    order[place[choice]] = static_cast<uint32_t>(choice);
  }
}

void Experts::run(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens,
                  float* out) {
  products.assign(buffers_.input(Input::kMixture), normed, tokens, {&moe.router});
  choose(products, moe, tokens);
  group_by_expert(tokens);
  run_experts(products, moe, normed, tokens);
  const size_t width = config_.width, used = config_.experts_used;
  const float* const share = buffers_.floats(Slot::kShare);
  const float* const down = buffers_.floats(Slot::kExpertDown);
  const uint32_t* const place = buffers_.indices(Slot::kPlace);
  products.for_tokens(tokens, width * used, [&](size_t token) {
    float* row = out + token * width;
    std::fill_n(row, width, 0.0f);
    for (size_t slot = 0; slot < used; ++slot) {
      const size_t choice = token * used + slot;
      axpy_f32(share[choice], down + place[choice] * width, width, row);
    }
  });
  if (moe.shared) add_shared(products, moe, normed, tokens, out);
}

void Experts::run_experts(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens) {
  const size_t width = config_.width, used = config_.experts_used, choices = tokens * used;
  const size_t hidden = moe.gate.first.rows;
  const uint32_t* const order = buffers_.indices(Slot::kOrder);
  float* const gathered = buffers_.floats(Slot::kExpertInput);
  float* const gate = buffers_.floats(Slot::kExpertGate);
  float* const up = buffers_.floats(Slot::kExpertUp);
  Activations& input = buffers_.input(Input::kExperts);
  Activations& inner = buffers_.input(Input::kExpertHidden);
  products.for_tokens(choices, width, [&](size_t place) {
    std::copy_n(normed + order[place] / used * width, width, gathered + place * width);
  });
  products.assign(input, gathered, choices, {&moe.gate.first, &moe.up.first});
  const auto add_jobs = [&](const ExpertMatrices& matrices, const Activations& rows_of, float* result) {
    for (size_t expert = 0; expert < config_.experts; ++expert) {
      const size_t begin = first_[expert], count = first_[expert + 1] - begin, rows = matrices.first.rows;
      if (count != 0)
        products.jobs.push_back({matrices.expert(expert), &rows_of, begin, count, result + begin * rows, rows});
    }
  };
  add_jobs(moe.gate, input, gate);
  add_jobs(moe.up, input, up);
  products.run_jobs();
  products.for_tokens(choices, hidden,
                      [&](size_t place) { swiglu_f32(gate + place * hidden, up + place * hidden, hidden); });
  products.assign(inner, gate, choices, {&moe.down.first});
  add_jobs(moe.down, inner, buffers_.floats(Slot::kExpertDown));
  products.run_jobs();
}

void Experts::add_shared(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens,
                         float* out) {
  const size_t width = config_.width, hidden = moe.shared->gate.weight.rows;
  Activations& input = buffers_.input(Input::kMixture);
  Activations& inner = buffers_.input(Input::kSharedHidden);
  float* const gate = buffers_.floats(Slot::kSharedGate);
  float* const up = buffers_.floats(Slot::kSharedUp);
  float* const result = buffers_.floats(Slot::kSharedDown);
  products.assign(input, normed, tokens, {&moe.shared->gate.weight, &moe.shared->up.weight});
  products.add_job(moe.shared->gate.weight, input, gate);
  products.add_job(moe.shared->up.weight, input, up);
  products.run_jobs();
  products.for_tokens(tokens, hidden,
                      [&](size_t token) { swiglu_f32(gate + token * hidden, up + token * hidden, hidden); });
  products.assign(inner, gate, tokens, {&moe.shared->down.weight});
  products.add_job(moe.shared->down.weight, inner, result);
  products.run_jobs();
  products.for_tokens(tokens, width, [&](size_t token) {
    float scale = 1.0f;
    if (!moe.shared_gate.empty())
      scale = 1.0f / (1.0f + std::exp(-dot_f32(moe.shared_gate.data(), normed + token * width, width)));
    axpy_f32(scale, result + token * width, width, out + token * width);
  });
}

}  // namespace rung
