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

uint64_t Experts::memory_bytes() const {
  size_t floats = 0;
  for (const auto* buffer :
       {&scores_, &share_, &gathered_, &gate_, &up_, &down_, &shared_gate_, &shared_up_, &shared_out_})
    floats += buffer->capacity();
  const size_t indices = chosen_.capacity() + order_.capacity() + place_.capacity();
  return floats * sizeof(float) + indices * sizeof(uint32_t) + input_.memory_bytes() + expert_input_.memory_bytes() +
         expert_hidden_.memory_bytes() + shared_hidden_.memory_bytes();
}

void Experts::choose(ProductContext& products, const MixtureOfExperts& moe, const Activations& input, size_t tokens) {
  const size_t count = config_.experts, used = config_.experts_used;
  products.add_job(moe.router, input, reserve(scores_, tokens * count));
  products.run_jobs();
  chosen_.resize(tokens * used);
  share_.resize(tokens * used);
  for (size_t token = 0; token < tokens; ++token) {
    float* scores = scores_.data() + token * count;
    softmax_f32(scores, count);
    uint32_t* chosen = chosen_.data() + token * used;
    float* share = share_.data() + token * used;
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
  first_.assign(config_.experts + 1, 0);
  for (size_t choice = 0; choice < choices; ++choice) ++first_[chosen_[choice] + 1];
  for (size_t expert = 0; expert < config_.experts; ++expert) first_[expert + 1] += first_[expert];
  order_.resize(choices);
  place_.resize(choices);
  std::vector<size_t> next(first_.begin(), first_.end() - 1);
  for (size_t choice = 0; choice < choices; ++choice) {
    place_[choice] = static_cast<uint32_t>(next[chosen_[choice]]++);
    order_[place_[choice]] = static_cast<uint32_t>(choice);
  }
}

void Experts::run(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens,
                  float* out) {
  const size_t width = config_.width, used = config_.experts_used, choices = tokens * used;
  const size_t hidden = moe.gate.first.rows;
  products.assign(input_, normed, tokens, {&moe.router});
  choose(products, moe, input_, tokens);
  group_by_expert(tokens);

  float* gathered = reserve(gathered_, choices * width);
  products.for_tokens(choices, width, [&](size_t place) {
    std::copy_n(normed + order_[place] / used * width, width, gathered + place * width);
  });
  products.assign(expert_input_, gathered, choices, {&moe.gate.first, &moe.up.first});
  float* gate = reserve(gate_, choices * hidden);
  float* up = reserve(up_, choices * hidden);
  float* down = reserve(down_, choices * width);
  const auto add_jobs = [&](const ExpertMatrices& matrices, const Activations& input, float* result) {
    for (size_t expert = 0; expert < config_.experts; ++expert) {
      const size_t begin = first_[expert], count = first_[expert + 1] - begin, rows = matrices.first.rows;
      if (count != 0)
        products.jobs.push_back({matrices.expert(expert), &input, begin, count, result + begin * rows, rows});
    }
  };
  add_jobs(moe.gate, expert_input_, gate);
  add_jobs(moe.up, expert_input_, up);
  products.run_jobs();
  products.for_tokens(choices, hidden,
                      [&](size_t place) { swiglu_f32(gate + place * hidden, up + place * hidden, hidden); });
  products.assign(expert_hidden_, gate, choices, {&moe.down.first});
  add_jobs(moe.down, expert_hidden_, down);
  products.run_jobs();

  products.for_tokens(tokens, width * used, [&](size_t token) {
    float* row = out + token * width;
    std::fill_n(row, width, 0.0f);
    for (size_t slot = 0; slot < used; ++slot) {
      const size_t choice = token * used + slot;
      axpy_f32(share_[choice], down + place_[choice] * width, width, row);
    }
  });
  if (moe.shared) add_shared(products, moe, normed, tokens, out);
}

void Experts::add_shared(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens,
                         float* out) {
  const size_t width = config_.width, hidden = moe.shared->gate.weight.rows;
  products.assign(input_, normed, tokens, {&moe.shared->gate.weight, &moe.shared->up.weight});
  float* gate = reserve(shared_gate_, tokens * hidden);
  float* up = reserve(shared_up_, tokens * hidden);
  products.add_job(moe.shared->gate.weight, input_, gate);
  products.add_job(moe.shared->up.weight, input_, up);
  products.run_jobs();
  products.for_tokens(tokens, hidden,
                      [&](size_t token) { swiglu_f32(gate + token * hidden, up + token * hidden, hidden); });
  products.assign(shared_hidden_, gate, tokens, {&moe.shared->down.weight});
  float* result = reserve(shared_out_, tokens * width);
  products.add_job(moe.shared->down.weight, shared_hidden_, result);
  products.run_jobs();
  products.for_tokens(tokens, width, [&](size_t token) {
    float scale = 1.0f;
    if (!moe.shared_gate.empty())
      scale = 1.0f / (1.0f + std::exp(-dot_f32(moe.shared_gate.data(), normed + token * width, width)));
    axpy_f32(scale, result + token * width, width, out + token * width);
  });
}

}  // namespace rung
