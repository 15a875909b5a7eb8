#ifndef TILESCALE_CC_IR_STMT_H_
#define TILESCALE_CC_IR_STMT_H_

#include "cc/ir/buffer.h"
#include "cc/ir/expr.h"
#include "cc/ir/span.h"

namespace tilescale::ir {

using AttrMap = ffi::Map<ffi::String, ffi::Any>;

/// An action. Statements of a sequence happen in order; all meaning is synchronous.
class StmtObj : public ffi::Object {
 public:
  Span span;

  explicit StmtObj(Span span) : span(std::move(span)) {}
  static constexpr const uint32_t _type_child_slots = 64;
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO("tilescale.ir.Stmt", StmtObj, ffi::Object);
};
class Stmt : public ffi::ObjectRef {
 public:
  explicit Stmt(ffi::ObjectPtr<StmtObj> node) : ObjectRef(std::move(node)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Stmt, ffi::ObjectRef, StmtObj);
};

/// Statements in order. `Bind`, `Alloc`, `View` and `DeclTensor` inside are visible from there to
/// the end of this sequence. An empty sequence does nothing.
class SeqObj : public StmtObj {
 public:
  ffi::Array<Stmt> stmts;

  SeqObj(ffi::Array<Stmt> stmts, Span span) : StmtObj(std::move(span)), stmts(std::move(stmts)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Seq", SeqObj, StmtObj);
};
class Seq : public Stmt {
 public:
  explicit Seq(ffi::Array<Stmt> stmts, Span span = Span())
      : Stmt(ffi::make_object<SeqObj>(std::move(stmts), std::move(span))) {}
  /// One statement for many: nested sequences without declarations are joined, a single one is
  /// returned as it is.
  static Stmt Flatten(const ffi::Array<Stmt>& stmts);
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Seq, Stmt, SeqObj);
};

/// `var = value`, evaluated once, here.
class BindObj : public StmtObj {
 public:
  Var var;
  Expr value;

  BindObj(Var var, Expr value, Span span)
      : StmtObj(std::move(span)), var(std::move(var)), value(std::move(value)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Bind", BindObj, StmtObj);
};
class Bind : public Stmt {
 public:
  Bind(Var var, Expr value, Span span = Span())
      : Stmt(ffi::make_object<BindObj>(std::move(var), std::move(value), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Bind, Stmt, BindObj);
};

/// A new on-chip buffer; its contents are undefined unless `init` (scope var only) is given.
class AllocObj : public StmtObj {
 public:
  Buffer buffer;
  ffi::Optional<Expr> init;

  AllocObj(Buffer buffer, ffi::Optional<Expr> init, Span span)
      : StmtObj(std::move(span)), buffer(std::move(buffer)), init(std::move(init)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Alloc", AllocObj, StmtObj);
};
class Alloc : public Stmt {
 public:
  explicit Alloc(Buffer buffer, ffi::Optional<Expr> init = std::nullopt, Span span = Span())
      : Stmt(ffi::make_object<AllocObj>(std::move(buffer), std::move(init), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Alloc, Stmt, AllocObj);
};

/// `buffer` names the memory of `source` under another shape or dtype, same total bits.
class ViewObj : public StmtObj {
 public:
  Buffer buffer;
  Buffer source;

