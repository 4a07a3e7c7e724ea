#include "text/jinja_eval.h"

#include "text/jinja_builtins.h"
#include "text/jinja_print.h"

namespace rung::jinja {

Result<Value> Evaluator::eval(const Expr& expr) {
  const Runtime::Level level(runtime_);
  RUNG_CHECK(level.check());
  RUNG_CHECK(runtime_.charge(1));
  auto value = eval_node(expr);
  if (!value) return tl::unexpected(locate(std::move(value.error()), expr.line));
  return value;
}

Result<Value> Evaluator::eval_node(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kConstant:
      return expr.value;
    case ExprKind::kName:
      return eval_name(expr.name);
    case ExprKind::kList:
      return eval_list(expr, Form::kList);
    case ExprKind::kTuple:
      return eval_list(expr, Form::kTuple);
    case ExprKind::kDict:
      return eval_dict(expr);
    case ExprKind::kNot:
      return eval(*expr.parts[0]).map([](const Value& value) { return Value(!truth(value)); });
    case ExprKind::kNegate:
      return eval(*expr.parts[0]).and_then(negate);
    case ExprKind::kPositive:
      return eval(*expr.parts[0]).and_then(positive);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return eval_logic(expr);
    case ExprKind::kBinary:
      return eval_binary(expr);
    case ExprKind::kConcat:
      return eval_concat(expr);
    case ExprKind::kCompare:
      return eval_compare(expr);
    case ExprKind::kConditional:
      return eval_conditional(expr);
    case ExprKind::kAttribute:
      return eval(*expr.parts[0]).and_then([&](const Value& value) { return get_attribute(value, expr.name); });
    case ExprKind::kItem:
      return eval_item(expr);
    case ExprKind::kSlice:
      return eval_slice(expr);
    case ExprKind::kCall:
      return eval_call(expr);
    case ExprKind::kFilter:
      return eval_filter(expr);
    case ExprKind::kTest:
      return eval_test(expr);
  }
  return Value();
}

Value Evaluator::eval_name(const std::string& name) const {
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->parent) {
    const auto found = scope->names.find(name);
    if (found != scope->names.end()) return found->second;
  }
  if (const Value* found = context_.find(name)) return *found;
  if (auto global = find_global(name)) return std::move(*global);
  return Value::undefined(fmt::format("'{}' is undefined", name));
}

Result<Value> Evaluator::eval_list(const Expr& expr, Form form) {
  std::vector<Value> items;
  for (const ExprPtr& part : expr.parts) {
    RUNG_TRY(Value item, eval(*part));
    items.push_back(std::move(item));
  }
  return runtime_.make_list(std::move(items), form);
}

Result<Value> Evaluator::eval_dict(const Expr& expr) {
  auto dict = std::make_shared<Dict>();
  for (size_t at = 0; at < expr.parts.size(); at += 2) {
    RUNG_TRY(Value key, eval(*expr.parts[at]));
    RUNG_TRY(Value value, eval(*expr.parts[at + 1]));
    RUNG_CHECK(runtime_.charge_walk(key));
    RUNG_CHECK(dict->set(std::move(key), std::move(value)));
  }
  return runtime_.make_dict(std::move(dict));
}

Result<Value> Evaluator::eval_logic(const Expr& expr) {
  RUNG_TRY(Value left, eval(*expr.parts[0]));
  if (truth(left) == (expr.kind == ExprKind::kOr)) return left;
  return eval(*expr.parts[1]);
}

Result<Value> Evaluator::eval_binary(const Expr& expr) {
  RUNG_TRY(const Value left, eval(*expr.parts[0]));
  RUNG_TRY(const Value right, eval(*expr.parts[1]));
  return apply(runtime_, expr.binary, left, right);
}

Result<Value> Evaluator::eval_concat(const Expr& expr) {
  std::string out;
  for (const ExprPtr& part : expr.parts) {
    RUNG_TRY(const Value value, eval(*part));
    RUNG_TRY(const std::string text, print(runtime_, value));
    out += text;
  }
  return runtime_.make_text(std::move(out));
}

