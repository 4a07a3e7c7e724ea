#include <algorithm>

#include "text/jinja_builtins.h"
#include "text/jinja_eval.h"
#include "text/jinja_loop.h"
#include "text/jinja_print.h"

namespace rung::jinja {
namespace {

class Macro final : public Object {
 public:
  Macro(Evaluator& evaluator, std::string_view name, const Stmt& stmt, Scope* closure)
      : evaluator_(evaluator), name_(name), stmt_(stmt), closure_(closure) {}
  std::string_view type_name() const override { return "Macro"; }
  bool is_callable() const override { return true; }
  Result<Value> call(Runtime&, const CallArgs& args) override {
    return evaluator_.call_macro(name_, stmt_.signature, stmt_.body, closure_, args);
  }
  Value attribute(std::string_view name) const override {
    return name == "name" ? Value(std::string(name_)) : Object::attribute(name);
  }

 private:
  Evaluator& evaluator_;
  std::string_view name_;
  const Stmt& stmt_;
  Scope* closure_;
};

}  // namespace

/// Makes a scope the current one; the one before comes back at the end.
class Evaluator::ScopeGuard {
 public:
  ScopeGuard(Evaluator& evaluator, Scope* parent)
      : evaluator_(evaluator), before_(evaluator.scope_), scope_(std::make_unique<Scope>(parent)) {
    evaluator_.scope_ = scope_.get();
  }
  ~ScopeGuard() {
    evaluator_.scope_ = before_;
    if (scope_->is_captured) evaluator_.kept_.push_back(std::move(scope_));
  }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  Scope& operator*() const { return *scope_; }

