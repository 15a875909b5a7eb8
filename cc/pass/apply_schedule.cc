#include "cc/pass/apply_schedule.h"

#include <tvm/ffi/reflection/registry.h>

#include "cc/ir/mutator.h"
#include "cc/ir/span.h"
#include "cc/pass/buffer_names.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

constexpr const char* kSchedule = "schedule";

[[noreturn]] void ThrowOther(const std::string& message, const std::string& expected,
                             const std::string& got, const ir::Span& span) {
  support::UserError("ScheduleError")
      .Message(message)
      .Expected(expected)
      .Got(got)
      .Remedy("print the schedule that the compiler chooses, and change that text")
      .At(ir::ToLocation(span))
      .Throw();
}

class PipelineMaker : public ir::Mutator {
 public:
  PipelineMaker(const ir::Schedule& schedule, const BufferNames& names)
      : schedule_(schedule), names_(names) {}

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* loop = stmt.as<ir::ForObj>();
    if (!loop || loop->kind != ir::ForKind::kPipelined) return DefaultStmt(stmt);
    if (next_ == schedule_->loops.size()) {
      ThrowOther("the schedule has too few loops", "a plan for each pipelined loop",
                 std::to_string(next_) + " plans", loop->span);
    }
    const ir::LoopPlan plan = schedule_->loops[next_++];
    return Make(loop, plan, MutateStmt(loop->body));
  }

  size_t used() const { return next_; }

 private:
  ir::Stmt Make(const ir::ForObj* loop, const ir::LoopPlan& plan, const ir::Stmt& body) {
    size_t count = 0;
    for (const ir::Stmt& s : ir::StatementsOf(loop->body)) count += ir::IsOperator(s) ? 1 : 0;
    if (count != plan->operators.size()) {
      ThrowOther("the plan of loop `" + std::string(loop->var->name) + "` is of another loop",
                 std::to_string(count) + " operators",
                 std::to_string(plan->operators.size()) + " operators", loop->span);
    }
    ffi::Array<int64_t> stages, order;
    ffi::Array<ffi::String> atoms;
    for (const ir::OperatorPlan& op : plan->operators) {
      stages.push_back(op->stage);
      order.push_back(op->order);
      atoms.push_back(op->atom);
    }
    ffi::Array<ir::Channel> channels;
    for (const ir::ChannelPlan& channel : plan->channels) {
      const ir::Buffer* buffer = names_.Find(channel->buffer);
      if (!buffer) {
        ThrowOther("the schedule names a buffer that the kernel has not",
                   "a shared buffer of the kernel", std::string(channel->buffer), loop->span);
      }
      channels.push_back(ir::Channel(*buffer, channel->depth));
    }
    return ir::Pipeline(loop->var, loop->min, loop->extent, loop->step, stages, order, atoms,
                        channels, body, loop->attrs, loop->span);
  }

  const ir::Schedule& schedule_;
  const BufferNames& names_;
  size_t next_ = 0;
};

class PipelineEraser : public ir::Mutator {
 public:
  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    ir::Stmt result = DefaultStmt(stmt);
    const auto* pipeline = result.as<ir::PipelineObj>();
    if (!pipeline) return result;
    return ir::For(pipeline->var, pipeline->min, pipeline->extent, pipeline->step,
                   ir::ForKind::kPipelined, pipeline->body, pipeline->attrs, pipeline->span);
  }
};

ir::PrimFunc WithAttrs(const ir::PrimFunc& func, ir::Stmt body, ir::AttrMap attrs) {
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles, std::move(body),
                      std::move(attrs), func->span);
}

}  // namespace

ir::PrimFunc ApplySchedule(const ir::PrimFunc& func, const ir::Schedule& schedule) {
  BufferNames names(func);
  PipelineMaker maker(schedule, names);
  ir::Stmt body = maker.MutateStmt(func->body);
  if (maker.used() != schedule->loops.size()) {
    ThrowOther("the schedule has too many loops", std::to_string(maker.used()) + " pipelined loops",
               std::to_string(schedule->loops.size()) + " plans", func->span);
  }
  ir::AttrMap attrs = func->attrs;
  attrs.Set(kSchedule, ffi::String(schedule.ToString()));
  return WithAttrs(func, body, attrs);
}

ir::PrimFunc EraseSchedule(const ir::PrimFunc& func) {
  ir::AttrMap attrs = func->attrs;
  attrs.erase(kSchedule);
  return WithAttrs(func, PipelineEraser().MutateStmt(func->body), attrs);
}

TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef()
      .def("tilescale.pass.ApplySchedule", ApplySchedule)
      .def("tilescale.pass.EraseSchedule", EraseSchedule);
}

}  // namespace tilescale::pass