Result<Value> Evaluator::eval_compare(const Expr& expr) {
  RUNG_TRY(Value left, eval(*expr.parts[0]));
  for (size_t at = 0; at < expr.compares.size(); ++at) {
    RUNG_TRY(Value right, eval(*expr.parts[at + 1]));
    RUNG_TRY(const bool holds, compare(runtime_, expr.compares[at], left, right));
    if (!holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Result<Value> Evaluator::eval_conditional(const Expr& expr) {
  RUNG_TRY(const Value condition, eval(*expr.parts[0]));
  if (truth(condition)) return eval(*expr.parts[1]);
  if (expr.parts.size() > 2) return eval(*expr.parts[2]);
  return Value::undefined("the condition of an inline if without else does not hold");
}

Result<Value> Evaluator::eval_item(const Expr& expr) {
  RUNG_TRY(const Value value, eval(*expr.parts[0]));
  RUNG_TRY(const Value key, eval(*expr.parts[1]));
  return get_item(runtime_, value, key);
}

Result<Value> Evaluator::eval_slice(const Expr& expr) {
  RUNG_TRY(const Value value, eval(*expr.parts[0]));
  Value bounds[3];
  for (size_t at = 0; at < 3; ++at) {
    if (!expr.parts[at + 1]) continue;
    RUNG_TRY(bounds[at], eval(*expr.parts[at + 1]));
  }
  return get_slice(runtime_, value, bounds[0], bounds[1], bounds[2]);
}

Result<CallArgs> Evaluator::eval_arguments(const CallSyntax& call) {
  CallArgs args;
  for (const ExprPtr& expr : call.positional) {
    RUNG_TRY(Value value, eval(*expr));
    args.positional.push_back(std::move(value));
  }
  for (const auto& [name, expr] : call.named) {
    RUNG_TRY(Value value, eval(*expr));
    args.named.emplace_back(name, std::move(value));
  }
  if (call.more_positional) {
    RUNG_TRY(const Value more, eval(*call.more_positional));
    RUNG_TRY(const std::vector<Value> items, iterate(runtime_, more));
    args.positional.insert(args.positional.end(), items.begin(), items.end());
  }
  if (call.more_named) {
    RUNG_TRY(const Value more, eval(*call.more_named));
    if (more.dict() == nullptr) return input_error("argument after ** must be a mapping, not {}", type_name(more));
    for (const auto& [key, value] : more.dict()->entries()) {
      if (!key.is_text()) return input_error("keywords must be strings");
      args.named.emplace_back(*key.text(), value);
    }
  }
  return args;
}

Result<Value> Evaluator::eval_call(const Expr& expr, const Value* caller) {
  RUNG_TRY(const Value callee, eval(*expr.parts[0]));
  RUNG_TRY(CallArgs args, eval_arguments(expr.call));
  if (callee.is_undefined()) return undefined_error(callee);
  if (callee.object() == nullptr || !callee.object()->is_callable()) {
    return input_error("'{}' object is not callable", type_name(callee));
  }
  if (caller != nullptr) args.named.emplace_back("caller", *caller);
  return callee.object()->call(runtime_, args);
}

Result<Value> Evaluator::eval_filter(const Expr& expr, const Value* input) {
  const Filter filter = find_filter(expr.name);
  if (filter == nullptr) return input_error("no filter named '{}'", expr.name);
  Value value;
  if (!expr.parts[0]) {
    value = *input;
  } else if (input != nullptr) {
    RUNG_TRY(value, eval_filter(*expr.parts[0], input));
  } else {
    RUNG_TRY(value, eval(*expr.parts[0]));
  }
  RUNG_TRY(const CallArgs args, eval_arguments(expr.call));
  return filter(runtime_, value, args);
}

Result<Value> Evaluator::eval_test(const Expr& expr) {
  const Test test = find_test(expr.name);
  if (test == nullptr) return input_error("no test named '{}'", expr.name);
  RUNG_TRY(const Value value, eval(*expr.parts[0]));
  RUNG_TRY(const CallArgs args, eval_arguments(expr.call));
  return test(runtime_, value, args).map([](bool holds) { return Value(holds); });
}

}  // namespace rung::jinja
