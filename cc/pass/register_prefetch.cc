#include "cc/pass/register_prefetch.h"

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/op/copy.h"
#include "cc/pass/fresh_names.h"

namespace tilescale::pass {
namespace {

// The shape of a copy, at least one-dimensional; empty if it is not constant.
ffi::Array<ir::Expr> ShapeOf(const op::CopyObj* copy) {
  ffi::Array<ir::Expr> shape;
  for (const ir::Expr& extent : op::SqueezedExtents(copy->dst)) {
    const int64_t* value = ir::AsConstInt(extent);
    if (!value || *value < 1) return {};
    shape.push_back(ir::MakeInt(ir::dtype::Int(32), *value));
  }
  if (shape.empty()) shape.push_back(ir::MakeInt(ir::dtype::Int(32), 1));
  return shape;
}

std::string ReasonAgainst(const op::CopyObj* copy) {
  if (!copy->src->buffer.IsScope(ir::scope::kGlobal) ||
      !copy->dst->buffer.IsScope(ir::scope::kShared)) {
    return "it copies within the block";
  }
  if (copy->src->buffer->dtype.bits < 8) return "its elements are packed";
  return ShapeOf(copy).empty() ? "its size is not constant" : "";
}

// The second half runs after the others of its step: what decides where it writes must still hold.
std::string WhatChanges(const DependenceGraph& graph, size_t number) {
  for (const MemoryAccess& read : graph.operators[number].accesses) {
    if (read.write) continue;
    for (const LoopOperator& op : graph.operators) {
      for (const MemoryAccess& access : op.accesses) {
        if (!access.write || !access.buffer.same_as(read.buffer)) continue;
        return "the loop writes `" + std::string(read.buffer->name) + "`";
      }
    }
  }
  return "";
}

// Replaces one side of each copy by its fragment.
class HalfMaker : public ir::Mutator {
 public:
  HalfMaker(const std::vector<ir::Buffer>& registers, bool load)
      : registers_(registers), load_(load) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* copy = s.as<op::CopyObj>();
    if (!copy) return DefaultStmt(s);
    ir::Region held = ir::Region::Full(registers_[next_++]);
    return op::Copy(load_ ? copy->src : held, load_ ? held : copy->dst, copy->attrs, copy->span);
  }

 private:
  const std::vector<ir::Buffer>& registers_;
  bool load_;
  size_t next_ = 0;
};

}  // namespace

PrefetchCost FindPrefetch(const DependenceGraph& graph, size_t number) {
  PrefetchCost cost;
  cost.reason = WhatChanges(graph, number);
  ir::ForEachStmt(graph.operators[number].stmt, [&](const ir::Stmt& s) {
    if (const auto* copy = s.as<op::CopyObj>()) {
      if (cost.reason.empty()) cost.reason = ReasonAgainst(copy);
      if (!cost.reason.empty()) return;
      int64_t elements = 1;
      for (const ir::Expr& extent : ShapeOf(copy)) elements *= *ir::AsConstInt(extent);
      cost.bytes += (elements * ir::dtype::Bits(copy->src->buffer->dtype) + 7) / 8;
    } else if (!(s.as<ir::IfObj>() || s.as<ir::SeqObj>() || s.as<ir::BindObj>() ||
                 s.as<ir::AssumeObj>())) {
      cost.reason = "it declares memory";
    }
  });
  return cost;
}

PrefetchHalves SplitPrefetch(const ir::Stmt& load) {
  std::vector<ir::Buffer> registers;
  ir::ForEachStmt(load, [&](const ir::Stmt& s) {
    const auto* copy = s.as<op::CopyObj>();
    if (!copy) return;
    // As they are in memory: a conversion would wait for the data.
    registers.emplace_back(std::string(copy->dst->buffer->name) + "_next", copy->src->buffer->dtype,
                           ShapeOf(copy), ffi::Array<ir::Expr>(), ir::scope::kFragment);
  });
  ir::Stmt store = HalfMaker(registers, false).MutateStmt(load);
  return {registers, HalfMaker(registers, true).MutateStmt(load),
          FreshNames(false).MutateStmt(store)};
}

}  // namespace tilescale::pass
