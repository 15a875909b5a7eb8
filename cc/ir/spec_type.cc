// Rules about dtypes and ranks.
#include "cc/ir/intrinsic.h"
#include "cc/ir/spec.h"
#include "cc/ir/visitor.h"

namespace tilescale::ir {
namespace {

std::string TypeOf(const Expr& e) { return dtype::Name(e.dtype()); }

void CheckOperandTypes(const PrimFunc& func, const Report& report) {
  ForEachExpr(func, [&](const Expr& e) {
    const auto* op = e.as<BinaryObj>();
    if (!op) return;
    std::string name = BinaryName(op->kind);
    if (op->a.dtype() != op->b.dtype()) {
      report(name + " of " + TypeOf(op->a) + " and " + TypeOf(op->b));
      return;
    }
    bool needs_bool = IsLogical(op->kind) && !dtype::IsBool(op->a.dtype());
    bool needs_float = op->kind == BinaryKind::kDiv && !dtype::IsFloat(op->a.dtype());
    if (needs_bool || needs_float) report(name + " of " + TypeOf(op->a));
  });
}

void CheckResultTypes(const PrimFunc& func, const Report& report) {
  ForEachExpr(func, [&](const Expr& e) {
    if (const auto* op = e.as<BinaryObj>()) {
      bool truth = IsCompare(op->kind) || IsLogical(op->kind);
      DType right = truth ? dtype::Bool() : op->a.dtype();
      if (op->dtype != right) report(std::string(BinaryName(op->kind)) + " gives " + TypeOf(e));
    } else if (const auto* select = e.as<SelectObj>()) {
      bool same = select->a.dtype() == e.dtype() && select->b.dtype() == e.dtype();
      if (!same) report("select of " + TypeOf(select->a) + " and " + TypeOf(select->b));
    } else if (const auto* load = e.as<LoadObj>()) {
      if (load->buffer->dtype != e.dtype()) report("load gives " + TypeOf(e));
    }
  });
}

void CheckConditions(const PrimFunc& func, const Report& report) {
  auto check = [&](const Expr& cond, const char* where) {
    if (!dtype::IsBool(cond.dtype())) report(std::string(where) + " on " + TypeOf(cond));
  };
  ForEachStmt(func->body, [&](const Stmt& s) {
    if (const auto* branch = s.as<IfObj>()) check(branch->cond, "if");
    if (const auto* loop = s.as<WhileObj>()) check(loop->cond, "while");
    if (const auto* assume = s.as<AssumeObj>()) check(assume->cond, "assume");
  });
  ForEachExpr(func, [&](const Expr& e) {
    if (const auto* select = e.as<SelectObj>()) check(select->cond, "select");
    if (const auto* negation = e.as<NotObj>()) check(negation->a, "not");
  });
}

void CheckAccess(const Buffer& buffer, const ffi::Array<Expr>& indices, const Report& report) {
  if (indices.size() != buffer->shape.size()) {
    report(std::string(buffer->name) + " of rank " + std::to_string(buffer->shape.size()) +
           " with " + std::to_string(indices.size()) + " indices");
  }
  for (const Expr& index : indices) {
    if (!dtype::IsIntegral(index.dtype())) {
      report(std::string(buffer->name) + " indexed with " + TypeOf(index));
    }
  }
}

void CheckIndices(const PrimFunc& func, const Report& report) {
  ForEachExpr(func, [&](const Expr& e) {
    if (const auto* load = e.as<LoadObj>()) CheckAccess(load->buffer, load->indices, report);
    if (const auto* address = e.as<AddressOfObj>()) {
      CheckAccess(address->buffer, address->indices, report);
    }
  });
  ForEachStmt(func->body, [&](const Stmt& s) {
    if (const auto* store = s.as<StoreObj>()) CheckAccess(store->buffer, store->indices, report);
  });
}

void CheckStoredTypes(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    if (const auto* store = s.as<StoreObj>()) {
      if (store->value.dtype() == store->buffer->dtype) return;
      report(TypeOf(store->value) + " into " + std::string(store->buffer->name) + " of " +
             dtype::Name(store->buffer->dtype));
    } else if (const auto* bind = s.as<BindObj>()) {
      if (bind->value.dtype() == bind->var->dtype) return;
      report(TypeOf(bind->value) + " into " + std::string(bind->var->name) + " of " +
             dtype::Name(bind->var->dtype));
    } else if (const auto* alloc = s.as<AllocObj>()) {
      if (!alloc->init || (*alloc->init).dtype() == alloc->buffer->dtype) return;
      report(TypeOf(*alloc->init) + " into " + std::string(alloc->buffer->name));
    }
  });
}

