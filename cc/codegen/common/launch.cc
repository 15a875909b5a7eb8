#include "cc/codegen/common/launch.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "cc/ir/printer.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"

namespace tilescale::codegen {
namespace {

using support::JsonWriter;

void WriteSpan(JsonWriter* json, const ir::Span& span) {
  if (!span.defined()) return json->Null();
  json->BeginObject();
  json->Field("file", std::string(span->file));
  json->Field("line", span->line);
  json->Field("column", span->col);
  json->Field("end_column", span->end_col);
  json->Key("inlined_from");
  const auto* caller = span->caller.has_value() ? span->caller.value().as<ir::SpanObj>() : nullptr;
  WriteSpan(json, caller ? ffi::GetRef<ir::Span>(caller) : ir::Span());
  json->EndObject();
}

// The buffers that a kernel writes, directly or through views.
class WrittenBuffers : public ir::Visitor {
 public:
  std::unordered_set<const ir::BufferObj*> written;

  explicit WrittenBuffers(const ir::Stmt& body) {
    WrittenBuffers::VisitStmt(body);
    bool grew = true;
    while (grew) {
      grew = false;
      for (const auto& [view, source] : sources_) {
        if (written.count(view)) grew = written.insert(source).second || grew;
      }
    }
  }
  void VisitStmt(const ir::Stmt& s) override {
    if (const auto* store = s.as<ir::StoreObj>()) written.insert(store->buffer.get());
    if (const auto* view = s.as<ir::ViewObj>()) {
      sources_.emplace_back(view->buffer.get(), view->source.get());
    }
    VisitFields(s);
  }
  void VisitExpr(const ir::Expr& e) override {
    const auto* call = e.as<ir::CallObj>();
    bool reads_only = call && (call->op == "dp4a" || call->op == "atomic_load");
    // The first two operands of the micro-kernel are inputs.
    size_t first = call && call->op == "cpu.gemm" ? 2 : 0;
    for (size_t i = first; call && !reads_only && i < call->args.size(); ++i) {
      const auto* address = call->args[i].as<ir::AddressOfObj>();
      if (address) written.insert(address->buffer.get());
    }
    VisitFields(e);
  }

