#include "cc/pass/legalize_memory.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "cc/ir/intrinsic.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

using lower::PlantedBug;

class MemoryLegalizer : public AnalyzedMutator {
 public:
  explicit MemoryLegalizer(const lower::Context& context) : context_(context) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    ir::Expr result = AnalyzedMutator::MutateExpr(e);
    if (const auto* load = result.as<ir::LoadObj>()) {
      return Guarded(Guard(load->buffer, load->indices), result, SafeValue(load->buffer));
    }
    if (const auto* call = result.as<ir::CallObj>()) {
      const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
      if (decl && decl->predicate >= 0) return Predicated(call, decl->predicate);
      return Guarded(GuardOfAddresses(call), result, ir::MakeConst(NumericType(call->dtype), 0));
    }
    return result;
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* note = stmt.as<ir::AnnotateObj>()) {
      Note(note);
      // Where elements lie is another pass's matter.
      return note->key == "layout" ? stmt : ir::Stmt(ir::Seq(ffi::Array<ir::Stmt>()));
    }
    if (const ir::CallObj* move = AsVectorMove(stmt)) return MoveIfInside(move, stmt);
    const auto* store = stmt.as<ir::StoreObj>();
    if (!store) {
      auto outer = safe_values_;
      ir::Stmt result = AnalyzedMutator::MutateStmt(stmt);
      // An annotation holds to the end of the sequence or body in which it stands.
      safe_values_ = std::move(outer);
      return result;
    }
    ffi::Array<ir::Expr> indices;
    for (const ir::Expr& index : store->indices) indices.push_back(MutateExpr(index));
    size_t outer = known_.size();
    std::optional<ir::Expr> guard = Guard(store->buffer, indices, &known_);
    ir::Stmt result = ir::Store(store->buffer, indices, MutateExpr(store->value), store->span);
    known_.resize(outer, ir::Expr(0));
    return guard ? ir::If(*guard, result, std::nullopt, store->span) : result;
  }

 private:
  static ir::DType NumericType(ir::DType t) {
    return ir::dtype::IsHandle(t) ? ir::dtype::Int(64) : t;
  }

  static ir::Expr Guarded(const std::optional<ir::Expr>& guard, const ir::Expr& value,
                          const ir::Expr& otherwise) {
    return guard ? ir::Select(*guard, value, otherwise) : value;
  }

  bool IsKnown(const ir::Expr& cond) {
    for (const ir::Expr& fact : known_) {
      if (ffi::StructuralEqual::Equal(fact, cond)) return true;
    }
    return context_.prove_bounds && analyzer()->CanProve(cond);
  }

  // What must hold for the access to be inside, nothing if it provably is. The single comparisons
  // are appended to `atoms`.
  std::optional<ir::Expr> Guard(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                                std::vector<ir::Expr>* atoms = nullptr) {
    if (!context_.check_bounds || buffer.IsScope(ir::scope::kVar)) return std::nullopt;
    std::optional<ir::Expr> guard;
    auto require = [&](const ir::Expr& cond) {
      if (IsKnown(cond)) return;
      guard = guard ? *guard && cond : cond;
      if (atoms) atoms->push_back(cond);
    };
    bool inclusive = context_.Has(PlantedBug::kGuardOffByOne);
    ir::DType wide = ir::dtype::Int(64);
    for (size_t i = 0; i < indices.size(); ++i) {
      ir::Expr index = ir::MakeCast(wide, indices[i]);
      ir::Expr extent = ir::MakeCast(wide, buffer->shape[i]);
      require(ir::MakeInt(wide, 0) <= index);
      require(inclusive && !ir::AsConstInt(extent) ? index <= extent : index < extent);
    }
    return guard;
  }

  static const ir::CallObj* AsVectorMove(const ir::Stmt& s) {
    const auto* effect = s.as<ir::EvaluateObj>();
    const auto* call = effect ? effect->value.as<ir::CallObj>() : nullptr;
    return call && call->op == "cuda.copy_vector" ? call : nullptr;
  }

  ir::Stmt MoveIfInside(const ir::CallObj* call, const ir::Stmt& stmt) {
    const ir::Expr moved = AnalyzedMutator::MutateExpr(ffi::GetRef<ir::Expr>(call));
    const ir::Stmt move = ir::Evaluate(moved, stmt->span);
    auto guard = GuardOfAddresses(moved.as<ir::CallObj>());
    if (!guard) return move;
    const auto to = ir::Call::Arg(call, 0).as_or_throw<ir::AddressOf>();
    std::optional<ir::Stmt> otherwise;
    if (to->buffer.IsScope(ir::scope::kLocal)) otherwise = FillVector(call, stmt->span);
    return ir::If(*guard, move, otherwise, stmt->span);
  }

  // Registers get what reads of single elements would give.
  ir::Stmt FillVector(const ir::CallObj* call, const ir::Span& span) {
    const auto to = ir::Call::Arg(call, 0).as_or_throw<ir::AddressOf>();
    const auto from = ir::Call::Arg(call, 1).as_or_throw<ir::AddressOf>();
    const int64_t bits = call->attrs.at("bytes").cast<int64_t>() * 8;
    ir::Var lane("lane", ir::dtype::Int(32));
    auto number = [&](int64_t value) { return ir::MakeInt(lane.dtype(), value); };
    ffi::Array<ir::Expr> indices = to->indices;
    const ir::Expr first = indices.back();
    indices.Set(indices.size() - 1, first + ir::MakeCast(first.dtype(), lane));
    ir::Stmt fill = ir::Store(to->buffer, indices, SafeValue(from->buffer), span);
    return ir::For(lane, number(0), number(bits / to->buffer->dtype.bits), number(1),
                   ir::ForKind::kUnroll, fill, {}, span);
  }

  std::optional<ir::Expr> GuardOfAddresses(const ir::CallObj* call) {
    std::optional<ir::Expr> guard;
    const ir::Intrinsic* decl = ir::FindIntrinsic(call->op);
    if (decl && decl->guards_itself) return guard;
    for (const ffi::Any& arg : call->args) {
      const auto* address = arg.as<ir::AddressOfObj>();
      if (!address) continue;
      auto inside = Guard(address->buffer, address->indices);
      if (inside) guard = guard ? *guard && *inside : *inside;
    }
    return guard;
  }

  // The call with a predicate that keeps it from what lies outside its buffers.
  ir::Expr Predicated(const ir::CallObj* call, int predicate) {
    const int64_t bytes = call->attrs.at("bytes").cast<int64_t>();
    ir::Expr inside = ir::Call::Arg(call, predicate);
    for (const ffi::Any& arg : call->args) {
      const auto* address = arg.as<ir::AddressOfObj>();
      if (!address) continue;
      const ir::Buffer& buffer = address->buffer;
      if (auto guard = Guard(buffer, address->indices)) inside = inside && *guard;
      ir::Expr fits = FitsBehind(buffer, address->indices, bytes * 8 / buffer->dtype.bits);
      if (context_.check_bounds && !IsKnown(fits)) inside = inside && fits;
    }
    ffi::Array<ffi::Any> args = call->args;
    args.Set(predicate, inside);
    return ir::Call(call->dtype, call->op, args, call->attrs);
  }

  // Whether `count` neighbours from the indices on end inside the row, or inside a buffer whose
  // rows follow each other.
  ir::Expr FitsBehind(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                      int64_t count) {
    const ir::DType wide = ir::dtype::Int(64);
    ir::Expr end = ir::MakeCast(wide, indices.back()) + ir::MakeInt(wide, count);
    ir::Expr in_row = end <= ir::MakeCast(wide, buffer->shape.back());
    if (!buffer->strides.empty() || IsKnown(in_row)) return in_row;
    ir::Expr size = ir::MakeInt(wide, 1);
    for (size_t i = indices.size(); i-- > 0;) {
      if (i + 1 < indices.size()) end = end + ir::MakeCast(wide, indices[i]) * size;
      size = size * ir::MakeCast(wide, buffer->shape[i]);
    }
    return end <= size;
  }

  void Note(const ir::AnnotateObj* note) {
    if (note->key != "safe_value" || !note->target.has_value()) return;
    if (context_.Has(PlantedBug::kSafeValueIgnored)) return;
    safe_values_.insert_or_assign(note->target.value().get(), note->value.cast<ir::Expr>());
  }

  ir::Expr SafeValue(const ir::Buffer& buffer) {
    auto it = safe_values_.find(buffer.get());
    if (it == safe_values_.end()) return ir::MakeConst(NumericType(buffer->dtype), 0);
    return ir::MakeCast(buffer->dtype, it->second);
  }

  const lower::Context& context_;
  std::unordered_map<const ir::BufferObj*, ir::Expr> safe_values_;
  // The guards of the store whose value is being rewritten: its loads need not repeat them.
  std::vector<ir::Expr> known_;
};

}  // namespace

ir::PrimFunc LegalizeMemory(const ir::PrimFunc& func, const lower::Context& context) {
  return MemoryLegalizer(context).Run(func, context);
}

}  // namespace tilescale::pass
