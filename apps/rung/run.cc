// rung run: generate text or chat.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "commands.h"
#include "engine/engine.h"
#include "engine/sampler.h"
#include "grammar/token_constraint.h"
#include "kv_option.h"
#include "measure/panel_items.h"
#include "model/model_text.h"
#include "receipt.h"
#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string model, prompt, system;
  KvOptions kv;
  std::filesystem::path json_schema;
  bool has_prompt = false, raw = false, json = false, receipt = false;
  size_t tokens = 512, context = 0;
  int threads = 0;
  SamplerOptions sampler{.temperature = 0.7f, .top_k = 40, .top_p = 0.95f, .min_p = 0.05f, .seed = 0};
};

struct Speed {
  size_t tokens = 0;
  double seconds = 0;
  double per_second() const { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }
};

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// What --json-schema says; null without.
struct AnswerLimits {
  std::optional<Grammar> grammar;
  std::shared_ptr<const TokenTrie> vocabulary;
};

Result<AnswerLimits> read_limits(const Options& options, const Tokenizer& tokenizer) {
  if (options.json_schema.empty()) return AnswerLimits();
  RUNG_TRY(const std::string text, read_file(options.json_schema));
  const auto at_file = [&](const Error& error) {
    return input_error("{}: {}", options.json_schema.string(), error.message);
  };
  const auto schema = parse_bounded_json(text);
  if (!schema) return at_file(schema.error());
  auto grammar = Grammar::of_schema(*schema);
  if (!grammar) return at_file(grammar.error());
  auto vocabulary = TokenTrie::create(tokenizer);
  if (!vocabulary) return input_error("{}: {}", options.model, vocabulary.error().message);
  return AnswerLimits{std::move(*grammar), std::make_shared<const TokenTrie>(std::move(*vocabulary))};
}

class Runner {
 public:
  Runner(const Options& options, std::shared_ptr<const Engine> engine, ModelText text, AnswerLimits limits,
         size_t capacity, Receipt& receipt)
      : options_(options),
        text_(std::move(text)),
        limits_(std::move(limits)),
        pool_(options.threads),
        session_options_(session_options(options, capacity)),
        session_(engine, pool_, session_options_),
        receipt_(receipt),
        capacity_(capacity),
        sampler_(options.sampler),
        terminal_(options.json) {}

  Status once() {
    RUNG_TRY(const std::vector<Token> ids, prompt_tokens());
    RUNG_TRY(const std::string answer, answer_to(ids, !options_.json));
    close_receipt();
    if (options_.json) {
      ordered_json json = {{"answer", answer},
                           {"prompt_tokens", prompt_speed_.tokens},
                           {"prompt_tokens_per_second", prompt_speed_.per_second()},
                           {"tokens", answer_speed_.tokens},
                           {"tokens_per_second", answer_speed_.per_second()}};
      if (receipt_.wanted()) json["receipt"] = receipt_.json();
      fmt::print("{}\n", json.dump(1, ' ', false, ordered_json::error_handler_t::replace));
    } else {
      fmt::print("\n");
      print_speed();
      receipt_.print();
    }
    return {};
  }

  Status chat() {
    if (!text_.chat_template)
      return input_error("{}: has no chat template; give a prompt with -p TEXT", options_.model);
    if (interactive_) fmt::print(stderr, "Chat with {}. An empty line or Ctrl-D ends it.\n", options_.model);
    messages_ = system_messages();
    for (std::string line; ask(line);) {
      messages_.push_back({{"role", "user"}, {"content", line}});
      RUNG_TRY(const std::vector<Token> ids, chat_tokens());
      RUNG_TRY(const std::string answer, answer_to(ids, true));
      fmt::print("\n");
      print_speed();
      messages_.push_back({{"role", "assistant"}, {"content", answer}});
      if (terminal_.cancelled()) return cancelled_error();
    }
    close_receipt();
    receipt_.print();
    return {};
  }

