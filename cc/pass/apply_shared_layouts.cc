#include "cc/pass/apply_shared_layouts.h"

#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/layout/index_map.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using layout::ComposedLayout;
using layout::IndexMap;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

ir::Expr Bits(ir::BinaryKind kind, const ir::Expr& a, int64_t b) {
  return ir::MakeBinary(kind, a, Int(b));
}

// Offsets in shared memory fit 32 bits.
ir::Expr Narrow(const ir::Expr& index) { return ir::MakeCast(ir::dtype::Int(32), index); }

int64_t Product(const std::vector<layout::StaticMode>& modes) {
  int64_t product = 1;
  for (const layout::StaticMode& mode : modes) product *= mode.shape;
  return product;
}

// A layout of a tile of rows, as sums of single modes: what the row and what the column adds. The
// part below `low_bits` comes from the column alone, and only it is permuted, by bits that lie
// above; so the permutation of a row is one value, which stays while the column changes.
class RowForm {
 public:
  explicit RowForm(const ComposedLayout& tile) : swizzle_(tile->swizzle) {
    std::vector<layout::Layout> modes = tile.Inner().Modes();
    rows_ = layout::StaticModes(layout::Coalesce(modes[0]), "apply_shared_layouts");
    columns_ = layout::StaticModes(layout::Coalesce(modes[1]), "apply_shared_layouts");
    low_bits_ = swizzle_->bits == 0 ? 0 : swizzle_->base + swizzle_->bits;
    block_bits_ = swizzle_->bits == 0 ? 0 : low_bits_ + swizzle_->shift;
    valid_ = tile.Offset().Value() == 0 && (swizzle_->bits == 0 || Splits());
  }

  bool valid() const { return valid_; }

  ir::Expr Offset(const ir::Expr& row, const ir::Expr& column, bool permute) const {
    ir::Expr row_part = Sum(row, rows_, 0, rows_.size());
    if (swizzle_->bits == 0 || !permute) {
      return row_part + Sum(column, columns_, 0, columns_.size());
    }
    // The columns' first mode is the low part; the others choose a span.
    ir::Expr low = columns_.size() == 1 ? column : ir::FloorMod(column, Int(columns_[0].shape));
    ir::Expr spans = Sum(column, columns_, 1, columns_.size());
    ir::Expr source = SpansMatter() ? row_part + spans : row_part;
    ir::Expr moved =
        Bits(ir::BinaryKind::kShr, Bits(ir::BinaryKind::kBitAnd, source, swizzle_.SourceMask()),
             swizzle_->shift);
    return row_part + spans + ir::MakeBinary(ir::BinaryKind::kBitXor, low, moved);
  }

 private:
  bool Splits() const {
    const int64_t low = int64_t{1} << low_bits_;
    if (swizzle_->shift < swizzle_->bits || columns_.empty()) return false;
    if (columns_[0].stride != 1 || columns_[0].shape > low) return false;
    for (const layout::StaticMode& mode : rows_) {
      if (mode.stride % low != 0) return false;
    }
    for (size_t i = 1; i < columns_.size(); ++i) {
      if (columns_[i].stride % low != 0) return false;
    }
    return true;
  }

  // Whether the span that a column lies in takes part in the permutation.
  bool SpansMatter() const {
    for (size_t i = 1; i < columns_.size(); ++i) {
      if (columns_[i].stride % (int64_t{1} << block_bits_) != 0) return true;
    }
    return false;
  }

  // What the modes [begin, end) add for an index that counts the first mode fastest.
  static ir::Expr Sum(const ir::Expr& index, const std::vector<layout::StaticMode>& modes,
                      size_t begin, size_t end) {
    ir::Expr sum = Int(0);
    int64_t below = Product({modes.begin(), modes.begin() + begin});
    for (size_t i = begin; i < end; ++i) {
      ir::Expr digit = ir::FloorDiv(index, Int(below));
      if (i + 1 < modes.size()) digit = ir::FloorMod(digit, Int(modes[i].shape));
      sum = sum + digit * Int(modes[i].stride);
      below *= modes[i].shape;
    }
    return sum;
  }

  layout::Swizzle swizzle_;
  std::vector<layout::StaticMode> rows_, columns_;
  int64_t low_bits_, block_bits_;
  bool valid_;
};

// A shared buffer and how its indices become those of the new one.
struct Placed {
  ir::Buffer buffer;
  std::variant<RowForm, IndexMap> form;

  // Without `permute` as if there were no swizzle.
  ffi::Array<ir::Expr> Map(const ffi::Array<ir::Expr>& indices, bool permute = true) const {
    // How many dimensions the layout takes together: the last ones.
    const auto* rows = std::get_if<RowForm>(&form);
    const auto* map = std::get_if<IndexMap>(&form);
    const size_t inner = map ? map->get()->vars.size() : 2;
    const size_t leading = indices.size() - inner;
    ffi::Array<ir::Expr> mapped(indices.begin(), indices.begin() + leading);
    ffi::Array<ir::Expr> last;
    for (size_t i = leading; i < indices.size(); ++i) last.push_back(Narrow(indices[i]));
    if (rows) {
      mapped.push_back(rows->Offset(last[0], last[1], permute));
    } else if (map) {
      for (const ir::Expr& index : map->Map(last)) mapped.push_back(index);
    }
    return mapped;
  }
};

