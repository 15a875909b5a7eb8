// Libraries that may or may not be on the machine, opened by path when they are first needed.
#ifndef TILESCALE_CC_RUNTIME_CUDA_SHARED_LIBRARY_H_
#define TILESCALE_CC_RUNTIME_CUDA_SHARED_LIBRARY_H_

#include <dlfcn.h>

#include <string>

namespace tilescale::runtime::cuda {

// Opened libraries stay open: CUDA's keep threads and exit handlers.
class SharedLibrary {
 public:
  explicit SharedLibrary(const std::string& path) : handle_(dlopen(path.c_str(), kMode)) {
    if (handle_ == nullptr) Note(dlerror());
  }

  // Sets `function` to the symbol `name`; notes the first one that is missing.
  template <typename F>
  void Resolve(const char* name, F* function) {
    if (handle_ == nullptr) return;
    *function = reinterpret_cast<F>(dlsym(handle_, name));
    if (*function == nullptr) Note(dlerror());
  }

  bool loaded() const { return handle_ != nullptr; }
  // Empty if the library was opened and all symbols were found.
  const std::string& error() const { return error_; }

 private:
  static constexpr int kMode = RTLD_NOW | RTLD_LOCAL;

  void Note(const char* text) {
    if (error_.empty()) error_ = text != nullptr ? text : "a symbol is null";
  }

  void* handle_;
  std::string error_;
};

}  // namespace tilescale::runtime::cuda

#endif  // TILESCALE_CC_RUNTIME_CUDA_SHARED_LIBRARY_H_