 private:
  bool ask(std::string& line) const {
    if (interactive_) {
      fmt::print("> ");
      std::fflush(stdout);
    }
    return std::getline(std::cin, line) && !line.empty();
  }

  static SessionOptions session_options(const Options& options, size_t capacity) {
    SessionOptions session;
    session.capacity = capacity;
    session.kv = options.kv;
    return session;
  }

  void close_receipt() {
    if (!receipt_.wanted()) return;
    receipt_.add_file(session_.engine(), computed_);
    receipt_.add_session(session_, session_options_, {longest_, largest_batch_, 1}, static_cast<size_t>(pool_.size()));
    receipt_.close();
  }

  ordered_json system_messages() const {
    ordered_json messages = ordered_json::array();
    if (!options_.system.empty()) messages.push_back({{"role", "system"}, {"content", options_.system}});
    return messages;
  }

  Result<std::vector<Token>> chat_tokens() {
    RUNG_TRY(const std::string rendered, text_.render_chat(messages_, nullptr, true));
    return text_.encode_chat(rendered);
  }

  Result<std::vector<Token>> prompt_tokens() {
    if (options_.raw || !text_.chat_template) return text_.tokenizer.encode(options_.prompt, true, options_.raw);
    messages_ = system_messages();
    messages_.push_back({{"role", "user"}, {"content", options_.prompt}});
    return chat_tokens();
  }

  /// Only what differs from the tokens already in the session is computed.
  Result<std::span<const float>> feed(std::span<const Token> ids) {
    size_t same = 0;
    while (same + 1 < ids.size() && same < fed_.size() && ids[same] == fed_[same]) ++same;
    session_.truncate(0, same);
    fed_.assign(ids.begin(), ids.end());
    const auto start = Clock::now();
    RUNG_TRY(const auto logits, session_.forward(ids.subspan(same)));
    prompt_speed_ = {ids.size() - same, since(start)};
    count(ids.size() - same);
    return logits;
  }

  /// For the receipt: what was computed together, and how long the sequence has become.
  void count(size_t tokens) {
    computed_ += tokens;
    largest_batch_ = std::max(largest_batch_, tokens);
    longest_ = std::max(longest_, session_.length(0));
  }

  Result<std::string> answer_to(const std::vector<Token>& ids, bool stream) {
    if (ids.empty()) return input_error("prompt: is empty");
    RUNG_TRY(auto logits, feed(ids));
    std::string answer;
    Utf8Stream utf8;
    const auto start = Clock::now();
    answer_speed_ = {};
    const auto show = [&](const std::string& text) {
      answer += text;
      if (stream) {
        fmt::print("{}", text);
        std::fflush(stdout);
      }
    };
    std::optional<TokenConstraint> constraint;
    if (limits_.grammar) constraint.emplace(*limits_.grammar, limits_.vocabulary);
    while (answer_speed_.tokens < options_.tokens && session_.length(0) < capacity_ && !terminal_.cancelled()) {
      if (constraint && constraint->must_end()) break;
      const Token next = choose(logits, constraint);
      if (text_.tokenizer.ends_generation(next)) break;
      ++answer_speed_.tokens;
      show(utf8.push(text_.tokenizer.piece(next, false)));
      fed_.push_back(next);
      RUNG_TRY(logits, session_.forward(std::span(&next, 1)));
      count(1);
    }
    show(utf8.flush());
    answer_speed_.seconds = since(start);
    if (constraint && !constraint->may_end())
      terminal_.warn(fmt::format("the JSON is not finished after {} tokens; -n allows more", answer_speed_.tokens));
    return answer;
  }

  Token choose(std::span<const float> logits, std::optional<TokenConstraint>& constraint) {
    if (!constraint) return sampler_.sample(logits);
    allowed_.assign(logits.begin(), logits.end());
    constraint->apply(allowed_);
    const Token next = sampler_.sample(allowed_);
    // Logits that are no numbers lead the sampler astray, not the constraint.
    return constraint->accept(next) ? next : constraint->accept_likeliest(logits);
  }