void CheckIntegral(const ffi::Array<Expr>& values, const char* what, const Report& report) {
  for (const Expr& value : values) {
    if (!dtype::IsIntegral(value.dtype())) report(std::string(what) + " of " + TypeOf(value));
  }
}

void CheckLoopBounds(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    if (const auto* loop = s.as<ForObj>()) {
      CheckIntegral({loop->min, loop->extent, loop->step}, "loop bound", report);
      if (IsConstInt(loop->step, 0)) report("loop step 0");
    } else if (const auto* parallel = s.as<ParallelObj>()) {
      CheckIntegral(parallel->extents, "parallel extent", report);
      if (parallel->vars.size() != parallel->extents.size()) report("unequal vars and extents");
    } else if (const auto* grid = s.as<TileLoopObj>()) {
      CheckIntegral(grid->extents, "grid extent", report);
      CheckIntegral(grid->threads, "thread extent", report);
      if (grid->vars.size() != grid->extents.size()) report("unequal vars and extents");
    }
  });
}

void CheckShapes(const PrimFunc& func, const Report& report) {
  auto check = [&](const Buffer& buffer) {
    CheckIntegral(buffer->shape, "extent", report);
    CheckIntegral(buffer->strides, "stride", report);
    if (!buffer->strides.empty() && buffer->strides.size() != buffer->shape.size()) {
      report(std::string(buffer->name) + " has " + std::to_string(buffer->strides.size()) +
             " strides");
    }
  };
  for (const ffi::Any& param : func->params) {
    if (auto buffer = param.as<Buffer>()) check(*buffer);
  }
  ForEachStmt(func->body, [&](const Stmt& s) {
    if (const auto* alloc = s.as<AllocObj>()) check(alloc->buffer);
    if (const auto* view = s.as<ViewObj>()) check(view->buffer);
    if (const auto* decl = s.as<DeclTensorObj>()) check(decl->buffer);
  });
}

void CheckCalls(const PrimFunc& func, const Report& report) {
  ForEachExpr(func, [&](const Expr& e) {
    const auto* call = e.as<CallObj>();
    const Intrinsic* decl = call ? FindIntrinsic(call->op) : nullptr;
    if (!decl || decl->arity < 0) return;
    if (static_cast<size_t>(decl->arity) != call->args.size()) {
      report(std::string(call->op) + " with " + std::to_string(call->args.size()) + " arguments");
    }
  });
}

}  // namespace

std::vector<SpecRule> TypeRules() {
  return {
      {"operand-types", "operands of a binary operator have one dtype, which the operator takes",
       true, true, true, CheckOperandTypes},
      {"result-types", "the dtype of an operator, select or load follows from its operands", true,
       true, true, CheckResultTypes},
      {"condition-type", "conditions are bool", true, true, true, CheckConditions},
      {"index-rank", "an access has one integer index per dimension", true, true, true,
       CheckIndices},
      {"stored-type", "a stored or bound value has the dtype of its target", true, true, true,
       CheckStoredTypes},
      {"loop-bounds", "loop bounds are integers, one extent per variable, no step 0", true, true,
       true, CheckLoopBounds},
      {"buffer-shape", "extents and strides are integers, one stride per extent", true, true, true,
       CheckShapes},
      {"call-arity", "an intrinsic has as many arguments as it declares", true, true, true,
       CheckCalls},
  };
}

}  // namespace tilescale::ir
