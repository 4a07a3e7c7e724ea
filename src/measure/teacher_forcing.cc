#include "measure/teacher_forcing.h"

#include <algorithm>

#include "measure/sequence_fit.h"

namespace rung {
namespace {

constexpr size_t kIdle = SIZE_MAX;
constexpr size_t kLogitFloats = size_t{16} << 20;  // of one pass: 64 MB
constexpr size_t kVisitGrain = 4;                  // positions a thread takes at a time

struct Slot {
  size_t prompt = kIdle;
  size_t next = 0;               ///< the continuation to come
  size_t longest = 0;            ///< tokens fed after the prompt at a time, so far
  std::vector<float> first_row;  ///< what follows the prompt, kept for the later continuations
};

class Forcing {
 public:
  Forcing(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, std::span<const ForcedPrompt> prompts,
          const ForcedVisitor& visit, const SessionOptions& session)
      : pool_(pool),
        prompts_(prompts),
        visit_(visit),
        vocabulary_(engine->config().vocabulary),
        tokens_(session.batch),
        rows_(std::max<size_t>(1, kLogitFloats / vocabulary_)),
        forgettable_(kv_batch_limit(session.kv)),
        session_(engine, pool, session),
        slots_(session.sequences) {}

  Status run(std::string_view stage, Observer& observer) {
    for (;;) {
      if (observer.cancelled()) return cancelled_error();
      observer.progress(stage, finished_, prompts_.size());
      fill_batch();
      if (batch_.empty()) return {};
      RUNG_TRY(const auto logits, session_.forward(batch_));
      visit(logits);
    }
  }

 private:
  const ForcedPrompt& prompt_of(const Slot& slot) const { return prompts_[slot.prompt]; }
  bool room() const { return batch_.empty() || (batch_.size() < tokens_ && wanted_ < rows_); }

  /// Feeds prompts with their first continuations, and further continuations after prompts that were fed before.
  void fill_batch() {
    batch_.clear();
    wanted_ = 0;
    fed_.clear();
    for (uint32_t index = 0; index < slots_.size() && room(); ++index) {
      Slot& slot = slots_[index];
      if (slot.prompt == kIdle) {
        while (waiting_ < prompts_.size() && prompts_[waiting_].continuations.empty()) ++waiting_, ++finished_;
        if (waiting_ == prompts_.size()) continue;
        slot.prompt = waiting_++;
        slot.next = slot.longest = 0;
        feed_prompt(index);
        batch_.back().wants_logits = true;
        ++wanted_;
      } else if (slot.longest > forgettable_) {
        feed_prompt(index);
      } else {
        session_.truncate(index, prompt_of(slot).prompt.size());
      }
      const auto text = prompt_of(slot).continuations[slot.next];
      slot.longest = std::max(slot.longest, text.size() - 1);
      for (const Token id : text.first(text.size() - 1)) batch_.push_back({id, index, true});
      wanted_ += text.size() - 1;
      fed_.push_back(index);
    }
  }

  void feed_prompt(uint32_t index) {
    session_.truncate(index, 0);
    for (const Token id : prompt_of(slots_[index]).prompt) batch_.push_back({id, index, false});
  }

  void visit(std::span<const float> logits) {
    struct Visit {
      ForcedPosition position;
      const float* row;
    };
    std::vector<Visit> visits;
    const float* row = logits.data();
    for (const uint32_t index : fed_) {
      Slot& slot = slots_[index];
      const auto& continuations = prompt_of(slot).continuations;
      if (slot.next == 0) {
        slot.first_row.assign(row, row + vocabulary_);
        row += vocabulary_;
      }
      const size_t fed = slot.next;
      for (size_t position = 0; position < continuations[fed].size(); ++position) {
        const float* const here = position == 0 ? slot.first_row.data() : row;
        visits.push_back({{slot.prompt, fed, position}, here});
        if (position > 0) row += vocabulary_;
      }
      // What is one token long was predicted by the prompt alone.
      for (++slot.next; slot.next < continuations.size() && continuations[slot.next].size() == 1; ++slot.next)
        visits.push_back({{slot.prompt, slot.next, 0}, slot.first_row.data()});
    }
    pool_.parallel_for(visits.size(), kVisitGrain, [&](size_t begin, size_t end, int) {
      for (size_t at = begin; at < end; ++at) visit_(visits[at].position, {visits[at].row, vocabulary_});
    });
    for (const uint32_t index : fed_) {
      Slot& slot = slots_[index];
      if (slot.next < prompt_of(slot).continuations.size()) continue;
      slot.prompt = kIdle;
      ++finished_;
    }
  }

  ThreadPool& pool_;
  std::span<const ForcedPrompt> prompts_;
  const ForcedVisitor& visit_;
  size_t vocabulary_, tokens_, rows_;
  size_t forgettable_;  ///< after more tokens than these a cache of windows cannot go back to the end of the prompt
  Session session_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> fed_;  ///< slots of the batch, in its order
  std::vector<BatchToken> batch_;
  size_t wanted_ = 0, waiting_ = 0, finished_ = 0;
};

/// The session looks at what is fed only, which the last token of a text is not.
Status check_ids(std::span<const ForcedPrompt> prompts, size_t vocabulary) {
  for (const ForcedPrompt& prompt : prompts)
    for (const auto& text : prompt.continuations)
      if (text.back() < 0 || static_cast<size_t>(text.back()) >= vocabulary)
        return input_error("token id: found {}, allowed is 0 to {}", text.back(), vocabulary - 1);
  return {};
}

}  // namespace

Status force_texts(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, std::span<const ForcedPrompt> prompts,
                   const ForcingOptions& options, const ForcedVisitor& visit, std::string_view stage,
                   Observer& observer) {
  RUNG_CHECK(check_ids(prompts, engine->config().vocabulary));
  size_t longest = 1;
  for (const ForcedPrompt& prompt : prompts)
    for (const auto& text : prompt.continuations) longest = std::max(longest, prompt.prompt.size() + text.size() - 1);
  SessionOptions session = fit_sequences(engine->config(), options.session, longest,
                                         std::min(options.slots, prompts.size()), options.kv_limit);
  session.batching = Batching::kInvariant;
  return Forcing(engine, pool, prompts, visit, session).run(stage, observer);
}

}  // namespace rung