  void print_speed() const {
    fmt::print(stderr, "[prompt {} tokens, {:.1f} tokens/s; answer {} tokens, {:.1f} tokens/s]\n", prompt_speed_.tokens,
               prompt_speed_.per_second(), answer_speed_.tokens, answer_speed_.per_second());
  }

  const Options& options_;
  ModelText text_;
  AnswerLimits limits_;
  std::vector<float> allowed_;
  ThreadPool pool_;
  SessionOptions session_options_;
  Session session_;
  Receipt& receipt_;
  size_t computed_ = 0, largest_batch_ = 0, longest_ = 0;
  size_t capacity_;
  Sampler sampler_;
  Terminal terminal_;
  const bool interactive_ = ::isatty(STDIN_FILENO) != 0;
  ordered_json messages_;
  std::vector<Token> fed_;
  Speed prompt_speed_, answer_speed_;
};

Status run(const Options& options) {
  Receipt receipt(options.receipt);
  RUNG_TRY(auto source, FileSource::open(options.model));
  RUNG_TRY(auto engine, Engine::open(source));
  RUNG_CHECK(check_kv_options(engine->config(), options.kv));
  if (const std::string note = kv_research_note(options.kv); !note.empty()) fmt::print(stderr, "note: {}\n", note);
  RUNG_TRY(ModelText text, open_model_text(source->file()));
  RUNG_TRY(AnswerLimits limits, read_limits(options, text.tokenizer));
  size_t capacity = options.context;
  if (capacity == 0) capacity = engine->config().context == 0 ? 4096 : std::min<size_t>(engine->config().context, 8192);
  Runner runner(options, engine, std::move(text), std::move(limits), capacity, receipt);
  return options.has_prompt ? runner.once() : runner.chat();
}

}  // namespace

Command add_run(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run a model: answer a prompt, or chat");
  command->add_option("MODEL", options->model, "a GGUF file")->required();
  CLI::Option* prompt = command->add_option("-p,--prompt", options->prompt, "answer this and stop; without it, chat");
  command->add_option("--system", options->system, "system message");
  command->add_flag("--raw", options->raw,
                    "continue the prompt as it stands: no chat template; special tokens are parsed");
  command->add_option("-n,--tokens", options->tokens, "tokens of an answer, at most")->capture_default_str();
  command->add_option("--context", options->context,
                      "tokens of prompt and answer together; default the model's, at most 8192");
  command->add_option("--temperature", options->sampler.temperature, "0 is greedy")
      ->capture_default_str()
      ->check(CLI::Range(0.0f, 100.0f));
  command->add_option("--top-k", options->sampler.top_k, "keep the k likeliest tokens; 0 keeps all")
      ->capture_default_str();
  command->add_option("--top-p", options->sampler.top_p, "keep the likeliest tokens up to this probability")
      ->capture_default_str()
      ->check(CLI::Range(0.0f, 1.0f));
  command
      ->add_option("--min-p", options->sampler.min_p, "drop tokens below this share of the likeliest one's probability")
      ->capture_default_str()
      ->check(CLI::Range(0.0f, 1.0f));
  command->add_option("--seed", options->sampler.seed, "of the random choices")->capture_default_str();
  add_kv_option(*command, options->kv);
  command->add_option("--threads", options->threads, "threads")->check(CLI::Range(1, 1024));
  add_receipt_option(*command, options->receipt);
  command
      ->add_option("--json-schema", options->json_schema,
                   "answer with JSON that is valid for this schema (docs/grammar.md); the prompt should ask for it")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "print the answer and the speeds as JSON; needs -p");
  command->footer("Example: rung run models/pico-moe/pico-moe.bf16.gguf -p 'What is 27 + 15?' --temperature 0");
  return [options, prompt] {
    options->has_prompt = prompt->count() > 0;
    if (options->json && !options->has_prompt) return Status(input_error("run: --json needs a prompt (-p TEXT)"));
    return run(*options);
  };
}

}  // namespace rung
