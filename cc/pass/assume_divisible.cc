#include "cc/pass/assume_divisible.h"

#include <algorithm>
#include <unordered_set>

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/pass/exact.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using lower::cuda::Context;
using lower::cuda::DivisibleSize;

ir::Expr IsMultiple(const ir::Var& symbol, int64_t multiple) {
  const ir::DType type = symbol.dtype();
  return ir::Equal(ir::MakeBinary(ir::BinaryKind::kFloorMod, symbol, ir::MakeInt(type, multiple)),
                   ir::MakeInt(type, 0));
}

// What the user says of the whole grid.
void TakeAssumptions(const ir::Stmt& s, arith::Analyzer* analyzer) {
  if (const auto* assume = s.as<ir::AssumeObj>()) analyzer->Assume(assume->cond);
  if (const auto* grid = s.as<ir::TileLoopObj>()) TakeAssumptions(grid->body, analyzer);
  const auto* seq = s.as<ir::SeqObj>();
  for (size_t i = 0; seq && i < seq->stmts.size(); ++i) TakeAssumptions(seq->stmts[i], analyzer);
}

// The tensors that a launch can check and whose rows are a dynamic distance apart, in the order of
// the function.
std::vector<ir::Buffer> DynamicTensors(const ir::PrimFunc& func, const Context& context) {
  std::vector<ir::Buffer> tensors;
  auto add = [&](const ir::Buffer& buffer) {
    if (!context.checked_tensors.count(buffer.get())) return;
    const std::vector<ir::Expr> strides = ExactStrides(buffer);
    const bool fixed = std::all_of(strides.begin(), strides.end(), ir::AsConstInt);
    if (!fixed) tensors.push_back(buffer);
  };
  for (const ffi::Any& param : func->params) {
    if (auto buffer = param.as<ir::Buffer>()) add(*buffer);
  }
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    if (const auto* tensor = s.as<ir::DeclTensorObj>()) add(tensor->buffer);
    if (const auto* view = s.as<ir::ViewObj>()) add(view->buffer);
  });
  return tensors;
}

// Collects what makes the rows of one tensor multiples of vectors.
class RowSizes {
 public:
  RowSizes(const ir::PrimFunc& func, const ir::Buffer& buffer, arith::Analyzer* analyzer)
      : symbols_(func->symbols),
        buffer_(buffer),
        analyzer_(analyzer),
        vector_(lower::cuda::kVectorBytes * 8 / ir::dtype::Bits(buffer->dtype)) {}

  std::vector<DivisibleSize> Find() {
    std::vector<ir::Expr> strides = ExactStrides(buffer_);
    if (vector_ < 2 || !ir::IsConstInt(strides.back(), 1)) return {};
    auto scope = analyzer_->Enter();
    for (size_t i = strides.size() - 1; i-- > 0;) Require(strides[i]);
    // A vector that crosses the end of a row cannot have one guard.
    if (!found_.empty()) Require(Exact64(buffer_->shape.back()));
    return found_;
  }

 private:
  // Makes `size` elements a multiple of vectors if one symbol can.
  void Require(const ir::Expr& size) {
    if (IsAligned(size)) return;
    for (const ir::Var& symbol : symbols_) {
      if (!Mentions(size, symbol.get())) continue;
      for (int64_t multiple = 2; multiple <= vector_; multiple *= 2) {
        if (!IsAlignedWith(size, symbol, multiple)) continue;
        analyzer_->Assume(IsMultiple(symbol, multiple));
        found_.push_back({buffer_.get(), symbol, multiple});
        return;
      }
    }
  }

  bool IsAligned(const ir::Expr& size) { return analyzer_->ProveAlignment(size, vector_) == 0; }

  bool IsAlignedWith(const ir::Expr& size, const ir::Var& symbol, int64_t multiple) {
    auto scope = analyzer_->With(IsMultiple(symbol, multiple));
    return IsAligned(size);
  }

  const ffi::Array<ir::Var> symbols_;
  const ir::Buffer& buffer_;
  arith::Analyzer* analyzer_;
  // Elements of the longest vector that all architectures have.
  const int64_t vector_;
  std::vector<DivisibleSize> found_;
};

class Assumer : public ir::Mutator {
 public:
  explicit Assumer(const Context& context) : context_(context) {}
  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* grid = s.as<ir::TileLoopObj>();
    if (!grid) return DefaultStmt(s);
    ffi::Array<ir::Stmt> stmts;
    for (const DivisibleSize& size : OnePerSymbol(context_.divisible)) {
      stmts.push_back(ir::Assume(IsMultiple(size.symbol, size.multiple)));
    }
    stmts.push_back(grid->body);
    return ir::TileLoop(grid->vars, grid->extents, grid->threads, ir::Seq(stmts, grid->span),
                        grid->attrs, grid->span);
  }

 private:
  const Context& context_;
};

}  // namespace

std::vector<DivisibleSize> FindDivisibleSizes(const ir::PrimFunc& func, const Context& context) {
  const std::vector<ir::Buffer> tensors = DynamicTensors(func, context);
  if (tensors.empty()) return {};
  std::vector<DivisibleSize> sizes;
  auto scope = context.analyzer->Enter();
  TakeAssumptions(func->body, context.analyzer.get());
  for (const ir::Buffer& tensor : tensors) {
    for (DivisibleSize& size : RowSizes(func, tensor, context.analyzer.get()).Find()) {
      sizes.push_back(std::move(size));
    }
  }
  return sizes;
}

std::vector<DivisibleSize> UsedDivisibleSizes(const ir::PrimFunc& lowered, const Context& context) {
  std::unordered_set<const ir::BufferObj*> used;
  ir::ForEachExpr(lowered->body, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    if (!call) return;
    auto bytes = call->attrs.find("bytes");
    if (bytes == call->attrs.end()) return;
    for (const ffi::Any& arg : call->args) {
      const auto* address = arg.as<ir::AddressOfObj>();
      if (!address) continue;
      const int64_t element = ir::dtype::Bits(address->buffer->dtype) / 8;
      if ((*bytes).second.cast<int64_t>() > element) used.insert(address->buffer.get());
    }
  });
  std::vector<DivisibleSize> sizes = context.divisible;
  auto unused = [&](const DivisibleSize& size) { return used.count(size.tensor) == 0; };
  sizes.erase(std::remove_if(sizes.begin(), sizes.end(), unused), sizes.end());
  return sizes;
}

std::vector<DivisibleSize> OnePerSymbol(const std::vector<DivisibleSize>& sizes) {
  std::vector<DivisibleSize> result;
  for (const DivisibleSize& size : sizes) {
    auto same = [&](const DivisibleSize& other) { return other.symbol.same_as(size.symbol); };
    auto known = std::find_if(result.begin(), result.end(), same);
    if (known == result.end()) {
      result.push_back(size);
    } else {
      known->multiple = std::max(known->multiple, size.multiple);
    }
  }
  return result;
}

ir::PrimFunc AssumeDivisible(const ir::PrimFunc& func, const Context& context) {
  if (context.divisible.empty()) return func;
  return func.WithBody(Assumer(context).MutateStmt(func->body));
}

}  // namespace tilescale::pass