ffi::Shape LastExtents(const ir::Buffer& buffer, size_t count) {
  std::vector<int64_t> extents;
  for (size_t i = buffer->shape.size() - count; i < buffer->shape.size(); ++i) {
    extents.push_back(*ir::AsConstInt(buffer->shape[i]));
  }
  return ffi::Shape(extents);
}

ir::Buffer WithTail(const ir::Buffer& old, size_t count, const ffi::Array<ir::Expr>& tail) {
  ffi::Array<ir::Expr> shape(old->shape.begin(), old->shape.end() - count);
  for (const ir::Expr& extent : tail) shape.push_back(extent);
  return ir::Buffer(old->name, old->dtype, shape, {}, old->scope);
}

Placed PlaceComposed(const ir::Buffer& buffer, const ComposedLayout& composed) {
  const size_t rank = composed.Inner().Rank();
  ir::Buffer flat = WithTail(buffer, rank, {Int(composed.Cosize().Value())});
  if (rank == 2) {
    RowForm rows(composed);
    if (rows.valid()) return {flat, rows};
  }
  return {flat, IndexMap::FromComposed(composed, LastExtents(buffer, rank))};
}

Placed PlaceMap(const ir::Buffer& buffer, const IndexMap& map) {
  if (auto composed = layout::Recognize(map)) return PlaceComposed(buffer, *composed);
  ffi::Array<ir::Expr> tail;
  for (int64_t extent : map->output_shape) tail.push_back(Int(extent));
  return {WithTail(buffer, map->vars.size(), tail), map};
}

class LayoutApplier : public ir::Mutator {
 public:
  LayoutApplier(const ir::Stmt& body, bool one_side) : one_side_(one_side) {
    std::unordered_set<const ir::BufferObj*> viewed;
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const auto* view = s.as<ir::ViewObj>();
      if (view) viewed.insert(view->source.get());
    });
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const auto* note = s.as<ir::AnnotateObj>();
      if (!note || note->key != "layout" || !note->target.has_value()) return;
      const ir::Buffer& buffer = note->target.value();
      if (buffer.IsScope(ir::scope::kShared) && !viewed.count(buffer.get())) {
        Place(buffer, note->value);
      }
    });
  }

  ir::Buffer MutateBuffer(const ir::Buffer& buffer) override {
    const Placed* placed = Find(buffer);
    return placed ? placed->buffer : buffer;
  }

  ir::Expr MutateExpr(const ir::Expr& e) override {
    if (const auto* load = e.as<ir::LoadObj>()) {
      const Placed* placed = Find(load->buffer);
      if (placed) return ir::Load(placed->buffer, placed->Map(Mutated(load->indices)));
    }
    if (const auto* address = e.as<ir::AddressOfObj>()) {
      const Placed* placed = Find(address->buffer);
      if (placed) {
        return ir::AddressOf(placed->buffer, placed->Map(Mutated(address->indices), !forgets_));
      }
    }
    const auto* call = e.as<ir::CallObj>();
    if (call && one_side_ && call->op == "cuda.load_matrix") {
      forgets_ = true;
      ir::Expr result = DefaultExpr(e);
      forgets_ = false;
      return result;
    }
    return DefaultExpr(e);
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* note = s.as<ir::AnnotateObj>();
    if (note && note->key == "layout") return ir::Seq(ffi::Array<ir::Stmt>());
    const auto* store = s.as<ir::StoreObj>();
    const Placed* placed = store ? Find(store->buffer) : nullptr;
    if (!placed) return DefaultStmt(s);
    return ir::Store(placed->buffer, placed->Map(Mutated(store->indices)), MutateExpr(store->value),
                     store->span);
  }

 private:
  void Place(const ir::Buffer& buffer, const ffi::Any& value) {
    if (auto composed = value.as<ComposedLayout>()) {
      placed_.emplace(buffer.get(), PlaceComposed(buffer, *composed));
    } else if (auto map = value.as<IndexMap>()) {
      placed_.emplace(buffer.get(), PlaceMap(buffer, *map));
    }
  }

  const Placed* Find(const ir::Buffer& buffer) const {
    auto it = placed_.find(buffer.get());
    return it == placed_.end() ? nullptr : &it->second;
  }

  ffi::Array<ir::Expr> Mutated(const ffi::Array<ir::Expr>& exprs) {
    ffi::Array<ir::Expr> result;
    for (const ir::Expr& e : exprs) result.push_back(MutateExpr(e));
    return result;
  }

  std::unordered_map<const ir::BufferObj*, Placed> placed_;
  bool one_side_;  // a planted bug
  bool forgets_ = false;
};

}  // namespace

ir::PrimFunc ApplySharedLayouts(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  const bool one_side = context.Has(lower::PlantedBug::kSwizzleOneSide);
  return func.WithBody(LayoutApplier(func->body, one_side).MutateStmt(func->body));
}

}  // namespace tilescale::pass
