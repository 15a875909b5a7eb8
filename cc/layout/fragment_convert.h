// Conversion between two fragments of one tile: what moves where, and how cheaply it can.
#ifndef TILESCALE_CC_LAYOUT_FRAGMENT_CONVERT_H_
#define TILESCALE_CC_LAYOUT_FRAGMENT_CONVERT_H_

#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/object.h>

#include <string>

#include "cc/layout/fragment.h"

namespace tilescale::layout {

// Ordered by cost: the conversion as a whole needs the most expensive of its moves.
enum class ConversionKind : int64_t {
  kIdentity = 0,  // every slot keeps its element
  kRegister = 1,  // elements change registers inside their threads
  kShuffle = 2,   // elements cross lanes of one warp
  kShared = 3,    // elements cross warps: through shared memory
};

const char* ConversionKindName(ConversionKind kind);

class FragmentConversionObj : public tvm::ffi::Object {
 public:
  int64_t kind;
  // For every slot of the destination that owns an element, four numbers: destination thread and
  // value, source thread and value. The nearest owner is the source: same slot, thread, warp, any.
  tvm::ffi::Shape moves;
  // Elements whose source is another thread.
  int64_t num_exchanged;
  // Warp shuffles that suffice, for kShuffle: in one shuffle each lane offers one register and
  // reads one lane. 0 for the other kinds.
  int64_t shuffle_rounds;

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.FragmentConversion", FragmentConversionObj,
                                    tvm::ffi::Object);
};

class FragmentConversion : public tvm::ffi::ObjectRef {
 public:
  explicit FragmentConversion(tvm::ffi::ObjectPtr<FragmentConversionObj> node)
      : ObjectRef(std::move(node)) {}
  ConversionKind Kind() const { return static_cast<ConversionKind>(get()->kind); }
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(FragmentConversion, tvm::ffi::ObjectRef,
                                                FragmentConversionObj);
};

// Throws ValueError if the fragments hold tiles of different shapes.
FragmentConversion ConvertFragment(const Fragment& source, const Fragment& destination);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_FRAGMENT_CONVERT_H_
