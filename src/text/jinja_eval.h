// Runs a parsed template once. Variables live in scopes as in Jinja: loops, macros and blocks have their own,
// conditions do not; a macro sees the scope in which it was defined.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_ast.h"
#include "text/jinja_runtime.h"

namespace rung::jinja {

struct Scope {
  explicit Scope(Scope* outer) : parent(outer) {}
  Scope* parent;
  std::map<std::string, Value, std::less<>> names;
  bool is_captured = false;  ///< a macro refers to it, so it must outlive its block
};

class Evaluator {
 public:
  /// `context` must outlive the evaluator, as must the tree.
  explicit Evaluator(const Dict& context) : context_(context) {}
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  Result<std::string> run(const Block& block);
  Result<Value> call_macro(std::string_view name, const Signature& signature, const Block& body, Scope* closure,
                           const CallArgs& args);

 private:
  enum class Flow { kNormal, kBreak, kContinue };
  class ScopeGuard;

  Result<Value> eval(const Expr& expr);
  Result<Value> eval_node(const Expr& expr);
  Value eval_name(const std::string& name) const;
  Result<Value> eval_list(const Expr& expr, Form form);
  Result<Value> eval_dict(const Expr& expr);
  Result<Value> eval_logic(const Expr& expr);
  Result<Value> eval_binary(const Expr& expr);
  Result<Value> eval_concat(const Expr& expr);
  Result<Value> eval_compare(const Expr& expr);
  Result<Value> eval_conditional(const Expr& expr);
  Result<Value> eval_item(const Expr& expr);
  Result<Value> eval_slice(const Expr& expr);
  Result<Value> eval_call(const Expr& expr, const Value* caller = nullptr);
  Result<Value> eval_filter(const Expr& expr, const Value* input = nullptr);
  Result<Value> eval_test(const Expr& expr);
  Result<CallArgs> eval_arguments(const CallSyntax& call);

  Result<Flow> exec_block(const Block& block);
  Result<Flow> exec(const Stmt& stmt);
  Result<Flow> exec_if(const Stmt& stmt);
  Result<Flow> exec_for(const Stmt& stmt);
  Result<std::vector<Value>> loop_items(const Stmt& stmt);
  Result<Flow> exec_scope(const Block& block);
  Status exec_set_block(const Stmt& stmt);
  Status exec_call(const Stmt& stmt);
  Status exec_with(const Stmt& stmt);
  Status assign(const Expr& target, Value value);
  Status emit(std::string_view text);
  Status emit_value(const Value& value);
  /// The text that a block prints, run in a scope of its own; through a filter chain unless null.
  Result<Value> capture(const Block& block, const Expr* filters);
  /// Puts the arguments of a call into the current scope.
  Status bind_macro(std::string_view name, const Signature& signature, const CallArgs& args);
  Value make_macro(std::string_view name, const Stmt& stmt);
  Error locate(Error error, int line);

  const Dict& context_;
  std::vector<std::unique_ptr<Scope>> kept_;  ///< scopes that macros refer to
  Runtime runtime_;
  Scope root_{nullptr};
  Scope* scope_ = &root_;
  std::string output_;
  std::string* sink_ = &output_;
  bool is_located_ = false;  ///< the error on its way out names its line already
};

}  // namespace rung::jinja
