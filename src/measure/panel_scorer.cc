#include "measure/panel_scorer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "measure/choices.h"
#include "measure/grader.h"
#include "measure/loops.h"
#include "measure/panel_reference.h"

namespace rung {
namespace {

constexpr size_t kGroupFloats = size_t{64} << 20;  // of the reference's rows at a time: 256 MB

/// A part of the work as a share of the whole: in units `before` of `total`, `units` of them.
class PartObserver final : public Observer {
 public:
  PartObserver(Observer& outer, uint64_t before, uint64_t units, uint64_t total)
      : outer_(outer), before_(before), units_(units), total_(total) {}
  void progress(std::string_view, uint64_t done, uint64_t of) override {
    if (of != 0) outer_.progress("panel", before_ + units_ * done / of, total_);
  }
  void note(std::string_view text) override { outer_.note(text); }
  void warn(std::string_view text) override { outer_.warn(text); }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Observer& outer_;
  uint64_t before_, units_, total_;
};

/// ln of the sum of exp over a few of the logits.
double log_sum_of(std::span<const float> logits, const std::vector<Token>& tokens) {
  std::vector<float> some;
  for (const Token token : tokens)
    if (static_cast<size_t>(token) < logits.size()) some.push_back(logits[static_cast<size_t>(token)]);
  return some.empty() ? -std::numeric_limits<double>::infinity() : log_sum_exp(some);
}

}  // namespace

PanelScorer::PanelScorer(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, const ModelText& text,
                         const PanelOptions& options, Depth depth)
    : engine_(engine), pool_(pool), text_(text), options_(options), depth_(depth) {
  options_.generate.session.batching = Batching::kInvariant;
  forcing_ = {options_.generate.slots, options_.generate.kv_limit, options_.generate.session};
  is_end_.resize(engine->config().vocabulary);
  for (size_t token = 0; token < is_end_.size(); ++token)
    if (is_end_[token] = text.tokenizer.ends_generation(static_cast<Token>(token)); is_end_[token])
      ends_.push_back(static_cast<Token>(token));
}

Result<std::vector<CapabilityScores>> PanelScorer::run(const std::vector<AskedCapability>& panel, Observer& observer) {
  std::vector<CapabilityScores> results(panel.size());
  plan_work(panel, results);
  const uint64_t items = work_.size(), generation = items / 4;  // what is left to generate takes the smaller part
  PartObserver following(observer, 0, items - generation, items);
  PartObserver generating(observer, items - generation, generation, items);
  RUNG_CHECK(follow_all(following));
  RUNG_CHECK(generate_open(generating));
  if (scores()) RUNG_CHECK(read_generated(observer));
  observer.progress("panel", items, items);
  return results;
}

void PanelScorer::plan_work(const std::vector<AskedCapability>& panel, std::vector<CapabilityScores>& results) {
  for (size_t index = 0; index < panel.size(); ++index) {
    const auto& prompts = panel[index].prompts;
    results[index].items.resize(prompts.size());
    results[index].answers.resize(prompts.size());
    for (size_t item = 0; item < prompts.size(); ++item)
      work_.push_back({&prompts[item], &results[index].items[item], &results[index].answers[item], {}, {}});
  }
}

/// Tokens of an answer.
size_t PanelScorer::limit(const PanelItem& item) const {
  return item.max_tokens ? static_cast<size_t>(*item.max_tokens) : options_.generate.max_new;
}

/// The answer is over without a token that says so: at the limit, or at one of the item's stops.
bool PanelScorer::is_cut(const PanelItem& item, std::span<const Token> answer) const {
  if (answer.size() >= limit(item)) return true;
  if (item.stops.empty()) return false;
  const std::string written = text_.tokenizer.decode(answer, false);
  return std::any_of(item.stops.begin(), item.stops.end(),
                     [&](const std::string& stop) { return written.find(stop) != std::string::npos; });
}

/// What is forced on the model first: the choices, or the gold text and, if that is another one, the answer of the
/// reference.
std::vector<std::vector<Token>> PanelScorer::gold_texts(const PanelPrompt& prompt) const {
  if (!prompt.choices.empty()) return prompt.choices;
  const Token end = ends_.empty() ? 0 : ends_.front();
  std::vector<std::vector<Token>> texts = {gold_and_end(prompt, end)};
  if (!scores() || !prompt.reference_answer || *prompt.reference_answer == prompt.gold) return texts;
  texts.push_back(*prompt.reference_answer);
  if (!is_cut(*prompt.item, texts.back())) texts.back().push_back(end);
  return texts;
}

/// Whether this place is where the text ends, so that any token that ends an answer is right.
bool PanelScorer::ends_text(const Work& work, size_t text, size_t position, Pass pass) const {
  if (is_choice(work)) return false;
  if (pass == Pass::kGold && text == 0) return position == work.prompt->gold.size();
  return is_end_[static_cast<size_t>(work.texts[text][position])];
}

PanelScorer::Row PanelScorer::read_row(const Work& work, const ForcedPosition& at, std::span<const float> logits,
                                       Pass pass) const {
  Row row;
  if (!scores() && !is_choice(work)) {
    row.prediction.likeliest = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    return row;
  }
  row.prediction = read_prediction(logits);
  const bool end = ends_text(work, at.continuation, at.position, pass);
  const Token right = work.texts[at.continuation][at.position];
  row.nll = row.prediction.log_sum - (end ? log_sum_of(logits, ends_) : logits[static_cast<size_t>(right)]);
  if (pass == Pass::kAnswers || is_choice(work) || at.continuation > 0) return row;
  float best = -std::numeric_limits<float>::infinity(), other = best;
  for (size_t token = 0; token < logits.size(); ++token) {
    const bool accepted = end ? is_end_[token] : static_cast<Token>(token) == right;
    float& highest = accepted ? best : other;
    highest = std::max(highest, logits[token]);
  }
  row.lead = static_cast<double>(best) - other;
  if (options_.reference == nullptr || work.prompt->gold.empty()) return row;
  const auto reference = options_.reference->row(*work.prompt->item, at.position);
  row.divergence = kl_divergence(reference, log_sum_exp(reference), logits, row.prediction.log_sum);
  return row;
}

Result<std::vector<PanelScorer::Rows>> PanelScorer::force(std::span<Work* const> part, Pass pass,
                                                          Observer& observer) const {
  std::vector<ForcedPrompt> prompts;
  std::vector<Rows> rows;
  for (const Work* work : part) {
    prompts.push_back({work->prompt->tokens, {work->texts.begin(), work->texts.end()}});
    rows.emplace_back();
    for (const auto& text : work->texts) rows.back().emplace_back(text.size());
  }
  const auto visit = [&](const ForcedPosition& at, std::span<const float> logits) {
    rows[at.prompt][at.continuation][at.position] = read_row(*part[at.prompt], at, logits, pass);
  };
  RUNG_CHECK(force_texts(engine_, pool_, prompts, forcing_, visit, "panel", observer));
  for (size_t index = 0; index < part.size(); ++index)
    for (const auto& text : rows[index])
      for (const Row& row : text)
        if (!std::isfinite(row.prediction.log_sum) || std::isnan(row.divergence))
          return failed_error("the model's logits are not finite on panel item {}: its weights are damaged",
                              part[index]->prompt->item->id);
  return rows;
}

/// The end of the group of items from `begin` on whose rows of the reference fit together; all items without one.
size_t PanelScorer::next_group(size_t begin) const {
  if (options_.reference == nullptr) return work_.size();
  size_t floats = 0, end = begin;
  for (; end < work_.size() && (end == begin || floats < kGroupFloats); ++end)
    floats += (work_[end].prompt->gold.size() + 1) * options_.reference->vocabulary();
  return end;
}

Status PanelScorer::follow_all(Observer& observer) {
  for (size_t begin = 0; begin < work_.size();) {
    const size_t end = next_group(begin);
    std::vector<Work*> group;
    for (size_t index = begin; index < end; ++index) group.push_back(&work_[index]);
    PartObserver part(observer, begin, end - begin, work_.size());
    RUNG_CHECK(follow_group(group, part));
    begin = end;
  }
  return {};
}

Status PanelScorer::follow_group(std::span<Work* const> group, Observer& observer) {
  if (options_.reference != nullptr) {
    std::vector<const PanelPrompt*> prompts;
    for (const Work* work : group) prompts.push_back(work->prompt);
    PartObserver silent(observer, 0, 0, 1);
    RUNG_CHECK(options_.reference->prepare(prompts, silent));
  }
  for (Work* work : group) work->texts = gold_texts(*work->prompt);
  RUNG_TRY(const auto rows, force(group, Pass::kGold, observer));
  for (size_t index = 0; index < group.size(); ++index) {
    Work& work = *group[index];
    if (is_choice(work)) {
      score_choice(work, rows[index]);
      continue;
    }
    if (scores()) score_gold(work, rows[index]);
    follow(work, rows[index]);
  }
  return {};
}

void PanelScorer::follow(Work& work, const Rows& rows) const {
  std::vector<Token> greedy;
  for (const Row& row : rows[0]) greedy.push_back(row.prediction.likeliest);
  const auto beginning_may = [&](std::span<const Token> tokens) {
    return may_become_right(*work.prompt->item, text_.tokenizer.decode(tokens, false));
  };
  const auto ends = [&](Token token) { return is_end_[static_cast<size_t>(token)]; };
  const auto is_complete = [&](std::span<const Token> tokens) { return is_cut(*work.prompt->item, tokens); };
  work.path = follow_gold(work.prompt->gold, greedy, {ends, is_complete, beginning_may});
  if (work.path.state == PathState::kOpen) return;
  if (scores()) score_predictions(*work.score, std::span(rows[0]).first(work.path.predictions));
  work.score->open = work.path.state == PathState::kWrong;
  if (work.path.state == PathState::kEnded) {
    work.score->right = grade(*work.prompt->item, text_.tokenizer.decode(work.path.tokens, false));
    *work.answer = work.path.tokens;
  }
}

void PanelScorer::score_gold(Work& work, const Rows& rows) const {
  const PanelPrompt& prompt = *work.prompt;
  ItemScore& score = *work.score;
  if (!prompt.gold.empty()) {
    score.margin = std::numeric_limits<double>::infinity();
    for (size_t position = 0; position < rows[0].size(); ++position) {
      const Row& row = rows[0][position];
      score.gold.add(row.nll);
      score.margin = std::min(score.margin, row.lead);
      const bool is_end = position == prompt.gold.size();
      const AnswerKind kind = is_end ? AnswerKind::kEnd : answer_kind(text_.tokenizer, prompt.gold[position]);
      if (options_.reference != nullptr) score.divergence[static_cast<size_t>(kind)].add(row.divergence);
    }
  }
  if (!prompt.reference_answer) return;
  if (rows.size() == 1) {
    score.own = score.gold;
    return;
  }
  for (const Row& row : rows[1]) score.own.add(row.nll);
}

void PanelScorer::score_choice(Work& work, const Rows& rows) const {
  const PanelItem& item = *work.prompt->item;
  ChoiceScores choices;
  for (size_t choice = 0; choice < rows.size(); ++choice) {
    double log_likelihood = 0;
    for (const Row& row : rows[choice]) log_likelihood -= row.nll;
    choices.log_likelihood.push_back(log_likelihood);
    choices.lengths.push_back(count_characters(item.choices->at(choice).get_ref<const std::string&>()));
  }
  const size_t chosen = item.by_length ? choices.likeliest_by_length() : choices.likeliest();
  work.path.state = PathState::kEnded;
  work.path.tokens = work.prompt->choices[chosen];
  work.score->right = item.choices->at(chosen) == *item.answer;
  *work.answer = work.path.tokens;
  if (!scores()) return;
  ItemScore& score = *work.score;
  const std::vector<double> shares = choices.probabilities(item.by_length);
  score.confidence = score.max_probability = shares[chosen];
  // Not the logarithms of the shares: a share may be too small for a number, and the margin with it infinite.
  const std::vector<double> compared = choices.compared(item.by_length);
  double best_other = -std::numeric_limits<double>::infinity();
  for (size_t choice = 0; choice < rows.size(); ++choice) {
    if (shares[choice] > 0) score.entropy -= shares[choice] * std::log(shares[choice]);
    if (item.choices->at(choice) != *item.answer) best_other = std::max(best_other, compared[choice]);
  }
  for (size_t choice = 0; choice < rows.size(); ++choice) {
    if (item.choices->at(choice) != *item.answer) continue;
    for (const Row& row : rows[choice]) score.gold.add(row.nll);
    score.margin = compared[choice] - best_other;
  }
}

void PanelScorer::score_predictions(ItemScore& score, std::span<const Row> rows) const {
  double log_probability = 0, entropy = 0, probability = 0;
  for (const Row& row : rows) {
    log_probability += std::log(row.prediction.probability);
    entropy += row.prediction.entropy;
    probability += row.prediction.probability;
  }
  const auto count = static_cast<double>(std::max<size_t>(1, rows.size()));
  score.confidence = std::exp(log_probability);
  score.entropy = entropy / count;
  score.max_probability = probability / count;
}

Status PanelScorer::generate_open(Observer& observer) {
  std::vector<Work*> open;
  std::vector<std::vector<Token>> prompts;
  for (Work& work : work_) {
    const bool wanted =
        work.path.state == PathState::kOpen || (work.path.state == PathState::kWrong && options_.whole_answers);
    if (!wanted) continue;
    open.push_back(&work);
    prompts.push_back(work.prompt->tokens);
    prompts.back().insert(prompts.back().end(), work.path.tokens.begin(), work.path.tokens.end());
  }
  const auto ends = [&](Token token) { return is_end_[static_cast<size_t>(token)]; };
  GenerateOptions options = options_.generate;
  options.is_complete = [&](size_t index, std::span<const Token> tokens) {
    std::vector<Token> answer = open[index]->path.tokens;
    answer.insert(answer.end(), tokens.begin(), tokens.end());
    return is_cut(*open[index]->prompt->item, answer);
  };
  for (const Work* work : open) options.max_new = std::max(options.max_new, limit(*work->prompt->item));
  RUNG_TRY(const auto answers, generate(engine_, pool_, ends, prompts, options, "panel", observer));
  for (size_t index = 0; index < open.size(); ++index) {
    Work& work = *open[index];
    std::vector<Token> answer = work.path.tokens;
    answer.insert(answer.end(), answers[index].begin(), answers[index].end());
    if (work.path.state == PathState::kOpen) {
      work.score->generated = true;
      work.score->right = grade(*work.prompt->item, text_.tokenizer.decode(answer, false));
      work.score->runaway = answer.size() == limit(*work.prompt->item) && ends_in_loop(answer);
      work.path.tokens = answer;
    }
    *work.answer = std::move(answer);
  }
  return {};
}

/// Generation keeps no probabilities; one more prefill has them.
Status PanelScorer::read_generated(Observer& observer) {
  std::vector<Work*> generated;
  for (Work& work : work_) {
    if (!work.score->generated) continue;
    work.texts = {work.path.tokens};
    if (!is_cut(*work.prompt->item, work.path.tokens)) work.texts[0].push_back(ends_.empty() ? 0 : ends_.front());
    generated.push_back(&work);
  }
  PartObserver silent(observer, 0, 0, 1);
  RUNG_TRY(const auto rows, force(generated, Pass::kAnswers, silent));
  for (size_t index = 0; index < generated.size(); ++index) score_predictions(*generated[index]->score, rows[index][0]);
  return {};
}

}  // namespace rung
