#include "measure/generate.h"

#include <algorithm>

#include "engine/sampler.h"
#include "measure/sequence_fit.h"

namespace rung {
namespace {

constexpr size_t kIdle = SIZE_MAX;

struct Slot {
  size_t prompt = kIdle;
  Token next = 0;  ///< to be fed in the coming pass, once the prompt has been
  std::unique_ptr<TokenConstraint> constraint = nullptr;
};

class Generator {
 public:
  Generator(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, const std::function<bool(Token)>& ends,
            std::span<const std::vector<Token>> prompts, const GenerateOptions& options, SessionOptions session)
      : ends_(ends),
        prompts_(prompts),
        constraint_of_(options.constraint_of),
        choose_(options.choose),
        is_complete_(options.is_complete),
        max_new_(options.max_new),
        vocabulary_(engine->config().vocabulary),
        session_(engine, pool, session),
        slots_(session.sequences),
        answers_(prompts.size()) {}

  Result<std::vector<std::vector<Token>>> run(std::string_view stage, Observer& observer) {
    for (;;) {
      if (observer.cancelled()) return cancelled_error();
      observer.progress(stage, finished_, prompts_.size());
      fill_batch();
      if (batch_.empty()) return std::move(answers_);
      RUNG_TRY(const auto logits, session_.forward(batch_));
      take(logits);
    }
  }

 private:
  /// Every idle slot gets the next prompt; every busy one its last token.
  void fill_batch() {
    batch_.clear();
    for (uint32_t index = 0; index < slots_.size(); ++index) {
      Slot& slot = slots_[index];
      if (slot.prompt != kIdle) {
        batch_.push_back({slot.next, index, true});
        continue;
      }
      while (waiting_ < prompts_.size() && prompts_[waiting_].empty()) ++waiting_, ++finished_;
      if (waiting_ == prompts_.size()) continue;
      slot.prompt = waiting_++;
      if (constraint_of_) slot.constraint = constraint_of_(slot.prompt);
      session_.truncate(index, 0);
      for (const Token id : prompts_[slot.prompt]) batch_.push_back({id, index, false});
      batch_.back().wants_logits = true;
    }
  }

  void take(std::span<const float> logits) {
    size_t row = 0;
    for (Slot& slot : slots_) {
      if (slot.prompt == kIdle) continue;
      slot.next = choose(slot, logits.subspan(row++ * vocabulary_, vocabulary_));
      std::vector<Token>& answer = answers_[slot.prompt];
      const bool ended = ends_(slot.next);
      if (!ended) answer.push_back(slot.next);
      const bool complete =
          (slot.constraint && slot.constraint->must_end()) || (is_complete_ && is_complete_(slot.prompt, answer));
      if (ended || complete || answer.size() == max_new_) {
        slot.prompt = kIdle;
        ++finished_;
      }
    }
  }

  Token choose(Slot& slot, std::span<const float> logits) const {
    if (slot.constraint == nullptr) return choose_ ? choose_(slot.prompt, logits) : greedy_token(logits);
    return slot.constraint->accept_likeliest(logits);
  }

  const std::function<bool(Token)>& ends_;
  std::span<const std::vector<Token>> prompts_;
  const std::function<std::unique_ptr<TokenConstraint>(size_t)>& constraint_of_;
  const std::function<Token(size_t, std::span<const float>)>& choose_;
  const std::function<bool(size_t, std::span<const Token>)>& is_complete_;
  size_t max_new_, vocabulary_;
  Session session_;
  std::vector<Slot> slots_;
  std::vector<std::vector<Token>> answers_;
  std::vector<BatchToken> batch_;
  size_t waiting_ = 0, finished_ = 0;
};

}  // namespace

Result<std::vector<std::vector<Token>>> generate(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                 const std::function<bool(Token)>& ends,
                                                 std::span<const std::vector<Token>> prompts,
                                                 const GenerateOptions& options, std::string_view stage,
                                                 Observer& observer) {
  size_t longest = 0;
  for (const auto& prompt : prompts) longest = std::max(longest, prompt.size());
  const SessionOptions session = fit_sequences(engine->config(), options.session, longest + options.max_new,
                                               std::min(options.slots, prompts.size()), options.kv_limit);
  return Generator(engine, pool, ends, prompts, options, session).run(stage, observer);
}

}  // namespace rung
