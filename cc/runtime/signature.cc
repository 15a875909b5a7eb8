#include "cc/runtime/signature.h"

#include "cc/runtime/dtype.h"

namespace tilescale::runtime {
namespace {

bool InRange(int64_t index, size_t size) {
  return index >= 0 && static_cast<uint64_t>(index) < size;
}

// Makes the first occurrence of each symbol the one that binds it.
class SymbolBinding {
 public:
  explicit SymbolBinding(Signature* signature) : signature_(signature) {
    signature_->symbol_sites.assign(signature_->symbols.size(), SymbolSite{});
  }

  void VisitParam(int64_t index) {
    Param& param = signature_->params[index];
    if (!param.passed()) return;
    if (param.symbol >= 0) Offer(param.symbol, {index, 0, false});
    VisitDims(index, false, &param.shape);
    VisitDims(index, true, &param.strides);
  }

 private:
  void VisitDims(int64_t param, bool stride, std::vector<Dim>* dims) {
    for (size_t i = 0; i < dims->size(); ++i) {
      Dim& dim = (*dims)[i];
      if (dim.kind != Dim::Kind::kSymbol) continue;
      dim.binds = Offer(dim.value, {param, static_cast<int64_t>(i), stride});
    }
  }

  bool Offer(int64_t symbol, SymbolSite site) {
    SymbolSite& current = signature_->symbol_sites[symbol];
    if (current.param >= 0) return false;
    current = site;
    return true;
  }

  Signature* signature_;
};

std::string CheckDims(const Signature& signature, const std::vector<Dim>& dims) {
  for (const Dim& dim : dims) {
    if (dim.kind == Dim::Kind::kSymbol && !InRange(dim.value, signature.symbols.size())) {
      return "symbol index " + std::to_string(dim.value) + " is out of range";
    }
    if (dim.kind == Dim::Kind::kExpr && !InRange(dim.value, signature.num_exprs)) {
      return "expression index " + std::to_string(dim.value) + " is out of range";
    }
  }
  return "";
}

std::string CheckParam(const Signature& signature, const Param& param) {
  std::string problem = CheckDims(signature, param.shape);
  if (problem.empty()) problem = CheckDims(signature, param.strides);
  if (problem.empty() && !param.contiguous && param.strides.size() != param.shape.size()) {
    problem = "it has another number of strides than of dimensions";
  }
  if (problem.empty() && param.symbol >= 0 && !InRange(param.symbol, signature.symbols.size())) {
    problem = "its symbol is out of range";
  }
  if (problem.empty() && !param.contiguous && !param.passed()) {
    problem = "allocated tensors must be contiguous";
  }
  if (problem.empty() && ElementsPerByte(param.dtype) > 1 && !param.contiguous) {
    problem = "packed types must be contiguous";
  }
  return problem.empty() ? "" : "parameter `" + param.name + "`: " + problem;
}

std::string Check(const Signature& signature) {
  for (const Param& param : signature.params) {
    std::string problem = CheckParam(signature, param);
    if (!problem.empty()) return problem;
  }
  for (int64_t index : signature.returns) {
    if (!InRange(index, signature.params.size()) || signature.params[index].role != Role::kOutput) {
      return "`returns` names parameter " + std::to_string(index) + ", which is no output";
    }
  }
  if (!signature.symbol_bits.empty() && signature.symbol_bits.size() != signature.symbols.size()) {
    return "`symbol_bits` is not one number for each symbol";
  }
  for (int64_t index : signature.index32_limit) {
    if (!InRange(index, signature.num_exprs)) return "`index32_limit` is out of range";
  }
  for (const DivisibleSymbol& size : signature.divisible) {
    const bool power = size.multiple > 0 && (size.multiple & (size.multiple - 1)) == 0;
    if (!InRange(size.symbol, signature.symbols.size())) return "`divisible` is out of range";
    if (!power) return "`divisible` has a multiple that is no power of two";
  }
  if (signature.grid.empty() || signature.grid.size() > 3)
    return "the grid must have 1 to 3 extents";
  return CheckDims(signature, signature.grid);
}

bool HasExpr(const std::vector<Dim>& dims) {
  for (const Dim& dim : dims) {
    if (dim.kind == Dim::Kind::kExpr) return true;
  }
  return false;
}

void AssignSlots(Signature* signature) {
  int64_t slot = 0;
  for (Param& param : signature->params) {
    if (param.kind != ParamKind::kScalar) param.slot = slot++;
  }
  for (Param& param : signature->params) {
    if (param.kind == ParamKind::kScalar) param.slot = slot++;
  }
  signature->symbol_slot = slot;
  signature->expr_slot = slot + static_cast<int64_t>(signature->symbols.size());
  signature->num_slots = signature->expr_slot + signature->num_exprs;
}

}  // namespace

std::string Signature::Finalize() {
  std::string problem = Check(*this);
  if (!problem.empty()) return problem;
  AssignSlots(this);
  SymbolBinding binding(this);
  for (size_t i = 0; i < params.size(); ++i) {
    Param& param = params[i];
    binding.VisitParam(static_cast<int64_t>(i));
    param.has_expr = HasExpr(param.shape) || HasExpr(param.strides);
    num_passed += param.passed();
  }
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (symbol_sites[i].param >= 0) continue;
    return "symbol `" + symbols[i] + "` is neither a dimension nor a stride nor a scalar argument";
  }
  return "";
}

std::string Signature::DimText(const Dim& dim) const {
  if (dim.kind == Dim::Kind::kConst) return std::to_string(dim.value);
  if (dim.kind == Dim::Kind::kSymbol) return symbols[dim.value];
  if (InRange(dim.value, expr_text.size())) return expr_text[dim.value];
  return "<expression " + std::to_string(dim.value) + ">";
}

std::string Signature::ShapeText(const std::vector<Dim>& dims) const {
  std::string text = "(";
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + DimText(dims[i]);
  return text + (dims.size() == 1 ? ",)" : ")");
}

}  // namespace tilescale::runtime
