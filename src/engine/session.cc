#include <algorithm>

#include "base/process_memory.h"
#include "engine/engine.h"
#include "engine/forward.h"

namespace rung {

Result<std::shared_ptr<const Engine>> Engine::open(std::shared_ptr<const TensorSource> source) {
  auto engine = std::make_shared<Engine>();
  RUNG_TRY(engine->config_, read_config(source->file()));
  RUNG_TRY(engine->weights_, bind_weights(*source, engine->config_));
  engine->source_ = std::move(source);
  return std::shared_ptr<const Engine>(std::move(engine));
}

struct Session::Impl {
  struct Sequence {
    KvCache cache;
    size_t length = 0;
  };

  std::shared_ptr<const Engine> engine;
  size_t batch;
  Forward forward;
  std::vector<Sequence> sequences;
  std::vector<BatchToken> tokens;
  std::vector<PlacedToken> placed;
  std::vector<size_t> wanted;
  PageBuffer logits;

  Status check(std::span<const BatchToken> input) const;
};

size_t session_batch(const SessionOptions& options) { return std::min(options.batch, kv_batch_limit(options.kv)); }

Session::Session(std::shared_ptr<const Engine> engine, ThreadPool& pool, const SessionOptions& options)
    : impl_(new Impl{engine, session_batch(options), Forward(*engine, pool, options), {}, {}, {}, {}, {}}) {
  for (size_t sequence = 0; sequence < options.sequences; ++sequence)
    impl_->sequences.push_back({KvCache(engine->config(), options.kv, options.capacity, impl_->forward.rope()), 0});
}

Session::Session(Session&&) noexcept = default;
Session::~Session() = default;

Status Session::Impl::check(std::span<const BatchToken> input) const {
  std::vector<size_t> added(sequences.size());
  for (const BatchToken& token : input) {
    if (token.id < 0 || static_cast<size_t>(token.id) >= engine->config().vocabulary)
      return input_error("token id: found {}, allowed is 0 to {}", token.id, engine->config().vocabulary - 1);
    const Sequence& sequence = sequences[token.sequence];
    if (sequence.length + ++added[token.sequence] > sequence.cache.capacity())
      return input_error("context: {} tokens do not fit, at most {} are allowed here",
                         sequence.length + added[token.sequence], sequence.cache.capacity());
  }
  return {};
}

Result<std::span<const float>> Session::forward(std::span<const BatchToken> tokens) {
  Impl& impl = *impl_;
  RUNG_CHECK(impl.check(tokens));
  const size_t vocabulary = impl.engine->config().vocabulary;
  const auto total = static_cast<size_t>(
      std::count_if(tokens.begin(), tokens.end(), [](const BatchToken& token) { return token.wants_logits; }));
  float* const logits = impl.logits.reserve<float>(total * vocabulary);
  float* out = logits;
  for (size_t begin = 0; begin < tokens.size(); begin += impl.batch) {
    const auto part = tokens.subspan(begin, std::min(impl.batch, tokens.size() - begin));
    impl.placed.clear();
    impl.wanted.clear();
    for (const BatchToken& token : part) {
      Impl::Sequence& sequence = impl.sequences[token.sequence];
      if (token.wants_logits) impl.wanted.push_back(impl.placed.size());
      impl.placed.push_back({token.id, sequence.length++, &sequence.cache});
    }
    for (Impl::Sequence& sequence : impl.sequences) sequence.cache.grow(sequence.length);
    impl.forward.run(impl.placed, impl.wanted, out);
    out += impl.wanted.size() * vocabulary;
  }
  return std::span<const float>(logits, total * vocabulary);
}

Result<std::span<const float>> Session::forward(std::span<const int32_t> ids, uint32_t sequence, bool all_logits) {
  impl_->tokens.clear();
  for (size_t index = 0; index < ids.size(); ++index)
    impl_->tokens.push_back({ids[index], sequence, all_logits || index + 1 == ids.size()});
  return forward(impl_->tokens);
}

size_t Session::length(uint32_t sequence) const { return impl_->sequences[sequence].length; }

void Session::truncate(uint32_t sequence, size_t length) {
  Impl::Sequence& truncated = impl_->sequences[sequence];
  truncated.length = std::min(length, truncated.length);
  truncated.cache.truncate(truncated.length);
}

SessionMemory Session::memory() const {
  SessionMemory memory;
  for (const auto& sequence : impl_->sequences) {
    memory.kv_reserved += sequence.cache.reserved_bytes();
    memory.kv += sequence.cache.resident_bytes();
  }
  memory.buffers = impl_->forward.resident_buffers();
  memory.scratch = impl_->forward.resident_scratch();
  memory.logits = resident_bytes(impl_->logits.bytes()).value_or(0);
  return memory;
}

const Engine& Session::engine() const { return *impl_->engine; }

}  // namespace rung