 private:
  Evaluator& evaluator_;
  Scope* before_;
  std::unique_ptr<Scope> scope_;
};

Result<std::string> Evaluator::run(const Block& block) {
  const auto flow = exec_block(block);
  if (!flow) return tl::unexpected(flow.error());
  return std::move(output_);
}

Error Evaluator::locate(Error error, int line) {
  if (!is_located_) error.message = fmt::format("line {}: {}", line, error.message);
  is_located_ = true;
  return error;
}

Status Evaluator::emit(std::string_view text) {
  if (text.size() > kMaxTextBytes - std::min(sink_->size(), kMaxTextBytes)) {
    return input_error("the output is longer than {} bytes", kMaxTextBytes);
  }
  sink_->append(text);
  return runtime_.charge(1 + text.size() / 64);
}

Status Evaluator::emit_value(const Value& value) {
  if (const std::string* text = value.text()) return emit(*text);
  RUNG_TRY(const std::string text, print(runtime_, value));
  return emit(text);
}

Result<Evaluator::Flow> Evaluator::exec_block(const Block& block) {
  const Runtime::Level level(runtime_);
  RUNG_CHECK(level.check());
  for (const Stmt& stmt : block) {
    RUNG_CHECK(runtime_.charge(1));
    auto flow = exec(stmt);
    if (!flow) return tl::unexpected(locate(std::move(flow.error()), stmt.line));
    if (*flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Result<Evaluator::Flow> Evaluator::exec(const Stmt& stmt) {
  switch (stmt.kind) {
    case StmtKind::kText:
      RUNG_CHECK(emit(stmt.text));
      break;
    case StmtKind::kPrint:
      RUNG_CHECK(eval(*stmt.expr).and_then([this](const Value& v) { return emit_value(v); }));
      break;
    case StmtKind::kIf:
      return exec_if(stmt);
    case StmtKind::kFor:
      return exec_for(stmt);
    case StmtKind::kSet: {
      RUNG_TRY(Value value, eval(*stmt.expr));
      RUNG_CHECK(assign(*stmt.target, std::move(value)));
      break;
    }
    case StmtKind::kSetBlock:
      RUNG_CHECK(exec_set_block(stmt));
      break;
    case StmtKind::kMacro:
      scope_->names[stmt.text] = make_macro(stmt.text, stmt);
      break;
    case StmtKind::kCall:
      RUNG_CHECK(exec_call(stmt));
      break;
    case StmtKind::kFilter: {
      RUNG_TRY(const Value value, capture(stmt.body, stmt.expr.get()));
      RUNG_CHECK(emit_value(value));
      break;
    }
    case StmtKind::kWith:
      RUNG_CHECK(exec_with(stmt));
      break;
    case StmtKind::kBreak:
      return Flow::kBreak;
    case StmtKind::kContinue:
      return Flow::kContinue;
    case StmtKind::kScope:
      return exec_scope(stmt.body);
  }
  return Flow::kNormal;
}

Result<Evaluator::Flow> Evaluator::exec_if(const Stmt& stmt) {
  for (const auto& [condition, body] : stmt.branches) {
    RUNG_TRY(const Value value, eval(*condition));
    if (truth(value)) return exec_block(body);
  }
  return exec_block(stmt.body);
}

Result<std::vector<Value>> Evaluator::loop_items(const Stmt& stmt) {
  RUNG_TRY(const Value sequence, eval(*stmt.expr));
  RUNG_TRY(std::vector<Value> items, iterate(runtime_, sequence));
  if (!stmt.condition) return items;
  std::vector<Value> chosen;
  for (Value& item : items) {
    const ScopeGuard scope(*this, scope_);
    RUNG_CHECK(assign(*stmt.target, item));
    RUNG_TRY(const Value keep, eval(*stmt.condition));
    if (truth(keep)) chosen.push_back(std::move(item));
  }
  return chosen;
}

Result<Evaluator::Flow> Evaluator::exec_for(const Stmt& stmt) {
  RUNG_TRY(std::vector<Value> items, loop_items(stmt));
  if (items.empty()) return exec_scope(stmt.otherwise);
  const auto loop = std::make_shared<Loop>(std::move(items));
  Flow flow = Flow::kNormal;
  for (; loop->index < loop->items().size() && flow != Flow::kBreak; ++loop->index) {
    RUNG_CHECK(runtime_.charge(16));
    const ScopeGuard scope(*this, scope_);
    (*scope).names["loop"] = Value(std::static_pointer_cast<Object>(loop));
    RUNG_CHECK(assign(*stmt.target, loop->items()[loop->index]));
    RUNG_TRY(flow, exec_block(stmt.body));
  }
  return Flow::kNormal;
}

Result<Evaluator::Flow> Evaluator::exec_scope(const Block& block) {
  const ScopeGuard scope(*this, scope_);
  return exec_block(block);
}

Result<Value> Evaluator::capture(const Block& block, const Expr* filters) {
  std::string text;
  std::string* const outer = std::exchange(sink_, &text);
  const auto flow = exec_scope(block);
  sink_ = outer;
  if (!flow) return tl::unexpected(flow.error());
  RUNG_TRY(Value value, runtime_.make_text(std::move(text)));
  if (filters == nullptr) return value;
  return eval_filter(*filters, &value);
}

Status Evaluator::exec_set_block(const Stmt& stmt) {
  RUNG_TRY(Value value, capture(stmt.body, stmt.expr.get()));
  return assign(*stmt.target, std::move(value));
}

Status Evaluator::exec_call(const Stmt& stmt) {
  const Value caller = make_macro("caller", stmt);
  RUNG_TRY(const Value value, eval_call(*stmt.expr, &caller));
  return emit_value(value);
}

Status Evaluator::exec_with(const Stmt& stmt) {
  std::vector<Value> values;
  for (const auto& [target, expr] : stmt.assignments) {
    RUNG_TRY(Value value, eval(*expr));
    values.push_back(std::move(value));
  }
  const ScopeGuard scope(*this, scope_);
  for (size_t at = 0; at < values.size(); ++at) RUNG_CHECK(assign(*stmt.assignments[at].first, std::move(values[at])));
  RUNG_CHECK(exec_block(stmt.body));
  return {};
}

Status Evaluator::assign(const Expr& target, Value value) {
  if (target.kind == ExprKind::kName) {
    scope_->names[target.name] = std::move(value);
    return {};
  }
  if (target.kind == ExprKind::kAttribute) {
    const Value owner = eval_name(target.parts[0]->name);
    auto* space = dynamic_cast<Namespace*>(owner.object());
    if (space == nullptr) return input_error("cannot assign attribute on non-namespace object");
    space->values.set(target.name, std::move(value));
    return {};
  }
  RUNG_TRY(std::vector<Value> items, iterate(runtime_, value));
  if (items.size() != target.parts.size()) {
    return input_error("cannot unpack {} values into {} names", items.size(), target.parts.size());
  }
  for (size_t at = 0; at < items.size(); ++at) RUNG_CHECK(assign(*target.parts[at], std::move(items[at])));
  return {};
}

Value Evaluator::make_macro(std::string_view name, const Stmt& stmt) {
  for (Scope* scope = scope_; scope != nullptr && !scope->is_captured; scope = scope->parent) scope->is_captured = true;
  return Value(std::static_pointer_cast<Object>(std::make_shared<Macro>(*this, name, stmt, scope_)));
}

Status Evaluator::bind_macro(std::string_view name, const Signature& signature, const CallArgs& args) {
  auto& names = scope_->names;
  const size_t count = signature.parameters.size();
  if (args.positional.size() > count && !signature.uses_varargs) {
    return input_error("macro '{}' takes not more than {} argument(s)", name, count);
  }
  const size_t bound = std::min(count, args.positional.size());
  for (size_t at = 0; at < bound; ++at) names[signature.parameters[at].first] = args.positional[at];
  if (signature.uses_varargs) {
    std::vector<Value> surplus(args.positional.begin() + static_cast<ptrdiff_t>(bound), args.positional.end());
    RUNG_TRY(names["varargs"], runtime_.make_list(std::move(surplus), Form::kTuple));
  }
  if (signature.uses_caller) names["caller"] = Value::undefined("No caller defined");
  auto surplus = std::make_shared<Dict>();
  for (const auto& [key, value] : args.named) {
    const auto is_key = [&key = key](const auto& parameter) { return parameter.first == key; };
    const bool is_known =
        std::any_of(signature.parameters.begin() + static_cast<ptrdiff_t>(bound), signature.parameters.end(), is_key);
    if (is_known || (key == "caller" && signature.uses_caller)) {
      names[key] = value;
    } else if (signature.uses_kwargs) {
      surplus->set(key, value);
    } else {
      return input_error("macro '{}' takes no keyword argument '{}'", name, key);
    }
  }
  if (signature.uses_kwargs) {
    RUNG_TRY(names["kwargs"], runtime_.make_dict(std::move(surplus)));
  }
  return {};
}

Result<Value> Evaluator::call_macro(std::string_view name, const Signature& signature, const Block& body,
                                    Scope* closure, const CallArgs& args) {
  RUNG_CHECK(runtime_.charge(16));
  const ScopeGuard scope(*this, closure);
  RUNG_CHECK(bind_macro(name, signature, args));
  for (const auto& [parameter, fallback] : signature.parameters) {
    if ((*scope).names.count(parameter) > 0) continue;
    Value value = Value::undefined(fmt::format("parameter '{}' was not provided", parameter));
    if (fallback) {
      RUNG_TRY(value, eval(*fallback));
    }
    (*scope).names[parameter] = std::move(value);
  }
  return capture(body, nullptr);
}

}  // namespace rung::jinja
