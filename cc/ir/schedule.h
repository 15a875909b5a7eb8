#ifndef TILESCALE_CC_IR_SCHEDULE_H_
#define TILESCALE_CC_IR_SCHEDULE_H_

#include <string>

#include "cc/ir/stmt.h"

namespace tilescale::ir {

/// A shared buffer between stages of a pipeline: `depth` versions of it, used in turn.
class ChannelObj : public ffi::Object {
 public:
  Buffer buffer;
  int64_t depth;

  ChannelObj(Buffer buffer, int64_t depth) : buffer(std::move(buffer)), depth(depth) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Channel", ChannelObj, ffi::Object);
};
class Channel : public ffi::ObjectRef {
 public:
  Channel(Buffer buffer, int64_t depth)
      : ObjectRef(ffi::make_object<ChannelObj>(std::move(buffer), depth)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Channel, ffi::ObjectRef, ChannelObj);
};

/// A loop whose iterations overlap; it computes what the pipelined `For` with the same fields does.
/// Operator i of the body (see `IsOperator`) belongs to stage stages[i]: for iteration n it runs in
/// step n + stages[i]. Within a step the operators run by increasing order[i]. Iteration n uses
/// version n mod depth of each channel. Operators with atoms[i] "cp.async" copy asynchronously.
class PipelineObj : public StmtObj {
 public:
  Var var;
  Expr min;
  Expr extent;
  Expr step;
  ffi::Array<int64_t> stages;
  ffi::Array<int64_t> order;
  ffi::Array<ffi::String> atoms;
  ffi::Array<Channel> channels;
  Stmt body;
  AttrMap attrs;

  PipelineObj(Var var, Expr min, Expr extent, Expr step, ffi::Array<int64_t> stages,
              ffi::Array<int64_t> order, ffi::Array<ffi::String> atoms,
              ffi::Array<Channel> channels, Stmt body, AttrMap attrs, Span span)
      : StmtObj(std::move(span)),
        var(std::move(var)),
        min(std::move(min)),
        extent(std::move(extent)),
        step(std::move(step)),
        stages(std::move(stages)),
        order(std::move(order)),
        atoms(std::move(atoms)),
        channels(std::move(channels)),
        body(std::move(body)),
        attrs(std::move(attrs)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Pipeline", PipelineObj, StmtObj);
};
class Pipeline : public Stmt {
 public:
  Pipeline(Var var, Expr min, Expr extent, Expr step, ffi::Array<int64_t> stages,
           ffi::Array<int64_t> order, ffi::Array<ffi::String> atoms, ffi::Array<Channel> channels,
           Stmt body, AttrMap attrs, Span span = Span())
      : Stmt(ffi::make_object<PipelineObj>(std::move(var), std::move(min), std::move(extent),
                                           std::move(step), std::move(stages), std::move(order),
                                           std::move(atoms), std::move(channels), std::move(body),
                                           std::move(attrs), std::move(span))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Pipeline, Stmt, PipelineObj);
};

/// Threads that work together, and the registers that each of them may use.
class RoleObj : public ffi::Object {
 public:
  ffi::String name;
  int64_t threads;
  int64_t registers;

  RoleObj(ffi::String name, int64_t threads, int64_t registers)
      : name(std::move(name)), threads(threads), registers(registers) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Role", RoleObj, ffi::Object);
};
class Role : public ffi::ObjectRef {
 public:
  Role(ffi::String name, int64_t threads, int64_t registers)
      : ObjectRef(ffi::make_object<RoleObj>(std::move(name), threads, registers)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Role, ffi::ObjectRef, RoleObj);
};

/// Who runs one operator of a pipelined loop, when, and with which instructions.
class OperatorPlanObj : public ffi::Object {
 public:
  ffi::String label;  // what it is, for readers: "Copy A -> A_shared"
  ffi::String role;
  int64_t stage;
  int64_t order;
  ffi::String atom;  // "cp.async.16", or empty: left to the operator's lowering
  ffi::String note;  // why it is not where it could have been, or empty