 private:
  std::vector<std::pair<const ir::BufferObj*, const ir::BufferObj*>> sources_;
};

// Looks through the conversion of a symbol to 64 bits.
ir::Expr Bare(const ir::Expr& e) {
  const auto* cast = e.as<ir::CastObj>();
  return cast && ir::dtype::IsIntegral(cast->dtype) && cast->value.as<ir::VarObj>() ? cast->value
                                                                                    : e;
}

const ir::DType kInt64 = ir::dtype::Int(64);
// Products of two such numbers do not overflow, and nothing that is at least as large fits.
constexpr int64_t kBeyond32 = int64_t{1} << 31;

ir::Expr Largest(const ir::Expr& a, const ir::Expr& b) {
  return ir::MakeBinary(ir::BinaryKind::kMax, a, b);
}

// `e`, or 2^31 if it is larger; as it is where its type says that it is not.
ir::Expr AtMostBeyond32(const ir::Expr& e) {
  const bool narrow =
      ir::AsConstInt(e) ? *ir::AsConstInt(e) <= kBeyond32 : Bare(e).dtype().bits <= 32;
  return narrow ? e : ir::MakeBinary(ir::BinaryKind::kMin, e, ir::MakeInt(kInt64, kBeyond32));
}

// An extent; 1 for 0, so that each product of extents is at most the product of all.
ir::Expr Extent(const ir::Expr& extent) {
  ir::Expr wide = AtMostBeyond32(ir::MakeCast(kInt64, extent));
  return Largest(wide, ir::MakeInt(kInt64, 1));
}

// One more than the largest distance of two elements; 2^31 or more if it does not fit in 32 bits.
ir::Expr Reach(const ir::Buffer& buffer) {
  const ir::Expr one = ir::MakeInt(kInt64, 1);
  ir::Expr reach = one;
  for (size_t i = 0; i < buffer->shape.size(); ++i) {
    ir::Expr extent = Extent(buffer->shape[i]);
    if (buffer->strides.empty()) {
      reach = i < 2 ? reach * extent : AtMostBeyond32(reach) * extent;
      continue;
    }
    ir::Expr stride = ir::MakeCast(kInt64, buffer->strides[i]);
    ir::Expr length = AtMostBeyond32(Largest(stride, ir::MakeInt(kInt64, 0) - stride));
    reach = reach + (extent - one) * length;
  }
  return reach;
}

}  // namespace

Launch::Launch(const ir::PrimFunc& func, const ir::TileLoopObj* grid) : func_(func), grid_(grid) {
  CollectSymbols();
  CollectExprs();
}

void Launch::CollectSymbols() {
  symbols_.assign(func_->symbols.begin(), func_->symbols.end());
  std::unordered_set<const ir::VarObj*> scalars;
  for (const ffi::Any& param : func_->params) {
    if (const auto* var = param.as<ir::VarObj>()) scalars.insert(var);
  }
  for (const ir::Var& symbol : symbols_) scalars.erase(symbol.get());
  for (const ir::Expr& extent : grid_->extents) {
    ir::ForEachExpr(extent, [&](const ir::Expr& e) {
      const auto* var = e.as<ir::VarObj>();
      if (var && scalars.erase(var)) symbols_.push_back(ffi::GetRef<ir::Var>(var));
    });
  }
}

void Launch::CollectExprs() {
  for (const ffi::Any& param : func_->params) {
    auto buffer = param.as<ir::Buffer>();
    if (!buffer) continue;
    for (const ir::Expr& dim : (*buffer)->shape) AddDim(dim);
    for (const ir::Expr& dim : (*buffer)->strides) AddDim(dim);
  }
  for (const ir::Expr& dim : grid_->extents) AddDim(dim);
}

void Launch::AddDim(const ir::Expr& dim) {
  bool simple = ir::AsConstInt(dim) || SymbolIndex(dim) >= 0 || ExprIndex(dim) >= 0;
  if (!simple) exprs_.push_back(dim);
}

void Launch::LimitIndices(const std::vector<ir::Buffer>& tensors, int64_t most_symbol) {
  ir::Expr slack = ir::MakeInt(kInt64, INT32_MAX - most_symbol);
  std::optional<ir::Expr> largest;
  for (const ir::Var& symbol : func_->symbols) {
    ir::Expr value = AtMostBeyond32(ir::MakeCast(kInt64, symbol));
    largest = largest ? Largest(*largest, value) : value;
  }
  if (largest) AddLimit(*largest + slack);
  for (const ir::Buffer& tensor : tensors) AddLimit(Reach(tensor));
}

void Launch::AddLimit(const ir::Expr& count) {
  if (const int64_t* known = ir::AsConstInt(count); known && *known < kBeyond32) return;
  if (ExprIndex(count) < 0) exprs_.push_back(count);
  const int64_t index = ExprIndex(count);
  const bool known = std::count(index32_limit_.begin(), index32_limit_.end(), index) > 0;
  if (!known) index32_limit_.push_back(index);
}

int Launch::SymbolIndex(const ir::Expr& e) const {
  ir::Expr bare = Bare(e);
  for (size_t i = 0; i < symbols_.size(); ++i) {
    if (symbols_[i].same_as(bare)) return static_cast<int>(i);
  }
  return -1;
}

int Launch::ExprIndex(const ir::Expr& e) const {
  for (size_t i = 0; i < exprs_.size(); ++i) {
    if (ffi::StructuralEqual::Equal(exprs_[i], e)) return static_cast<int>(i);
  }
  return -1;
}

void Launch::WriteDim(JsonWriter* json, const ir::Expr& dim) const {
  json->BeginObject();
  if (const int64_t* value = ir::AsConstInt(dim)) {
    json->Field("const", *value);
  } else if (int symbol = SymbolIndex(dim); symbol >= 0) {
    json->Field("symbol", symbol);
  } else {
    json->Field("expr", ExprIndex(dim));
  }
  json->EndObject();
}

void Launch::WriteDims(JsonWriter* json, const ffi::Array<ir::Expr>& dims) const {
  json->BeginArray();
  for (const ir::Expr& dim : dims) WriteDim(json, dim);
  json->EndArray();
}

void Launch::WriteTensor(JsonWriter* json, const ir::Buffer& buffer, size_t i) const {
  std::string role(func_->roles[i]);
  const bool written = WrittenBuffers(func_->body).written.count(buffer.get()) != 0;
  json->Field("kind", "tensor");
  json->Field("name", std::string(buffer->name));
  json->Field("dtype", ir::dtype::Name(buffer->dtype));
  json->Key("shape");
  WriteDims(json, buffer->shape);
  json->Key("strides");
  if (buffer->strides.empty()) {
    json->Null();
  } else {
    WriteDims(json, buffer->strides);
  }
  json->Field("role", role);
  json->Field("written", written);
  json->Field("alignment", std::max(ir::dtype::Bits(buffer->dtype) / 8, 1));
}

void Launch::WriteScalar(JsonWriter* json, const ir::Var& var, size_t i) const {
  bool pointer = std::string(func_->roles[i]) == "pointer" || ir::dtype::IsHandle(var.dtype());
  json->Field("kind", pointer ? "pointer" : "scalar");
  json->Field("name", std::string(var->name));
  json->Field("dtype", pointer ? std::string("uint8") : ir::dtype::Name(var.dtype()));
  if (int symbol = SymbolIndex(var); symbol >= 0) json->Field("symbol", symbol);
}

std::string Launch::Signature(const std::vector<Site>& sites) const {
  JsonWriter json;
  json.BeginObject();
  json.Field("name", std::string(func_->name));
  json.Key("params");
  json.BeginArray();
  for (size_t i = 0; i < func_->params.size(); ++i) {
    json.BeginObject();
    if (auto buffer = func_->params[i].as<ir::Buffer>()) {
      WriteTensor(&json, *buffer, i);
    } else {
      WriteScalar(&json, func_->params[i].cast<ir::Var>(), i);
    }
    json.EndObject();
  }
  json.EndArray();
  json.Key("symbols");
  json.BeginArray();
  for (const ir::Var& symbol : symbols_) json.Value(std::string(symbol->name));
  json.EndArray();
  json.Field("num_exprs", static_cast<int64_t>(exprs_.size()));
  json.Key("expr_text");
  json.BeginArray();
  for (const ir::Expr& e : exprs_) json.Value(ir::Print(e));
  json.EndArray();
  json.Key("grid");
  WriteDims(&json, grid_->extents);
  json.Field("parallel", true);
  json.Key("symbol_bits");
  json.BeginArray();
  for (const ir::Var& symbol : symbols_) json.Value(static_cast<int64_t>(symbol.dtype().bits));
  json.EndArray();
  json.Key("index32_limit");
  json.BeginArray();
  for (int64_t limit : index32_limit_) json.Value(limit);
  json.EndArray();
  json.Key("sites");
  json.BeginArray();
  for (const Site& site : sites) {
    json.BeginObject();
    json.Field("message", site.message);
    json.Key("span");
    WriteSpan(&json, site.span);
    json.EndObject();
  }
  json.EndArray();
  json.Key("span");
  WriteSpan(&json, func_->span);
  json.EndObject();
  return json.Text();
}

}  // namespace tilescale::codegen
