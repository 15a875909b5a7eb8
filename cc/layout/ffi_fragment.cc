// What Python sees of bank scores, shared-memory tiles, fragments and index maps.
#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/reflection/registry.h>

#include "cc/layout/bank_model.h"
#include "cc/layout/ffi_repr.h"
#include "cc/layout/fragment.h"
#include "cc/layout/fragment_convert.h"
#include "cc/layout/index_map.h"
#include "cc/layout/swizzle_chooser.h"

namespace tilescale::layout {
namespace {

namespace ffi = tvm::ffi;
namespace refl = tvm::ffi::reflection;
using ffi::Array;
using ffi::Shape;

std::vector<int64_t> ToVector(const Shape& shape) { return {shape.begin(), shape.end()}; }

Array<TileCandidate> RankTiles(int64_t rows, int64_t columns, int64_t element_bits,
                               const Array<Layout>& thread_values, const Shape& access_bytes) {
  std::vector<TileAccess> accesses;
  for (size_t i = 0; i < thread_values.size(); ++i) {
    accesses.push_back({thread_values[i], access_bytes[i]});
  }
  return RankTileLayouts(rows, columns, element_bits, accesses);
}

Array<Shape> FragmentOwners(const Fragment& fragment) {
  Array<Shape> owners;
  for (const std::vector<Slot>& slots : fragment.Owners()) {
    std::vector<int64_t> flat;
    for (const Slot& slot : slots) flat.insert(flat.end(), {slot.thread, slot.value});
    owners.push_back(Shape(flat));
  }
  return owners;
}

void RegisterBanks() {
  refl::ObjectDef<BankReportObj>(refl::init(false))
      .def_ro("accesses", &BankReportObj::accesses)
      .def_ro("wavefronts", &BankReportObj::wavefronts)
      .def_ro("ideal", &BankReportObj::ideal)
      .def_ro("worst", &BankReportObj::worst)
      .def_type_attr(kReprAttr, Repr<BankReport>);
  refl::ObjectDef<TileCandidateObj>(refl::init(false))
      .def_ro("name", &TileCandidateObj::name)
      .def_ro("layout", &TileCandidateObj::layout)
      .def_ro("wavefronts", &TileCandidateObj::wavefronts)
      .def_ro("ideal", &TileCandidateObj::ideal)
      .def_ro("bytes", &TileCandidateObj::bytes)
      .def_type_attr(kReprAttr, Repr<TileCandidate>);
  refl::GlobalDef()
      .def("tilescale.layout.ScoreElements",
           [](const Shape& elements, int64_t num_values, int64_t element_bits, int64_t bytes) {
             return ScoreElements(ToVector(elements), num_values, element_bits, bytes);
           })
      .def("tilescale.layout.ScoreLayout", ScoreLayout)
      .def("tilescale.layout.MakeLinearTile", MakeLinearTile)
      .def("tilescale.layout.MakeBankSwizzledTile", MakeBankSwizzledTile)
      .def("tilescale.layout.RankTileLayouts", RankTiles);
}

void RegisterFragment() {
  refl::ObjectDef<FragmentObj>(refl::init(false))
      .def_ro("shape", &FragmentObj::shape)
      .def_ro("num_threads", &FragmentObj::num_threads)
      .def_ro("num_values", &FragmentObj::num_values)
      .def_ro("thread_value", &FragmentObj::thread_value)
      .def_ro("padded", &FragmentObj::padded)
      .def_ro("table", &FragmentObj::table)
      .def_ro("vars", &FragmentObj::vars, refl::AttachFieldFlag::SEqHashIgnore())
      .def_ro("forward", &FragmentObj::forward, refl::AttachFieldFlag::SEqHashIgnore())
      .def_type_attr(kReprAttr, Repr<Fragment>);
  refl::ObjectDef<FragmentConversionObj>(refl::init(false))
      .def_ro("kind", &FragmentConversionObj::kind)
      .def_ro("moves", &FragmentConversionObj::moves)
      .def_ro("num_exchanged", &FragmentConversionObj::num_exchanged)
      .def_ro("shuffle_rounds", &FragmentConversionObj::shuffle_rounds)
      .def_type_attr(kReprAttr, Repr<FragmentConversion>);
  refl::GlobalDef()
      .def("tilescale.layout.MakeFragment",
           [](const Shape& shape, const Layout& thread_value, const Shape& padded) {
             return Fragment(shape, thread_value, padded);
           })
      .def("tilescale.layout.FragmentFromForward", Fragment::FromForward)
      .def("tilescale.layout.FragmentMapForward", MapForward)
      .def("tilescale.layout.FragmentMapSlot", MapSlot)
      .def("tilescale.layout.FragmentTable", [](const Fragment& f) { return Shape(f.Table()); })
      .def("tilescale.layout.FragmentOwners", FragmentOwners)
      .def("tilescale.layout.FragmentReplication",
           [](const Fragment& f) { return f.Replication(); })
      .def("tilescale.layout.FragmentReplicate", Replicate)
      .def("tilescale.layout.FragmentRepeat", Repeat)
      .def("tilescale.layout.ConvertFragment", ConvertFragment)
      .def("tilescale.layout.ConversionKindName",
           [](const FragmentConversion& c) { return ffi::String(ConversionKindName(c.Kind())); });
}

void RegisterIndexMap() {
  refl::ObjectDef<IndexMapObj>(refl::init(false))
      .def_ro("vars", &IndexMapObj::vars, refl::AttachFieldFlag::SEqHashDefPattern())
      .def_ro("input_shape", &IndexMapObj::input_shape)
      .def_ro("outputs", &IndexMapObj::outputs)
      .def_ro("output_shape", &IndexMapObj::output_shape)
      .def_type_attr(kReprAttr, Repr<IndexMap>);
  refl::GlobalDef()
      .def("tilescale.layout.MakeIndexMap",
           [](const Array<ir::Var>& vars, const Shape& shape, const Array<ir::Expr>& outputs) {
             return IndexMap(vars, shape, outputs);
           })
      .def("tilescale.layout.IndexMapFromComposed", IndexMap::FromComposed)
      .def("tilescale.layout.IndexMapFromTable",
           [](const Shape& shape, const Shape& values) {
             return IndexMap::FromTable(shape, ToVector(values));
           })
      .def("tilescale.layout.IndexMapApply",
           [](const IndexMap& m, const Array<ir::Expr>& indices) { return m.Map(indices); })
      .def("tilescale.layout.IndexMapOffsets", [](const IndexMap& m) { return Shape(m.Offsets()); })
      .def("tilescale.layout.IndexMapRecognize",
           [](const IndexMap& m) -> ffi::Optional<ComposedLayout> {
             if (auto composed = Recognize(m)) return *composed;
             return std::nullopt;
           })
      .def("tilescale.layout.IndexMapSame", SameMap)
      .def("tilescale.layout.IndexMapInverse", static_cast<IndexMap (*)(const IndexMap&)>(Inverse))
      .def("tilescale.layout.IndexMapRepeat", RepeatDim)
      .def("tilescale.layout.IndexMapExpand", Expand)
      .def("tilescale.layout.IndexMapReshape", Reshape);
}

TVM_FFI_STATIC_INIT_BLOCK() {
  RegisterBanks();
  RegisterFragment();
  RegisterIndexMap();
}

}  // namespace
}  // namespace tilescale::layout
