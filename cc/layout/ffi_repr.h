// The repr hook of objects with a ToString(); included by the registration files only.
#ifndef TILESCALE_CC_LAYOUT_FFI_REPR_H_
#define TILESCALE_CC_LAYOUT_FFI_REPR_H_

#include <tvm/ffi/extra/dataclass.h>
#include <tvm/ffi/function.h>
#include <tvm/ffi/object.h>
#include <tvm/ffi/string.h>

namespace tilescale::layout {

inline constexpr const char* kReprAttr = tvm::ffi::type_attr::kRepr.name;

template <typename Ref>
tvm::ffi::String Repr(const tvm::ffi::Object* self,
                      const tvm::ffi::TypedFunction<tvm::ffi::String(tvm::ffi::AnyView)>&) {
  return tvm::ffi::AnyView(self).cast<Ref>().ToString();
}

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_FFI_REPR_H_
