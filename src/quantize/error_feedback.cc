// Eigen asks the CPU for its cache sizes and sums in pieces that fit: without that the bytes are the same everywhere.
#define EIGEN_NO_CPUID
#include "quantize/error_feedback.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <numeric>

namespace rung {
namespace {

// Of the diagonal's mean. GPTQ's own choice, and raised by this factor where that is too little.
constexpr double kDamping = 0.01;
constexpr double kDampingStep = 10;

/// One square block on the diagonal of a Gram.
struct Moments {
  const float* values;
  size_t columns;
  double at(size_t row, size_t column) const { return values[row * columns + column]; }
};

/// Sorts [first, last) by falling key, equal ones as they stand.
template <typename Iterator, typename Key>
void sort_falling(Iterator first, Iterator last, const Key& key) {
  std::stable_sort(first, last, [&](size_t left, size_t right) { return key(left) > key(right); });
}

std::vector<uint32_t> rounding_order(const Moments& moments, size_t block_values) {
  std::vector<double> sums(moments.columns / block_values);
  for (size_t column = 0; column < moments.columns; ++column) sums[column / block_values] += moments.at(column, column);
  std::vector<size_t> blocks(sums.size());
  std::iota(blocks.begin(), blocks.end(), size_t{0});
  sort_falling(blocks.begin(), blocks.end(), [&](size_t block) { return sums[block]; });
  std::vector<uint32_t> order;
  for (const size_t block : blocks) {
    for (size_t lane = 0; lane < block_values; ++lane)
      order.push_back(static_cast<uint32_t>(block * block_values + lane));
    sort_falling(order.end() - static_cast<ptrdiff_t>(block_values), order.end(),
                 [&](size_t column) { return moments.at(column, column); });
  }
  return order;
}

/// The lower factor of the damped moments, last place first: an upper factor in order of places.
Eigen::MatrixXd factor(const Moments& moments, FeedbackPart& part, double mean) {
  const auto size = static_cast<Eigen::Index>(moments.columns);
  Eigen::MatrixXd matrix(size, size);
  for (part.damping = kDamping;; part.damping *= kDampingStep) {
    for (Eigen::Index column = 0; column < size; ++column)
      for (Eigen::Index row = column; row < size; ++row)
        matrix(row, column) = moments.at(part.order[static_cast<size_t>(size - 1 - row)],
                                         part.order[static_cast<size_t>(size - 1 - column)]);
    matrix.diagonal().array() += part.damping * mean;
    if (Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> cholesky(matrix); cholesky.info() == Eigen::Success) return matrix;
  }
}

/// The product of a block's square of the factor with itself, for the block whose places begin at `begin`.
void add_inner(FeedbackPart& part, const Eigen::MatrixXd& lower, size_t begin, size_t block_values) {
  const auto size = static_cast<Eigen::Index>(block_values);
  const auto last = static_cast<Eigen::Index>(part.columns() - begin - block_values);  // places run backwards
  const Eigen::MatrixXd square = lower.block(last, last, size, size).triangularView<Eigen::Lower>();
  const Eigen::MatrixXd inner = square * square.transpose();
  for (size_t left = 0; left < block_values; ++left)
    for (size_t right = 0; right < block_values; ++right)
      part.inner[part.order[begin + left] * block_values + part.order[begin + right] % block_values] =
          static_cast<float>(inner(static_cast<Eigen::Index>(block_values - 1 - left),
                                   static_cast<Eigen::Index>(block_values - 1 - right)));
}

bool has_seen_enough(const Gram& gram) {
  return gram.tokens >= static_cast<double>(std::min(gram.block, gram.columns));
}

FeedbackPart make_part(const Moments& moments, size_t first, size_t block_values, double mean) {
  FeedbackPart part{first, rounding_order(moments, block_values), {}, {}, {}, 0};
  const Eigen::MatrixXd lower = factor(moments, part, mean);
  const size_t columns = moments.columns;
  const auto at = [&](size_t place) { return static_cast<Eigen::Index>(columns - 1 - place); };
  part.feedback.resize(columns * columns);
  for (size_t place = 0; place < columns; ++place) {
    const double pivot = lower(at(place), at(place));
    part.weight.push_back(static_cast<float>(pivot * pivot));
    for (size_t earlier = 0; earlier < place; ++earlier)
      part.feedback[place * columns + earlier] = static_cast<float>(lower(at(earlier), at(place)) / pivot);
  }
  part.inner.resize(columns * block_values);
  for (size_t place = 0; place < columns; place += block_values) add_inner(part, lower, place, block_values);
  return part;
}

}  // namespace

FeedbackMemory feedback_memory(const Gram& gram, size_t block_values) {
  FeedbackMemory memory;
  if (!has_seen_enough(gram)) return memory;
  uint64_t largest = 0;
  for (uint64_t first = 0; first < gram.columns; first += gram.block) {
    const uint64_t edge = std::min(gram.block, gram.columns - first);
    memory.kept += edge * (edge + block_values + 2) * sizeof(float);  // feedback, inner; order and weight
    largest = std::max(largest, edge * edge * (sizeof(float) + sizeof(double)));
  }
  memory.making = memory.kept + largest;
  return memory;
}

std::shared_ptr<const ErrorFeedback> make_error_feedback(const Gram& gram, size_t block_values) {
  if (!has_seen_enough(gram)) return nullptr;
  auto feedback = std::make_shared<ErrorFeedback>();
  const float* values = gram.values.data();
  for (size_t first = 0; first < gram.columns; first += gram.block) {
    const Moments moments{values, std::min(gram.block, gram.columns - first)};
    values += moments.columns * moments.columns;
    double mean = 0;
    for (size_t column = 0; column < moments.columns; ++column) mean += moments.at(column, column);
    mean /= static_cast<double>(moments.columns);
    if (mean <= 0) return nullptr;
    feedback->push_back(make_part(moments, first, block_values, mean));
  }
  return feedback;
}

std::shared_ptr<const ErrorFeedback> FeedbackCache::find(const Gram& gram, size_t block_values) {
  const FeedbackMemory memory = feedback_memory(gram, block_values);
  if (memory.kept == 0) return nullptr;
  std::unique_lock lock(mutex_);
  Slots::iterator slot;
  while ((slot = use(gram, block_values)) == slots_.end()) {
    if (!make_room(memory.making)) {
      changed_.wait(lock);
      continue;
    }
    slot = slots_.insert(slots_.begin(), {&gram, block_values, memory.making, 1, false, nullptr});
    used_ += memory.making;
    lock.unlock();
    auto feedback = make_error_feedback(gram, block_values);
    if (grams_ != nullptr) grams_->release(gram);
    lock.lock();
    slot->feedback = std::move(feedback);
    used_ -= memory.making - memory.kept;
    slot->bytes = memory.kept;
    slot->ready = true;
    changed_.notify_all();
    break;
  }
  changed_.wait(lock, [&] { return slot->ready; });
  if (slot->feedback != nullptr) return {slot->feedback.get(), [this, slot](const ErrorFeedback*) { let_go(slot); }};
  --slot->users;
  changed_.notify_all();
  return nullptr;
}

/// The slot of what is known or being made, with one user more, or none.
FeedbackCache::Slots::iterator FeedbackCache::use(const Gram& gram, size_t block_values) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& known) {
    return known.gram == &gram && known.block_values == block_values;
  });
  if (slot == slots_.end()) return slot;
  ++slot->users;
  slots_.splice(slots_.begin(), slots_, slot);
  return slot;
}

/// Drops what nobody uses, the longest unused first, as far as it must.
bool FeedbackCache::make_room(uint64_t bytes) {
  for (auto slot = slots_.end(); slot != slots_.begin() && used_ + bytes > limit_;) {
    --slot;
    if (slot->users != 0) continue;
    used_ -= slot->bytes;
    slot = slots_.erase(slot);
  }
  return used_ + bytes <= limit_ || slots_.empty();
}

void FeedbackCache::let_go(Slots::iterator slot) {
  const std::lock_guard lock(mutex_);
  --slot->users;
  changed_.notify_all();
}

}  // namespace rung
