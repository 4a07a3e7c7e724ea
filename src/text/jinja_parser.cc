#include "text/jinja_parser.h"

#include <algorithm>

#include "text/jinja_parse_expr.h"
#include "text/jinja_text.h"

namespace rung::jinja {
namespace {

constexpr size_t kMaxBlockNesting = 100;

class TemplateParser : private ExprParser {
 public:
  explicit TemplateParser(std::vector<Token> tokens) : ExprParser(std::move(tokens)) {}
  Result<Block> parse_all() { return parse_block({}); }

 private:
  /// Statements up to a tag that begins with one of `ends`, which is left for the caller; the cursor is on that name.
  Result<Block> parse_block(std::vector<std::string_view> ends);
  /// The end of the tag under the cursor, then a block, then the end tag `end`.
  Result<Block> parse_body(std::string_view end);
  Status end_tag();
  Result<Stmt> parse_statement();
  Result<Stmt> parse_if();
  Result<Stmt> parse_for();
  Result<Stmt> parse_set();
  Result<Stmt> parse_macro();
  Result<Stmt> parse_call_block();
  Result<Stmt> parse_filter_block();
  Result<Stmt> parse_with();
  Result<Stmt> parse_loop_control(StmtKind kind);
  Status parse_signature(Signature& signature);
  Result<Block> parse_function_body(std::string_view end, Signature& signature);
  Stmt begin(StmtKind kind) const;

