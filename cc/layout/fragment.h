// Fragment: a tile spread over the registers of a group of threads, as a (thread, value) ->
// coordinate map. An element may have several owners (replication); a slot may have none (tails).
#ifndef TILESCALE_CC_LAYOUT_FRAGMENT_H_
#define TILESCALE_CC_LAYOUT_FRAGMENT_H_

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/object.h>
#include <tvm/ffi/optional.h>

#include <string>
#include <vector>

#include "cc/ir/expr.h"
#include "cc/layout/layout.h"

namespace tilescale::layout {

// A register of a thread.
struct Slot {
  int64_t thread;
  int64_t value;
};

class FragmentObj : public tvm::ffi::Object {
 public:
  // Extents of the tile.
  tvm::ffi::Shape shape;
  int64_t num_threads;
  int64_t num_values;
  // Where the map is shape:stride: ((thread modes), (value modes)) -> flat coordinate, first
  // dimension fastest, in the box `padded`, which may exceed the tile: slots outside own nothing.
  tvm::ffi::Optional<Layout> thread_value;
  tvm::ffi::Shape padded;
  // Otherwise: flat coordinate in the tile of slot thread * num_values + value, -1 for none.
  tvm::ffi::Shape table;
  // How the user gave it, if by expressions: index variables (a replica variable first, if any) and
  // the thread followed by the value indices. The map above says the same; comparison ignores them.
  tvm::ffi::Array<ir::Var> vars;
  tvm::ffi::Array<ir::Expr> forward;

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.Fragment", FragmentObj, tvm::ffi::Object);
};

class Fragment : public tvm::ffi::ObjectRef {
 public:
  explicit Fragment(tvm::ffi::ObjectPtr<FragmentObj> node) : ObjectRef(std::move(node)) {}
  // Throws ValueError unless `thread_value` is static with two modes, stays inside `padded`,
  // `padded` is no smaller than `shape`, and every element of the tile is owned.
  Fragment(const tvm::ffi::Shape& shape, const Layout& thread_value, const tvm::ffi::Shape& padded);
  // From a table as in FragmentObj; recognises shape:stride maps. Throws ValueError unless every
  // element of the tile is owned.
  static Fragment FromTable(const tvm::ffi::Shape& shape, int64_t num_threads, int64_t num_values,
                            const std::vector<int64_t>& table);
  // From owners: `threads[replica * size + e]` holds element e (first dimension fastest) as
  // `values[replica * size + e]`. Throws ValueError where two elements fall into one slot.
  static Fragment FromOwners(const tvm::ffi::Shape& shape, const std::vector<int64_t>& threads,
                             const std::vector<int64_t>& values);
  // From expressions: `vars` are a replica variable of extent `replicas`, if that is above 1, and
  // one variable per dimension; `forward` is the thread and the value indices. Without value
  // indices the elements of each thread count up in row-major order.
  static Fragment FromForward(const tvm::ffi::Array<ir::Var>& vars, const tvm::ffi::Shape& shape,
                              int64_t replicas, const tvm::ffi::Array<ir::Expr>& forward);

  int64_t Size() const;
  // The table form of any fragment.
  std::vector<int64_t> Table() const;
  // The slots of each element, by thread, then value.
  std::vector<std::vector<Slot>> Owners() const;
  // Owners per element where all elements have as many; 0 where they differ.
  int64_t Replication() const;
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Fragment, tvm::ffi::ObjectRef, FragmentObj);
};

// Thread and value index of the element at `indices`, as expressions; the first owner's if it has
// several and the fragment was not given by expressions. Throws ValueError where the map has no
// closed inverse.
tvm::ffi::Array<ir::Expr> MapForward(const Fragment& fragment,
                                     const tvm::ffi::Array<ir::Expr>& indices);

// Coordinate of the element in a slot, as expressions of the thread and the value. Of a padded
// fragment the coordinate lies in the box: outside the tile the slot owns nothing. Throws
// ValueError for a fragment that is no shape:stride map.
tvm::ffi::Array<ir::Expr> MapSlot(const Fragment& fragment, const ir::Expr& thread,
                                  const ir::Expr& value);

// `times` groups of threads, each holding the whole tile.
Fragment Replicate(const Fragment& fragment, int64_t times);
// Tiles the fragment repeats[d] times along dimension d. The copies take more threads or, by
// default, more values; they are numbered with the last dimension fastest, or the first one.
Fragment Repeat(const Fragment& fragment, const tvm::ffi::Shape& repeats, bool on_threads,
                bool last_dim_fastest);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_FRAGMENT_H_
