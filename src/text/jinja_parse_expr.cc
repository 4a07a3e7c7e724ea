#include "text/jinja_parse_expr.h"

#include <algorithm>

#include "text/jinja_builtins.h"

namespace rung::jinja {
namespace {

/// Parentheses within parentheses; the parser uses about a dozen stack frames for each.
constexpr size_t kMaxNesting = 100;
constexpr size_t kMaxHeight = 300;

size_t height_of(const ExprPtr& expr) { return expr ? expr->height : 0; }

size_t height_of(const CallSyntax& call) {
  size_t height = std::max(height_of(call.more_positional), height_of(call.more_named));
  for (const ExprPtr& expr : call.positional) height = std::max(height, expr->height);
  for (const auto& [name, expr] : call.named) height = std::max(height, expr->height);
  return height;
}

std::vector<ExprPtr> parts_of(ExprPtr first, ExprPtr second = nullptr, ExprPtr third = nullptr) {
  std::vector<ExprPtr> parts;
  parts.push_back(std::move(first));
  if (second) parts.push_back(std::move(second));
  if (third) parts.push_back(std::move(third));
  return parts;
}

}  // namespace

class ExprParser::Nesting {
 public:
  explicit Nesting(ExprParser& parser) : parser_(parser) { ++parser_.nesting_; }
  ~Nesting() { --parser_.nesting_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  Status check() const {
    if (parser_.nesting_ > kMaxNesting) return parser_.fail("expression is nested too deeply");
    return {};
  }

 private:
  ExprParser& parser_;
};

bool ExprParser::skip_operator(std::string_view symbol) {
  if (!current().is_operator(symbol)) return false;
  take();
  return true;
}

bool ExprParser::skip_name(std::string_view name) {
  if (!current().is_name(name)) return false;
  take();
  return true;
}

Status ExprParser::expect_operator(std::string_view symbol) {
  if (!skip_operator(symbol)) return fail(fmt::format("expected '{}', found {}", symbol, describe(current())));
  return {};
}

Result<std::string> ExprParser::expect_name() {
  if (current().type != TokenType::kName) return fail(fmt::format("expected a name, found {}", describe(current())));
  return take().text;
}

Result<ExprPtr> ExprParser::make(ExprKind kind, int line, std::vector<ExprPtr> parts, std::string name) const {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->line = line;
  expr->name = std::move(name);
  expr->parts = std::move(parts);
  for (const ExprPtr& part : expr->parts) expr->height = std::max(expr->height, height_of(part) + 1);
  if (expr->height > kMaxHeight) return fail_at(line, "expression is too long: more than 300 operations in a chain");
  return expr;
}

Result<ExprPtr> ExprParser::parse_expression(bool with_conditional) {
  const Nesting nesting(*this);
  RUNG_CHECK(nesting.check());
  RUNG_TRY(ExprPtr expr, parse_or());
  while (with_conditional && current().is_name("if")) {
    const int line = take().line;
    ++condition_depth_;
    RUNG_TRY(ExprPtr condition, parse_or());
    ExprPtr otherwise;
    if (skip_name("else")) {
      RUNG_TRY(otherwise, parse_expression());
    }
    --condition_depth_;
    RUNG_TRY(expr,
             make(ExprKind::kConditional, line, parts_of(std::move(condition), std::move(expr), std::move(otherwise))));
  }
  return expr;
}

Result<ExprPtr> ExprParser::parse_tuple(bool with_conditional, bool may_be_empty) {
  const int line = current().line;
  const auto at_end = [this] {
    return current().type == TokenType::kPrintEnd || current().type == TokenType::kBlockEnd ||
           current().is_operator(")") || current().is_operator(":");
  };
  std::vector<ExprPtr> parts;
  bool is_tuple = false;
  while (!at_end() && !current().is_name("recursive")) {
    RUNG_TRY(ExprPtr part, parse_expression(with_conditional));
    parts.push_back(std::move(part));
    if (!skip_operator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && parts.size() == 1) return std::move(parts[0]);
  if (!is_tuple && !may_be_empty) return fail(fmt::format("expected an expression, found {}", describe(current())));
  return make(ExprKind::kTuple, line, std::move(parts));
}

Result<ExprPtr> ExprParser::parse_target(bool with_namespace) {
  const Nesting nesting(*this);
  RUNG_CHECK(nesting.check());
  const int line = current().line;
  std::vector<ExprPtr> parts;
  bool is_tuple = false;
  while (!current().is_operator(")") && !current().is_name("in") && !current().is_operator("=")) {
    if (skip_operator("(")) {
      RUNG_TRY(ExprPtr part, parse_target(false));
      parts.push_back(std::move(part));
      RUNG_CHECK(expect_operator(")"));
    } else {
      RUNG_TRY(std::string name, expect_name());
      static constexpr std::string_view kFixed[] = {"true", "false", "none", "True", "False", "None"};
      if (std::find(std::begin(kFixed), std::end(kFixed), name) != std::end(kFixed)) {
        return fail_at(line, fmt::format("cannot assign to '{}'", name));
      }
      RUNG_TRY(ExprPtr part, make(ExprKind::kName, line, {}, std::move(name)));
      if (with_namespace && parts.empty() && skip_operator(".")) {
        RUNG_TRY(std::string attribute, expect_name());
        return make(ExprKind::kAttribute, line, parts_of(std::move(part)), std::move(attribute));
      }
      parts.push_back(std::move(part));
    }
    if (!skip_operator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && parts.size() == 1) return std::move(parts[0]);
  if (parts.empty()) return fail(fmt::format("expected a name to assign to, found {}", describe(current())));
  return make(ExprKind::kTuple, line, std::move(parts));
}

Result<ExprPtr> ExprParser::parse_or() {
  RUNG_TRY(ExprPtr left, parse_and());
  while (current().is_name("or")) {
    const int line = take().line;
    RUNG_TRY(ExprPtr right, parse_and());
    RUNG_TRY(left, make(ExprKind::kOr, line, parts_of(std::move(left), std::move(right))));
  }
  return left;
}

Result<ExprPtr> ExprParser::parse_and() {
  RUNG_TRY(ExprPtr left, parse_not());
  while (current().is_name("and")) {
    const int line = take().line;
    RUNG_TRY(ExprPtr right, parse_not());
    RUNG_TRY(left, make(ExprKind::kAnd, line, parts_of(std::move(left), std::move(right))));
  }
  return left;
}

Result<ExprPtr> ExprParser::parse_not() {
  if (!current().is_name("not")) return parse_compare();
  const Nesting nesting(*this);
  RUNG_CHECK(nesting.check());
  const int line = take().line;
  RUNG_TRY(ExprPtr operand, parse_not());
  return make(ExprKind::kNot, line, parts_of(std::move(operand)));
}

bool ExprParser::compare_operator(CompareOp& op) {
  static constexpr std::pair<std::string_view, CompareOp> kSymbols[] = {
      {"==", CompareOp::kEqual},     {"!=", CompareOp::kNotEqual}, {"<", CompareOp::kLess},
      {"<=", CompareOp::kLessEqual}, {">", CompareOp::kGreater},   {">=", CompareOp::kGreaterEqual}};
  for (const auto& [symbol, meaning] : kSymbols) {
    op = meaning;
    if (skip_operator(symbol)) return true;
  }
  op = CompareOp::kIn;
  if (skip_name("in")) return true;
  op = CompareOp::kNotIn;
  if (!current().is_name("not") || !ahead().is_name("in")) return false;
  take();
  take();
  return true;
}

Result<ExprPtr> ExprParser::parse_compare() {
  const int line = current().line;
  RUNG_TRY(ExprPtr first, parse_sum());
  std::vector<ExprPtr> parts = parts_of(std::move(first));
  std::vector<CompareOp> compares;
  for (CompareOp op{}; compare_operator(op);) {
    RUNG_TRY(ExprPtr next, parse_sum());
    parts.push_back(std::move(next));
    compares.push_back(op);
  }
  if (compares.empty()) return std::move(parts[0]);
  RUNG_TRY(ExprPtr expr, make(ExprKind::kCompare, line, std::move(parts)));
  expr->compares = std::move(compares);
  return expr;
}

Result<ExprPtr> ExprParser::left_chain(Step next,
                                       std::initializer_list<std::pair<std::string_view, BinaryOp>> operators) {
  RUNG_TRY(ExprPtr left, (this->*next)());
  while (true) {
    const auto found = std::find_if(operators.begin(), operators.end(),
                                    [this](const auto& entry) { return current().is_operator(entry.first); });
    if (found == operators.end()) return left;
    const int line = take().line;
    RUNG_TRY(ExprPtr right, (this->*next)());
    RUNG_TRY(left, make(ExprKind::kBinary, line, parts_of(std::move(left), std::move(right))));
    left->binary = found->second;
  }
}

Result<ExprPtr> ExprParser::parse_sum() {
  return left_chain(&ExprParser::parse_concat, {{"+", BinaryOp::kAdd}, {"-", BinaryOp::kSubtract}});
}

Result<ExprPtr> ExprParser::parse_concat() {
  const int line = current().line;
  RUNG_TRY(ExprPtr first, parse_product());
  if (!current().is_operator("~")) return first;
  std::vector<ExprPtr> parts = parts_of(std::move(first));
  while (skip_operator("~")) {
    RUNG_TRY(ExprPtr next, parse_product());
    parts.push_back(std::move(next));
  }
  return make(ExprKind::kConcat, line, std::move(parts));
}

Result<ExprPtr> ExprParser::parse_product() {
  return left_chain(
      &ExprParser::parse_power,
      {{"*", BinaryOp::kMultiply}, {"/", BinaryOp::kDivide}, {"//", BinaryOp::kFloorDivide}, {"%", BinaryOp::kModulo}});
}

Result<ExprPtr> ExprParser::parse_power() {
  return left_chain(&ExprParser::parse_filtered_unary, {{"**", BinaryOp::kPower}});
}

Result<ExprPtr> ExprParser::parse_unary(bool with_filter) {
  const Nesting nesting(*this);
  RUNG_CHECK(nesting.check());
  const bool is_negative = current().is_operator("-");
  ExprPtr expr;
  if (is_negative || current().is_operator("+")) {
    const int line = take().line;
    RUNG_TRY(ExprPtr operand, parse_unary(false));
    RUNG_TRY(expr, make(is_negative ? ExprKind::kNegate : ExprKind::kPositive, line, parts_of(std::move(operand))));
  } else {
    RUNG_TRY(expr, parse_primary());
  }
  RUNG_TRY(expr, parse_postfix(std::move(expr)));
  return with_filter ? parse_filters_and_tests(std::move(expr)) : Result<ExprPtr>(std::move(expr));
}

void ExprParser::note_name(std::string_view name) {
  for (Signature* macro : macros_) {
    if (name == "varargs") macro->uses_varargs = true;
    if (name == "kwargs") macro->uses_kwargs = true;
    if (name == "caller") macro->uses_caller = true;
  }
}

Result<ExprPtr> ExprParser::parse_primary() {
  if (current().is_operator("[")) return parse_list();
  if (current().is_operator("{")) return parse_dict();
  if (skip_operator("(")) {
    RUNG_TRY(ExprPtr inner, parse_tuple(true, true));
    RUNG_CHECK(expect_operator(")"));
    return inner;
  }
  const Token token = take();
  RUNG_TRY(ExprPtr expr, make(ExprKind::kConstant, token.line, {}));
  switch (token.type) {
    case TokenType::kInteger:
      expr->value = Value(token.integer);
      return expr;
    case TokenType::kFloat:
      expr->value = Value(token.real);
      return expr;
    case TokenType::kString: {
      std::string text = token.text;
      while (current().type == TokenType::kString) text += take().text;
      expr->value = Value(std::move(text));
      return expr;
    }
    case TokenType::kName:
      break;
    default:
      return fail_at(token.line, fmt::format("expected an expression, found {}", describe(token)));
  }
  if (token.text == "none" || token.text == "None") return expr;
  const bool is_true = token.text == "true" || token.text == "True";
  if (is_true || token.text == "false" || token.text == "False") {
    expr->value = Value(is_true);
    return expr;
  }
  note_name(token.text);
  expr->kind = ExprKind::kName;
  expr->name = token.text;
  return expr;
}

Result<ExprPtr> ExprParser::parse_list() {
  const int line = take().line;
  std::vector<ExprPtr> parts;
  while (!current().is_operator("]")) {
    RUNG_TRY(ExprPtr part, parse_expression());
    parts.push_back(std::move(part));
    if (!skip_operator(",")) break;
  }
  RUNG_CHECK(expect_operator("]"));
  return make(ExprKind::kList, line, std::move(parts));
}

Result<ExprPtr> ExprParser::parse_dict() {
  const int line = take().line;
  std::vector<ExprPtr> parts;
  while (!current().is_operator("}")) {
    RUNG_TRY(ExprPtr key, parse_expression());
    RUNG_CHECK(expect_operator(":"));
    RUNG_TRY(ExprPtr value, parse_expression());
    parts.push_back(std::move(key));
    parts.push_back(std::move(value));
    if (!skip_operator(",")) break;
  }
  RUNG_CHECK(expect_operator("}"));
  return make(ExprKind::kDict, line, std::move(parts));
}

Result<ExprPtr> ExprParser::parse_postfix(ExprPtr expr) {
  while (true) {
    if (current().is_operator(".") || current().is_operator("[")) {
      RUNG_TRY(expr, parse_subscript(std::move(expr)));
    } else if (current().is_operator("(")) {
      RUNG_TRY(expr, parse_call(std::move(expr)));
    } else {
      return expr;
    }
  }
}

Result<ExprPtr> ExprParser::parse_filters_and_tests(ExprPtr expr) {
  while (true) {
    if (skip_operator("|")) {
      RUNG_TRY(expr, parse_filter(std::move(expr)));
    } else if (current().is_name("is")) {
      RUNG_TRY(expr, parse_test(std::move(expr)));
    } else if (current().is_operator("(")) {
      RUNG_TRY(expr, parse_call(std::move(expr)));
    } else {
      return expr;
    }
  }
}

Result<ExprPtr> ExprParser::parse_subscript(ExprPtr expr) {
  const int line = current().line;
  if (skip_operator(".")) {
    if (current().type == TokenType::kName) {
      return make(ExprKind::kAttribute, line, parts_of(std::move(expr)), take().text);
    }
    if (current().type != TokenType::kInteger) return fail("expected a name or number behind '.'");
    RUNG_TRY(ExprPtr key, parse_primary());
    return make(ExprKind::kItem, line, parts_of(std::move(expr), std::move(key)));
  }
  take();
  if (current().is_operator(":")) {
    std::vector<ExprPtr> parts = parts_of(std::move(expr));
    parts.push_back(nullptr);
    RUNG_TRY(ExprPtr slice, make(ExprKind::kSlice, line, std::move(parts)));
    return parse_slice(std::move(slice), line);
  }
  RUNG_TRY(ExprPtr key, parse_expression());
  const bool is_slice = current().is_operator(":");
  RUNG_TRY(ExprPtr item,
           make(is_slice ? ExprKind::kSlice : ExprKind::kItem, line, parts_of(std::move(expr), std::move(key))));
  if (is_slice) return parse_slice(std::move(item), line);
  RUNG_CHECK(expect_operator("]"));
  return item;
}

Result<ExprPtr> ExprParser::parse_slice(ExprPtr expr, int line) {
  std::vector<ExprPtr> parts = std::move(expr->parts);
  while (parts.size() < 4) {
    ExprPtr bound;
    if (skip_operator(":") && !current().is_operator(":") && !current().is_operator("]")) {
      RUNG_TRY(bound, parse_expression());
    }
    parts.push_back(std::move(bound));
  }
  RUNG_CHECK(expect_operator("]"));
  return make(ExprKind::kSlice, line, std::move(parts));
}

Status ExprParser::parse_argument(CallSyntax& call) {
  if (skip_operator("*")) {
    if (call.more_positional || call.more_named) return fail("invalid arguments of a call");
    RUNG_TRY(call.more_positional, parse_expression());
    return {};
  }
  if (skip_operator("**")) {
    if (call.more_named) return fail("invalid arguments of a call");
    RUNG_TRY(call.more_named, parse_expression());
    return {};
  }
  if (current().type == TokenType::kName && ahead().is_operator("=")) {
    if (call.more_named) return fail("invalid arguments of a call");
    std::string name = take().text;
    take();
    RUNG_TRY(ExprPtr value, parse_expression());
    call.named.emplace_back(std::move(name), std::move(value));
    return {};
  }
  if (call.more_positional || call.more_named || !call.named.empty()) return fail("invalid arguments of a call");
  RUNG_TRY(ExprPtr value, parse_expression());
  call.positional.push_back(std::move(value));
  return {};
}

Result<CallSyntax> ExprParser::parse_arguments() {
  CallSyntax call;
  RUNG_CHECK(expect_operator("("));
  while (!current().is_operator(")")) {
    RUNG_CHECK(parse_argument(call));
    if (!skip_operator(",")) break;
  }
  RUNG_CHECK(expect_operator(")"));
  return call;
}

Result<ExprPtr> ExprParser::parse_call(ExprPtr expr) {
  const int line = current().line;
  RUNG_TRY(CallSyntax call, parse_arguments());
  RUNG_TRY(ExprPtr made, make(ExprKind::kCall, line, parts_of(std::move(expr))));
  made->call = std::move(call);
  made->height = std::max(made->height, height_of(made->call) + 1);
  return made;
}

Result<ExprPtr> ExprParser::parse_filter(ExprPtr expr) {
  const int line = current().line;
  RUNG_TRY(std::string name, expect_name());
  if (condition_depth_ == 0 && find_filter(name) == nullptr) {
    return fail_at(line, fmt::format("no filter named '{}'", name));
  }
  CallSyntax call;
  if (current().is_operator("(")) {
    RUNG_TRY(call, parse_arguments());
  }
  RUNG_TRY(ExprPtr made, make(ExprKind::kFilter, line, parts_of(std::move(expr)), std::move(name)));
  made->call = std::move(call);
  made->height = std::max(made->height, height_of(made->call) + 1);
  return made;
}

Result<ExprPtr> ExprParser::parse_filter_chain() {
  RUNG_TRY(ExprPtr chain, parse_filter(nullptr));
  while (skip_operator("|")) {
    RUNG_TRY(chain, parse_filter(std::move(chain)));
  }
  return chain;
}

Result<ExprPtr> ExprParser::parse_test(ExprPtr expr) {
  const int line = take().line;
  const bool is_negated = skip_name("not");
  RUNG_TRY(std::string name, expect_name());
  if (condition_depth_ == 0 && find_test(name) == nullptr) {
    return fail_at(line, fmt::format("no test named '{}'", name));
  }
  CallSyntax call;
  const Token& next = current();
  const bool is_value =
      next.type == TokenType::kString || next.type == TokenType::kInteger || next.type == TokenType::kFloat ||
      next.is_operator("[") || next.is_operator("{") ||
      (next.type == TokenType::kName && !next.is_name("else") && !next.is_name("or") && !next.is_name("and"));
  if (next.is_operator("(")) {
    RUNG_TRY(call, parse_arguments());
  } else if (next.is_name("is")) {
    return fail("tests cannot be chained with 'is'");
  } else if (is_value) {
    RUNG_TRY(ExprPtr argument, parse_primary());
    RUNG_TRY(argument, parse_postfix(std::move(argument)));
    call.positional.push_back(std::move(argument));
  }
  RUNG_TRY(ExprPtr made, make(ExprKind::kTest, line, parts_of(std::move(expr)), std::move(name)));
  made->call = std::move(call);
  made->height = std::max(made->height, height_of(made->call) + 1);
  if (!is_negated) return made;
  return make(ExprKind::kNot, line, parts_of(std::move(made)));
}

}  // namespace rung::jinja
