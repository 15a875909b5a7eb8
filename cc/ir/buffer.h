#ifndef TILESCALE_CC_IR_BUFFER_H_
#define TILESCALE_CC_IR_BUFFER_H_

#include "cc/ir/expr.h"
#include "cc/ir/span.h"

namespace tilescale::ir {

/// Where a buffer lives. One program is one tile of the launch grid (a block).
namespace scope {
inline constexpr const char* kGlobal = "global";      // visible to all programs and the host
inline constexpr const char* kShared = "shared";      // one per program, all its threads
inline constexpr const char* kFragment = "fragment";  // one per program, spread over its threads
inline constexpr const char* kLocal = "local";        // small array, per program at the tile stage
inline constexpr const char* kVar = "var";            // one mutable scalar (shape ())
inline constexpr const char* kReducer = "reducer";    // accumulator between reducer_init/finalize
}  // namespace scope

/// A named multi-dimensional array of elements. Identity is the object. Declared exactly once: as
/// a parameter, by `Alloc`, by `View` or by `DeclTensor`.
class BufferObj : public ffi::Object {
 public:
  ffi::String name;
  DType dtype;
  ffi::Array<Expr> shape;
  /// In elements; empty means row-major without gaps.
  ffi::Array<Expr> strides;
  ffi::String scope;

  BufferObj(ffi::String name, DType dtype, ffi::Array<Expr> shape, ffi::Array<Expr> strides,
            ffi::String scope)
      : name(std::move(name)),
        dtype(dtype),
        shape(std::move(shape)),
        strides(std::move(strides)),
        scope(std::move(scope)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindFreeVar;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Buffer", BufferObj, ffi::Object);
};
class Buffer : public ffi::ObjectRef {
 public:
  Buffer(ffi::String name, DType dtype, ffi::Array<Expr> shape, ffi::Array<Expr> strides,
         ffi::String scope)
      : ObjectRef(ffi::make_object<BufferObj>(std::move(name), dtype, std::move(shape),
                                              std::move(strides), std::move(scope))) {}
  int ndim() const { return static_cast<int>(get()->shape.size()); }
  /// The explicit strides, or the row-major ones computed from the shape.
  ffi::Array<Expr> Strides() const;
  bool IsScope(const char* name) const { return get()->scope == name; }
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Buffer, ffi::ObjectRef, BufferObj);
};

/// A box inside a buffer: per dimension [mins, mins + extents). It may reach outside the buffer:
/// reads there give 0 (or the annotated safe value), writes there are dropped.
class RegionObj : public ffi::Object {
 public:
  Buffer buffer;
  ffi::Array<Expr> mins;
  ffi::Array<Expr> extents;

  RegionObj(Buffer buffer, ffi::Array<Expr> mins, ffi::Array<Expr> extents)
      : buffer(std::move(buffer)), mins(std::move(mins)), extents(std::move(extents)) {}
  static constexpr const TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Region", RegionObj, ffi::Object);
};
class Region : public ffi::ObjectRef {
 public:
  /// Throws an internal error unless there is one min and one extent per dimension.
  Region(Buffer buffer, ffi::Array<Expr> mins, ffi::Array<Expr> extents);
  /// The whole buffer.
  static Region Full(const Buffer& buffer);
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Region, ffi::ObjectRef, RegionObj);
};

/// The element of `buffer` at `indices`. Outside a global buffer it reads 0 or the safe value.
class LoadObj : public ExprObj {
 public:
  Buffer buffer;
  ffi::Array<Expr> indices;

  LoadObj(Buffer buffer, ffi::Array<Expr> indices)
      : ExprObj(buffer->dtype), buffer(std::move(buffer)), indices(std::move(indices)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.Load", LoadObj, ExprObj);
};
class Load : public Expr {
 public:
  Load(Buffer buffer, ffi::Array<Expr> indices)
      : Expr(ffi::make_object<LoadObj>(std::move(buffer), std::move(indices))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Load, Expr, LoadObj);
};

/// The address of an element: operand of atomics and foreign calls. dtype is handle.
class AddressOfObj : public ExprObj {
 public:
  Buffer buffer;
  ffi::Array<Expr> indices;

  AddressOfObj(Buffer buffer, ffi::Array<Expr> indices)
      : ExprObj(dtype::Handle()), buffer(std::move(buffer)), indices(std::move(indices)) {}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.ir.AddressOf", AddressOfObj, ExprObj);
};
class AddressOf : public Expr {
 public:
  AddressOf(Buffer buffer, ffi::Array<Expr> indices)
      : Expr(ffi::make_object<AddressOfObj>(std::move(buffer), std::move(indices))) {}
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(AddressOf, Expr, AddressOfObj);
};

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_BUFFER_H_