  OperatorPlanObj(ffi::String label, ffi::String role, int64_t stage, int64_t order,
                  ffi::String atom, ffi::String note)
      : label(std::move(label)),
        role(std::move(role)),
        stage(stage),
        order(order),
        atom(std::move(atom)),
        note(std::move(note)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.OperatorPlan", OperatorPlanObj, ffi::Object);
};
class OperatorPlan : public ffi::ObjectRef {
 public:
  OperatorPlan(ffi::String label, ffi::String role, int64_t stage, int64_t order, ffi::String atom,
               ffi::String note)
      : ObjectRef(ffi::make_object<OperatorPlanObj>(std::move(label), std::move(role), stage, order,
                                                    std::move(atom), std::move(note))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(OperatorPlan, ffi::ObjectRef, OperatorPlanObj);
};

/// The number of versions of a buffer, by the buffer's name (see `BufferNames`).
class ChannelPlanObj : public ffi::Object {
 public:
  ffi::String buffer;
  int64_t depth;

  ChannelPlanObj(ffi::String buffer, int64_t depth) : buffer(std::move(buffer)), depth(depth) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.ChannelPlan", ChannelPlanObj, ffi::Object);
};
class ChannelPlan : public ffi::ObjectRef {
 public:
  ChannelPlan(ffi::String buffer, int64_t depth)
      : ObjectRef(ffi::make_object<ChannelPlanObj>(std::move(buffer), depth)) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(ChannelPlan, ffi::ObjectRef, ChannelPlanObj);
};

/// How the iterations of one pipelined loop overlap: one plan for each operator of its body.
class LoopPlanObj : public ffi::Object {
 public:
  ffi::String loop;  // the name of its variable, for readers
  ffi::Array<OperatorPlan> operators;
  ffi::Array<ChannelPlan> channels;

  LoopPlanObj(ffi::String loop, ffi::Array<OperatorPlan> operators,
              ffi::Array<ChannelPlan> channels)
      : loop(std::move(loop)), operators(std::move(operators)), channels(std::move(channels)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.LoopPlan", LoopPlanObj, ffi::Object);
};
class LoopPlan : public ffi::ObjectRef {
 public:
  LoopPlan(ffi::String loop, ffi::Array<OperatorPlan> operators, ffi::Array<ChannelPlan> channels)
      : ObjectRef(ffi::make_object<LoopPlanObj>(std::move(loop), std::move(operators),
                                                std::move(channels))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(LoopPlan, ffi::ObjectRef, LoopPlanObj);
};

/// Every decision about the order of a kernel's work, whoever took it. `loops` are the pipelined
/// loops in the order of the text. `tiles` says how the grid is walked: "grid", a program for each
/// tile.
class ScheduleObj : public ffi::Object {
 public:
  ffi::String tiles;
  ffi::Array<Role> roles;
  ffi::Array<LoopPlan> loops;

  ScheduleObj(ffi::String tiles, ffi::Array<Role> roles, ffi::Array<LoopPlan> loops)
      : tiles(std::move(tiles)), roles(std::move(roles)), loops(std::move(loops)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Schedule", ScheduleObj, ffi::Object);
};
class Schedule : public ffi::ObjectRef {
 public:
  Schedule(ffi::String tiles, ffi::Array<Role> roles, ffi::Array<LoopPlan> loops)
      : ObjectRef(
            ffi::make_object<ScheduleObj>(std::move(tiles), std::move(roles), std::move(loops))) {}
  /// The text form, which `Parse` reads back.
  std::string ToString() const;
  /// Throws `IrSyntaxError`.
  static Schedule Parse(const std::string& text);
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Schedule, ffi::ObjectRef, ScheduleObj);
};

/// The statements of a loop's body, in order.
ffi::Array<Stmt> StatementsOf(const Stmt& body);
/// Whether a statement of a body is one that schedules count: it does something, rather than
/// declare a name or a fact.
bool IsOperator(const Stmt& s);

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_SCHEDULE_H_
