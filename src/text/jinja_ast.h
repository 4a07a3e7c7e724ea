// The tree of a parsed template. Immutable once parsed; shared by all renderings.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja_ops.h"
#include "text/jinja_value.h"

namespace rung::jinja {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct CallSyntax {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr more_positional;  ///< *expression, or null
  ExprPtr more_named;       ///< **expression, or null
};

enum class ExprKind {
  kConstant,     ///< value
  kName,         ///< name
  kList,         ///< parts
  kTuple,        ///< parts
  kDict,         ///< parts: key, value, key, value ...
  kNot,          ///< parts[0]
  kNegate,       ///< parts[0]
  kPositive,     ///< parts[0]
  kAnd,          ///< parts[0], parts[1]
  kOr,           ///< parts[0], parts[1]
  kBinary,       ///< binary: parts[0], parts[1]
  kConcat,       ///< parts, as text
  kCompare,      ///< parts[0] compares[0] parts[1] compares[1] parts[2] ...
  kConditional,  ///< parts: condition, value if true, value if false (may be null)
  kAttribute,    ///< parts[0].name
  kItem,         ///< parts[0][parts[1]]
  kSlice,        ///< parts[0][parts[1]:parts[2]:parts[3]], each bound may be null
  kCall,         ///< parts[0](call)
  kFilter,       ///< parts[0] | name(call); parts[0] is null for the text of a block
  kTest,         ///< parts[0] is name(call)
};

struct Expr {
  ExprKind kind = ExprKind::kConstant;
  int line = 1;
  size_t height = 1;  ///< of the tree; limited by the parser, so that walking it cannot overflow the stack
  Value value;
  std::string name;
  BinaryOp binary = BinaryOp::kAdd;
  std::vector<CompareOp> compares;
  std::vector<ExprPtr> parts;
  CallSyntax call;
};

struct Stmt;
using Block = std::vector<Stmt>;

/// Parameters of a macro or of a call block's caller; defaults may be null.
struct Signature {
  std::vector<std::pair<std::string, ExprPtr>> parameters;
  bool uses_varargs = false;
  bool uses_kwargs = false;
  bool uses_caller = false;
};

enum class StmtKind {
  kText,      ///< text
  kPrint,     ///< expr
  kIf,        ///< branches, body when none holds
  kFor,       ///< target, expr, condition (may be null), body, otherwise
  kSet,       ///< target = expr
  kSetBlock,  ///< target = body, through expr (a filter chain, may be null)
  kMacro,     ///< text is its name; signature, body
  kCall,      ///< expr is a call; signature and body of the caller
  kFilter,    ///< expr is a filter chain for body
  kWith,      ///< assignments, body
  kBreak,
  kContinue,
  kScope,  ///< body with variables of its own ({% generation %})
};

struct Stmt {
  StmtKind kind = StmtKind::kText;
  int line = 1;
  std::string text;
  ExprPtr target;
  ExprPtr expr;
  ExprPtr condition;
  std::vector<std::pair<ExprPtr, Block>> branches;
  std::vector<std::pair<ExprPtr, ExprPtr>> assignments;
  Signature signature;
  Block body;
  Block otherwise;
};

}  // namespace rung::jinja
