#include "cc/arith/z3_api.h"

#include <dlfcn.h>
#include <tvm/ffi/function.h>

#include <optional>

namespace tilescale::arith {
namespace {

std::string FindLibrary() {
  auto find = tvm::ffi::Function::GetGlobal("tilescale.arith.FindZ3");
  if (!find.has_value()) return "";
  return std::string((*find)().cast<tvm::ffi::String>());
}

template <typename Fn>
bool Resolve(void* library, const char* name, Fn* fn) {
  *fn = reinterpret_cast<Fn>(dlsym(library, name));
  return *fn != nullptr;
}

std::optional<Z3Api> Open() {
  std::string path = FindLibrary();
  if (path.empty()) return std::nullopt;
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return std::nullopt;
  Z3Api api;
  bool complete = true;
#define TILESCALE_Z3_RESOLVE(name) complete = complete && Resolve(library, #name, &api.name);
  TILESCALE_Z3_FUNCTIONS(TILESCALE_Z3_RESOLVE)
#undef TILESCALE_Z3_RESOLVE
  if (!complete) return std::nullopt;
  return api;
}

}  // namespace

const Z3Api* LoadZ3() {
  // Never unloaded: contexts may outlive any owner that could close it.
  static const std::optional<Z3Api> api = Open();
  return api ? &*api : nullptr;
}

std::string Z3Version() {
  const Z3Api* api = LoadZ3();
  return api ? api->Z3_get_full_version() : "";
}

}  // namespace tilescale::arith