  size_t block_nesting_ = 0;
  size_t loop_depth_ = 0;
};

Stmt TemplateParser::begin(StmtKind kind) const {
  Stmt stmt;
  stmt.kind = kind;
  stmt.line = current().line;
  return stmt;
}

Status TemplateParser::end_tag() {
  if (current().type != TokenType::kBlockEnd) {
    return fail(fmt::format("expected '%}}', found {}", describe(current())));
  }
  take();
  return {};
}

Result<Block> TemplateParser::parse_block(std::vector<std::string_view> ends) {
  if (++block_nesting_ > kMaxBlockNesting) return fail("blocks are nested too deeply");
  const int begin_line = current().line;
  Block block;
  while (current().type != TokenType::kEnd) {
    const Token token = take();
    if (token.type == TokenType::kData) {
      Stmt stmt = begin(StmtKind::kText);
      stmt.text = token.text;
      block.push_back(std::move(stmt));
    } else if (token.type == TokenType::kPrintBegin) {
      Stmt stmt = begin(StmtKind::kPrint);
      RUNG_TRY(stmt.expr, parse_tuple(true));
      if (current().type != TokenType::kPrintEnd) {
        return fail(fmt::format("expected '}}}}', found {}", describe(current())));
      }
      take();
      block.push_back(std::move(stmt));
    } else {
      const bool is_end =
          current().type == TokenType::kName && std::find(ends.begin(), ends.end(), current().text) != ends.end();
      if (is_end) {
        --block_nesting_;
        return block;
      }
      RUNG_TRY(Stmt stmt, parse_statement());
      RUNG_CHECK(end_tag());
      block.push_back(std::move(stmt));
    }
  }
  --block_nesting_;
  if (!ends.empty()) {
    return fail(
        fmt::format("end of template, but the block of line {} is not closed by '{}'", begin_line, ends.back()));
  }
  return block;
}

Result<Block> TemplateParser::parse_body(std::string_view end) {
  skip_operator(":");
  RUNG_CHECK(end_tag());
  RUNG_TRY(Block body, parse_block({end}));
  take();
  return body;
}

Result<Stmt> TemplateParser::parse_statement() {
  const Token token = take();
  if (token.type != TokenType::kName) {
    return fail_at(token.line, fmt::format("expected a statement, found {}", describe(token)));
  }
  if (token.text == "if") return parse_if();
  if (token.text == "for") return parse_for();
  if (token.text == "set") return parse_set();
  if (token.text == "macro") return parse_macro();
  if (token.text == "call") return parse_call_block();
  if (token.text == "filter") return parse_filter_block();
  if (token.text == "with") return parse_with();
  if (token.text == "break") return parse_loop_control(StmtKind::kBreak);
  if (token.text == "continue") return parse_loop_control(StmtKind::kContinue);
  if (token.text == "generation") {
    Stmt stmt = begin(StmtKind::kScope);
    RUNG_TRY(stmt.body, parse_body("endgeneration"));
    return stmt;
  }
  return fail_at(token.line, fmt::format("unknown statement '{}'", token.text));
}

Result<Stmt> TemplateParser::parse_if() {
  Stmt stmt = begin(StmtKind::kIf);
  ++condition_depth_;
  while (true) {
    RUNG_TRY(ExprPtr condition, parse_tuple(false));
    skip_operator(":");
    RUNG_CHECK(end_tag());
    RUNG_TRY(Block body, parse_block({"elif", "else", "endif"}));
    stmt.branches.emplace_back(std::move(condition), std::move(body));
    const std::string next = take().text;
    if (next == "elif") continue;
    if (next == "else") {
      RUNG_TRY(stmt.body, parse_body("endif"));
    }
    break;
  }
  --condition_depth_;
  return stmt;
}

Result<Stmt> TemplateParser::parse_for() {
  Stmt stmt = begin(StmtKind::kFor);
  RUNG_TRY(stmt.target, parse_target(false));
  if (!skip_name("in")) return fail(fmt::format("expected 'in', found {}", describe(current())));
  RUNG_TRY(stmt.expr, parse_tuple(false));
  if (skip_name("if")) {
    RUNG_TRY(stmt.condition, parse_expression());
  }
  if (current().is_name("recursive")) return fail("recursive loops are not supported");
  skip_operator(":");
  RUNG_CHECK(end_tag());
  ++loop_depth_;
  RUNG_TRY(stmt.body, parse_block({"else", "endfor"}));
  --loop_depth_;
  if (take().text == "else") {
    RUNG_TRY(stmt.otherwise, parse_body("endfor"));
  }
  return stmt;
}

Result<Stmt> TemplateParser::parse_set() {
  Stmt stmt = begin(StmtKind::kSet);
  RUNG_TRY(stmt.target, parse_target(true));
  if (skip_operator("=")) {
    RUNG_TRY(stmt.expr, parse_tuple(true));
    return stmt;
  }
  stmt.kind = StmtKind::kSetBlock;
  if (skip_operator("|")) {
    RUNG_TRY(stmt.expr, parse_filter_chain());
  }
  RUNG_TRY(stmt.body, parse_body("endset"));
  return stmt;
}

Status TemplateParser::parse_signature(Signature& signature) {
  RUNG_CHECK(expect_operator("("));
  while (!current().is_operator(")")) {
    RUNG_TRY(std::string name, expect_name());
    ExprPtr fallback;
    if (skip_operator("=")) {
      RUNG_TRY(fallback, parse_expression());
    } else if (!signature.parameters.empty() && signature.parameters.back().second) {
      return fail("a parameter without default follows one with a default");
    }
    if (name == "caller") signature.uses_caller = true;
    signature.parameters.emplace_back(std::move(name), std::move(fallback));
    if (!skip_operator(",")) break;
  }
  return expect_operator(")");
}

Result<Block> TemplateParser::parse_function_body(std::string_view end, Signature& signature) {
  const size_t outer_loops = loop_depth_;
  loop_depth_ = 0;
  macros_.push_back(&signature);
  RUNG_TRY(Block body, parse_body(end));
  macros_.pop_back();
  loop_depth_ = outer_loops;
  return body;
}

Result<Stmt> TemplateParser::parse_macro() {
  Stmt stmt = begin(StmtKind::kMacro);
  RUNG_TRY(stmt.text, expect_name());
  RUNG_CHECK(parse_signature(stmt.signature));
  RUNG_TRY(stmt.body, parse_function_body("endmacro", stmt.signature));
  return stmt;
}

Result<Stmt> TemplateParser::parse_call_block() {
  Stmt stmt = begin(StmtKind::kCall);
  if (current().is_operator("(")) RUNG_CHECK(parse_signature(stmt.signature));
  RUNG_TRY(stmt.expr, parse_expression());
  if (stmt.expr->kind != ExprKind::kCall) return fail("expected a call");
  RUNG_TRY(stmt.body, parse_function_body("endcall", stmt.signature));
  return stmt;
}

Result<Stmt> TemplateParser::parse_filter_block() {
  Stmt stmt = begin(StmtKind::kFilter);
  RUNG_TRY(stmt.expr, parse_filter_chain());
  RUNG_TRY(stmt.body, parse_body("endfilter"));
  return stmt;
}

Result<Stmt> TemplateParser::parse_with() {
  Stmt stmt = begin(StmtKind::kWith);
  while (current().type == TokenType::kName) {
    RUNG_TRY(ExprPtr target, parse_target(false));
    RUNG_CHECK(expect_operator("="));
    RUNG_TRY(ExprPtr value, parse_expression());
    stmt.assignments.emplace_back(std::move(target), std::move(value));
    if (!skip_operator(",")) break;
  }
  RUNG_TRY(stmt.body, parse_body("endwith"));
  return stmt;
}

Result<Stmt> TemplateParser::parse_loop_control(StmtKind kind) {
  if (loop_depth_ == 0) return fail(kind == StmtKind::kBreak ? "'break' outside a loop" : "'continue' outside a loop");
  return begin(kind);
}

}  // namespace

Result<Block> parse_template(std::string_view source) {
  RUNG_TRY(std::vector<Token> tokens, tokenize(source));
  return TemplateParser(std::move(tokens)).parse_all();
}

}  // namespace rung::jinja
