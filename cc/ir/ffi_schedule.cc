// Reflection of the scheduled stage's own nodes (see ffi_expr.cc).
#include <tvm/ffi/reflection/registry.h>

#include "cc/ir/schedule.h"

namespace tilescale::ir {
namespace {

namespace refl = ffi::reflection;
using ffi::Array;

void RegisterScheduled() {
  refl::ObjectDef<ChannelObj>()
      .def(refl::init<Buffer, int64_t>())
      .def_ro("buffer", &ChannelObj::buffer)
      .def_ro("depth", &ChannelObj::depth);
  refl::ObjectDef<PipelineObj>()
      .def(refl::init<Var, Expr, Expr, Expr, Array<int64_t>, Array<int64_t>, Array<ffi::String>,
                      Array<Channel>, Stmt, AttrMap, Span>())
      .def_ro("var", &PipelineObj::var, refl::AttachFieldFlag::SEqHashDefSimple())
      .def_ro("min", &PipelineObj::min)
      .def_ro("extent", &PipelineObj::extent)
      .def_ro("step", &PipelineObj::step)
      .def_ro("stages", &PipelineObj::stages)
      .def_ro("order", &PipelineObj::order)
      .def_ro("atoms", &PipelineObj::atoms)
      .def_ro("channels", &PipelineObj::channels)
      .def_ro("body", &PipelineObj::body)
      .def_ro("attrs", &PipelineObj::attrs);
}

void RegisterPlans() {
  refl::ObjectDef<RoleObj>()
      .def(refl::init<ffi::String, int64_t, int64_t>())
      .def_ro("name", &RoleObj::name)
      .def_ro("threads", &RoleObj::threads)
      .def_ro("registers", &RoleObj::registers);
  refl::ObjectDef<OperatorPlanObj>()
      .def(refl::init<ffi::String, ffi::String, int64_t, int64_t, ffi::String, ffi::String>())
      .def_ro("label", &OperatorPlanObj::label)
      .def_ro("role", &OperatorPlanObj::role)
      .def_ro("stage", &OperatorPlanObj::stage)
      .def_ro("order", &OperatorPlanObj::order)
      .def_ro("atom", &OperatorPlanObj::atom)
      .def_ro("note", &OperatorPlanObj::note);
  refl::ObjectDef<ChannelPlanObj>()
      .def(refl::init<ffi::String, int64_t>())
      .def_ro("buffer", &ChannelPlanObj::buffer)
      .def_ro("depth", &ChannelPlanObj::depth);
  refl::ObjectDef<LoopPlanObj>()
      .def(refl::init<ffi::String, Array<OperatorPlan>, Array<ChannelPlan>>())
      .def_ro("loop", &LoopPlanObj::loop)
      .def_ro("operators", &LoopPlanObj::operators)
      .def_ro("channels", &LoopPlanObj::channels);
  refl::ObjectDef<ScheduleObj>()
      .def(refl::init<ffi::String, Array<Role>, Array<LoopPlan>>())
      .def_ro("tiles", &ScheduleObj::tiles)
      .def_ro("roles", &ScheduleObj::roles)
      .def_ro("loops", &ScheduleObj::loops);
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  RegisterScheduled();
  RegisterPlans();
  refl::GlobalDef()
      .def("tilescale.ir.ScheduleText",
           [](const Schedule& schedule) { return ffi::String(schedule.ToString()); })
      .def("tilescale.ir.ParseSchedule",
           [](const ffi::String& text) { return Schedule::Parse(text); });
}

}  // namespace tilescale::ir