  ViewObj(Buffer buffer, Buffer source, Span span)
      : StmtObj(std::move(span)), buffer(std::move(buffer)), source(std::move(source)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.View", ViewObj, StmtObj);
};
class View : public Stmt {
 public:
  View(Buffer buffer, Buffer source, Span span = Span())
      : Stmt(ffi::make_object<ViewObj>(std::move(buffer), std::move(source), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(View, Stmt, ViewObj);
};

/// `buffer` is a global tensor at a run-time address (handle or 64-bit integer).
class DeclTensorObj : public StmtObj {
 public:
  Buffer buffer;
  Expr address;

  DeclTensorObj(Buffer buffer, Expr address, Span span)
      : StmtObj(std::move(span)), buffer(std::move(buffer)), address(std::move(address)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.DeclTensor", DeclTensorObj, StmtObj);
};
class DeclTensor : public Stmt {
 public:
  DeclTensor(Buffer buffer, Expr address, Span span = Span())
      : Stmt(ffi::make_object<DeclTensorObj>(std::move(buffer), std::move(address),
                                             std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(DeclTensor, Stmt, DeclTensorObj);
};

/// `buffer[indices] = value`. Outside a global buffer it is dropped.
class StoreObj : public StmtObj {
 public:
  Buffer buffer;
  ffi::Array<Expr> indices;
  Expr value;

  StoreObj(Buffer buffer, ffi::Array<Expr> indices, Expr value, Span span)
      : StmtObj(std::move(span)),
        buffer(std::move(buffer)),
        indices(std::move(indices)),
        value(std::move(value)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Store", StoreObj, StmtObj);
};
class Store : public Stmt {
 public:
  Store(Buffer buffer, ffi::Array<Expr> indices, Expr value, Span span = Span())
      : Stmt(ffi::make_object<StoreObj>(std::move(buffer), std::move(indices), std::move(value),
                                        std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Store, Stmt, StoreObj);
};

/// Evaluates an expression for its effects.
class EvaluateObj : public StmtObj {
 public:
  Expr value;

  EvaluateObj(Expr value, Span span) : StmtObj(std::move(span)), value(std::move(value)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Evaluate", EvaluateObj, StmtObj);
};
class Evaluate : public Stmt {
 public:
  explicit Evaluate(Expr value, Span span = Span())
      : Stmt(ffi::make_object<EvaluateObj>(std::move(value), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Evaluate, Stmt, EvaluateObj);
};

class IfObj : public StmtObj {
 public:
  Expr cond;
  Stmt then_body;
  ffi::Optional<Stmt> else_body;

  IfObj(Expr cond, Stmt then_body, ffi::Optional<Stmt> else_body, Span span)
      : StmtObj(std::move(span)),
        cond(std::move(cond)),
        then_body(std::move(then_body)),
        else_body(std::move(else_body)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.If", IfObj, StmtObj);
};
class If : public Stmt {
 public:
  If(Expr cond, Stmt then_body, ffi::Optional<Stmt> else_body = std::nullopt, Span span = Span())
      : Stmt(ffi::make_object<IfObj>(std::move(cond), std::move(then_body), std::move(else_body),
                                     std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(If, Stmt, IfObj);
};

/// How the iterations of a `For` may be carried out. All give the result of `kSerial`; the others
/// are requests: `kPipelined` overlaps iterations (attrs num_stages, order, stage).
enum class ForKind : int64_t { kSerial, kUnroll, kVectorized, kPipelined };
const char* ForKindName(ForKind kind);

/// Runs `body` for var = min, min + step, ... (extent iterations; none if extent <= 0).
class ForObj : public StmtObj {
 public:
  Var var;
  Expr min;
  Expr extent;
  Expr step;
  ForKind kind;
  Stmt body;
  AttrMap attrs;

  ForObj(Var var, Expr min, Expr extent, Expr step, ForKind kind, Stmt body, AttrMap attrs,
         Span span)
      : StmtObj(std::move(span)),
        var(std::move(var)),
        min(std::move(min)),
        extent(std::move(extent)),
        step(std::move(step)),
        kind(kind),
        body(std::move(body)),
        attrs(std::move(attrs)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.For", ForObj, StmtObj);
};
class For : public Stmt {
 public:
  For(Var var, Expr min, Expr extent, Expr step, ForKind kind, Stmt body, AttrMap attrs = {},
      Span span = Span())
      : Stmt(ffi::make_object<ForObj>(std::move(var), std::move(min), std::move(extent),
                                      std::move(step), kind, std::move(body), std::move(attrs),
                                      std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(For, Stmt, ForObj);
};

/// Runs `body` for each point of the box [0, extents), in any order or at once. Iterations that
/// touch one element, one of them writing, are an error except through atomics.
class ParallelObj : public StmtObj {
 public:
  ffi::Array<Var> vars;
  ffi::Array<Expr> extents;
  Stmt body;
  AttrMap attrs;

  ParallelObj(ffi::Array<Var> vars, ffi::Array<Expr> extents, Stmt body, AttrMap attrs, Span span)
      : StmtObj(std::move(span)),
        vars(std::move(vars)),
        extents(std::move(extents)),
        body(std::move(body)),
        attrs(std::move(attrs)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Parallel", ParallelObj, StmtObj);
};
class Parallel : public Stmt {
 public:
  Parallel(ffi::Array<Var> vars, ffi::Array<Expr> extents, Stmt body, AttrMap attrs = {},
           Span span = Span())
      : Stmt(ffi::make_object<ParallelObj>(std::move(vars), std::move(extents), std::move(body),
                                           std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Parallel, Stmt, ParallelObj);
};

class WhileObj : public StmtObj {
 public:
  Expr cond;
  Stmt body;

  WhileObj(Expr cond, Stmt body, Span span)
      : StmtObj(std::move(span)), cond(std::move(cond)), body(std::move(body)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.While", WhileObj, StmtObj);
};
class While : public Stmt {
 public:
  While(Expr cond, Stmt body, Span span = Span())
      : Stmt(ffi::make_object<WhileObj>(std::move(cond), std::move(body), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(While, Stmt, WhileObj);
};

/// Leaves, or goes to the next iteration of, the innermost `For` or `While`.
class BreakObj : public StmtObj {
 public:
  explicit BreakObj(Span span) : StmtObj(std::move(span)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Break", BreakObj, StmtObj);
};
class Break : public Stmt {
 public:
  explicit Break(Span span = Span()) : Stmt(ffi::make_object<BreakObj>(std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Break, Stmt, BreakObj);
};
class ContinueObj : public StmtObj {
 public:
  explicit ContinueObj(Span span) : StmtObj(std::move(span)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Continue", ContinueObj, StmtObj);
};
class Continue : public Stmt {
 public:
  explicit Continue(Span span = Span()) : Stmt(ffi::make_object<ContinueObj>(std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Continue, Stmt, ContinueObj);
};

/// The launch grid: one program per point of [0, extents), vars[0] fastest, independent of each
/// other, in any order or at once. `threads` are the extents of a program's threads, empty if the
/// target may choose. Exactly one, at the top of a function's body (after its `Bind`s).
class TileLoopObj : public StmtObj {
 public:
  ffi::Array<Var> vars;
  ffi::Array<Expr> extents;
  ffi::Array<Expr> threads;
  Stmt body;
  AttrMap attrs;

  TileLoopObj(ffi::Array<Var> vars, ffi::Array<Expr> extents, ffi::Array<Expr> threads, Stmt body,
              AttrMap attrs, Span span)
      : StmtObj(std::move(span)),
        vars(std::move(vars)),
        extents(std::move(extents)),
        threads(std::move(threads)),
        body(std::move(body)),
        attrs(std::move(attrs)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.TileLoop", TileLoopObj, StmtObj);
};
class TileLoop : public Stmt {
 public:
  TileLoop(ffi::Array<Var> vars, ffi::Array<Expr> extents, ffi::Array<Expr> threads, Stmt body,
           AttrMap attrs = {}, Span span = Span())
      : Stmt(ffi::make_object<TileLoopObj>(std::move(vars), std::move(extents), std::move(threads),
                                           std::move(body), std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(TileLoop, Stmt, TileLoopObj);
};

/// The user's promise that `cond` holds from here to the end of the sequence. The prover uses it;
/// breaking it has no meaning.
class AssumeObj : public StmtObj {
 public:
  Expr cond;

  AssumeObj(Expr cond, Span span) : StmtObj(std::move(span)), cond(std::move(cond)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Assume", AssumeObj, StmtObj);
};
class Assume : public Stmt {
 public:
  explicit Assume(Expr cond, Span span = Span())
      : Stmt(ffi::make_object<AssumeObj>(std::move(cond), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Assume, Stmt, AssumeObj);
};

/// A fact or hint about the rest of the sequence: key "safe_value" (target: the buffer, value: Expr
/// read outside it), "layout" (target: the buffer, value: a layout), "swizzle", "l2_hit_ratio", ...
class AnnotateObj : public StmtObj {
 public:
  ffi::String key;
  ffi::Optional<Buffer> target;
  ffi::Any value;

  AnnotateObj(ffi::String key, ffi::Optional<Buffer> target, ffi::Any value, Span span)
      : StmtObj(std::move(span)),
        key(std::move(key)),
        target(std::move(target)),
        value(std::move(value)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Annotate", AnnotateObj, StmtObj);
};
class Annotate : public Stmt {
 public:
  Annotate(ffi::String key, ffi::Optional<Buffer> target, ffi::Any value, Span span = Span())
      : Stmt(ffi::make_object<AnnotateObj>(std::move(key), std::move(target), std::move(value),
                                           std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Annotate, Stmt, AnnotateObj);
};

/// Base of the tile operators of `cc/op`: one statement that works on whole regions.
class TileOpObj : public StmtObj {
 public:
  AttrMap attrs;

  TileOpObj(AttrMap attrs, Span span) : StmtObj(std::move(span)), attrs(std::move(attrs)) {}
  static constexpr const uint32_t _type_child_slots = 32;
  TVM_FFI_DECLARE_OBJECT_INFO("tilescale.ir.TileOp", TileOpObj, StmtObj);
};
class TileOp : public Stmt {
 public:
  explicit TileOp(ffi::ObjectPtr<TileOpObj> node) : Stmt(std::move(node)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(TileOp, Stmt, TileOpObj);
};

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_STMT_H_
