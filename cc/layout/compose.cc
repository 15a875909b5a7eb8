#include "cc/layout/compose.h"

#include <tvm/ffi/error.h>

#include <optional>

#include "cc/layout/fit.h"

namespace tilescale::layout {

namespace {

// Above this many elements a composition that fails the divisibility rules is not searched for.
constexpr int64_t kMaxFitSize = int64_t{1} << 16;

// Part of a composed mode: `mode` indexes the coalesced left layout, digits run 0, step, 2*step...
struct Piece {
  size_t mode;
  Int extent;
  Int step;
};

// Splits the leaf extent:stride of the right layout over the modes of the left one.
std::optional<std::vector<Piece>> SplitLeaf(const std::vector<Mode>& lhs, Int extent, Int stride) {
  std::vector<Piece> pieces;
  if (extent.Is(1) || extent.Is(0)) return pieces;
  for (size_t k = 0; k + 1 < lhs.size(); ++k) {
    const Int& n = lhs[k].shape;
    if (ProvablyDivides(n, stride)) {
      stride = FloorDiv(stride, n);
      continue;
    }
    bool is_static = n.IsConst() && stride.IsConst() && extent.IsConst();
    if (is_static && (stride * (extent - Int(1))).Value() < n.Value()) {
      pieces.push_back({k, extent, stride});
      return pieces;
    }
    if (!ProvablyDivides(stride, n)) return std::nullopt;
    Int here = FloorDiv(n, stride);
    if (!ProvablyDivides(here, extent)) return std::nullopt;
    pieces.push_back({k, here, stride});
    extent = FloorDiv(extent, here);
    stride = 1;
    if (extent.Is(1)) return pieces;
  }
  pieces.push_back({lhs.size() - 1, extent, stride});
  return pieces;
}

Layout FromPieces(const std::vector<Mode>& lhs, const std::vector<Piece>& pieces,
                  const Int& extent) {
  if (extent.Is(0)) return Layout(IntTuple(0), IntTuple(0));
  std::vector<Mode> modes;
  for (const Piece& piece : pieces) {
    modes.push_back({piece.extent, piece.step * lhs[piece.mode].stride});
  }
  return FromModes(modes);
}

// Digits of different leaves add up inside one left mode; they must not reach its extent.
bool NoCarry(const std::vector<Mode>& lhs, const std::vector<std::vector<Piece>>& leaves) {
  for (size_t k = 0; k + 1 < lhs.size(); ++k) {
    Int reach(0);
    int contributors = 0;
    for (const auto& pieces : leaves) {
      for (const Piece& piece : pieces) {
        if (piece.mode != k) continue;
        reach = reach + (piece.extent - Int(1)) * piece.step;
        ++contributors;
      }
    }
    if (contributors < 2) continue;
    if (!reach.IsConst() || !lhs[k].shape.IsConst()) return false;
    if (reach.Value() >= lhs[k].shape.Value()) return false;
  }
  return true;
}

Layout Rebuild(const IntTuple& profile, const std::vector<Layout>& leaves, size_t* next) {
  if (profile.IsLeaf()) return leaves.at((*next)++);
  std::vector<Layout> modes;
  for (const IntTuple& mode : profile.Modes()) modes.push_back(Rebuild(mode, leaves, next));
  return Concat(modes);
}

std::optional<Layout> ComposeByRule(const std::vector<Mode>& lhs, const Layout& rhs) {
  std::vector<std::vector<Piece>> split;
  std::vector<Layout> leaves;
  for (const Mode& leaf : FlatModes(rhs)) {
    auto pieces = SplitLeaf(lhs, leaf.shape, leaf.stride);
    if (!pieces) return std::nullopt;
    leaves.push_back(FromPieces(lhs, *pieces, leaf.shape));
    split.push_back(*std::move(pieces));
  }
  if (!NoCarry(lhs, split)) return std::nullopt;
  size_t next = 0;
  return Rebuild(rhs.Shape(), leaves, &next);
}

bool IsStatic(const Layout& layout) {
  for (const Mode& mode : FlatModes(layout)) {
    if (!mode.shape.IsConst() || !mode.stride.IsConst()) return false;
  }
  return true;
}

// The rules are sufficient, not necessary (two points always lie on a layout): small static cases
// are decided by enumeration.
std::optional<Layout> ComposeByFit(const Layout& lhs, const Layout& rhs) {
  if (!IsStatic(lhs) || !IsStatic(rhs) || rhs.Size().Value() > kMaxFitSize) return std::nullopt;
  std::vector<int64_t> extents;
  for (const Mode& leaf : FlatModes(rhs)) extents.push_back(leaf.shape.Value());
  std::vector<int64_t> inner = Enumerate(rhs, "composition");
  auto fitted = FitLayout(extents, [&](int64_t i) { return lhs(inner[i]).Value(); });
  if (!fitted) return std::nullopt;
  size_t next = 0;
  return Rebuild(rhs.Shape(), fitted->Modes(), &next);
}

[[noreturn]] void ThrowNoComposition(const Layout& lhs, const std::vector<Mode>& modes,
                                     const Layout& rhs) {
  for (const Mode& leaf : FlatModes(rhs)) {
    if (SplitLeaf(modes, leaf.shape, leaf.stride)) continue;
    TVM_FFI_THROW(ValueError) << "composition(" << lhs.ToString() << ", " << rhs.ToString()
                              << ") is no layout: the mode " << leaf.shape.ToString() << ":"
                              << leaf.stride.ToString()
                              << " of the right layout does not divide the modes of the left one, "
                              << FromModes(modes).ToString() << ", evenly";
  }
  TVM_FFI_THROW(ValueError) << "composition(" << lhs.ToString() << ", " << rhs.ToString()
                            << ") is no layout: the modes of the right layout add up across a mode "
                            << "of the left one, " << FromModes(modes).ToString();
}

void CheckNonNegative(const Layout& lhs, const Layout& rhs) {
  for (const Mode& leaf : FlatModes(rhs)) {
    if (!leaf.stride.IsConst() || leaf.stride.Value() >= 0) continue;
    TVM_FFI_THROW(ValueError) << "composition(" << lhs.ToString() << ", " << rhs.ToString()
                              << "): the right layout has the negative stride "
                              << leaf.stride.Value();
  }
}

}  // namespace

Layout Compose(const Layout& lhs, const Layout& rhs) {
  CheckNonNegative(lhs, rhs);
  if (rhs.Size().Is(0)) {
    return Layout(rhs.Shape(), Unflatten(std::vector<Int>(FlatModes(rhs).size(), 0), rhs.Shape()));
  }
  Layout coalesced = Coalesce(lhs);
  std::vector<Mode> modes = FlatModes(coalesced);
  if (auto layout = ComposeByRule(modes, rhs)) return *layout;
  if (auto layout = ComposeByFit(coalesced, rhs)) return *layout;
  ThrowNoComposition(lhs, modes, rhs);
}

}  // namespace tilescale::layout
