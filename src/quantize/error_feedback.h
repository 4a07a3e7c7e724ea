// How the error made at one weight is made up for at others: GPTQ (arXiv 2210.17323) in the form of LDLQ (QuIP, arXiv
// 2307.13304), which is the same without an inverse. With the input's second moments H = (1 + F) D (1 + F)^T, F
// strictly upper, D diagonal, in the order in which columns are rounded, errors e of a row cost
//   e H e^T = sum over columns k of D_k (e_k + sum over earlier j of e_j F_jk)^2,
// so that column k is rounded not from w_k but from w_k + sum over earlier j of e_j F_jk, with e = w - rounded.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "io/gram.h"

namespace rung {

/// For columns that share a full square block of second moments. A place is a position in the order of rounding.
struct FeedbackPart {
  size_t first = 0;             ///< column
  std::vector<uint32_t> order;  ///< column - first of each place
  std::vector<float> feedback;  ///< (places, places): row k has F_jk for each earlier place j, zeros behind
  std::vector<float> weight;    ///< D_k
  /// (columns, block_values): what is left of the moments inside each block of the format, in the order of columns,
  /// when all earlier blocks are rounded and later ones make up for errors.
  std::vector<float> inner;
  double damping = 0;  ///< what was added to the diagonal, over the diagonal's mean

  size_t columns() const { return order.size(); }
};

/// The parts of one matrix's columns.
using ErrorFeedback = std::vector<FeedbackPart>;

/// Null where the moments say too little, so that weights are rounded one by one: fewer tokens than a block of the
/// moments has columns (its rank is then short by more than noise), or no activity at all. Singular moments are
/// damped until Cholesky's factorisation succeeds. Blocks of `block_values` columns (those of a format; they divide the
/// moments' blocks) stay together: those with the largest sum on the diagonal come first, and inside a block the
/// columns with the largest moment: what is rounded first has the most columns left to make up for it.
std::shared_ptr<const ErrorFeedback> make_error_feedback(const Gram& gram, size_t block_values);

/// Bytes of memory that a factor takes.
struct FeedbackMemory {
  uint64_t making = 0;  ///< while it is made, with the moments that are read and the copy that is factored
  uint64_t kept = 0;    ///< afterwards
};
/// Nothing where the moments say too little.
FeedbackMemory feedback_memory(const Gram& gram, size_t block_values);

/// The factors of the inputs in use, within a number of bytes; matrices that share an input share one. Thread-safe: who
/// asks for what another is making waits, and who asks for what there is no room for waits until others let go of
/// theirs. So a thread holds one factor at a time. One factor always has room.
class FeedbackCache {
 public:
  /// grams: of which all factors are; null: none will be asked for.
  FeedbackCache(const GramFile* grams, uint64_t limit) : grams_(grams), limit_(limit) {}
  /// What it gives does not outlive the cache.
  std::shared_ptr<const ErrorFeedback> find(const Gram& gram, size_t block_values);

 private:
  struct Slot {
    const Gram* gram;
    size_t block_values;
    uint64_t bytes;  ///< of used_
    size_t users = 0;
    bool ready = false;
    std::shared_ptr<const ErrorFeedback> feedback;
  };
  using Slots = std::list<Slot>;

  Slots::iterator use(const Gram& gram, size_t block_values);
  bool make_room(uint64_t bytes);
  void let_go(Slots::iterator slot);

  const GramFile* grams_;
  const uint64_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Slots slots_;  ///< most recently used first
  uint64_t used_ = 0;
};

}  // namespace rung
