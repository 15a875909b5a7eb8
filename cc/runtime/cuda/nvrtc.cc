#include "cc/runtime/cuda/nvrtc.h"

#include <algorithm>
#include <cstdint>

#include "cc/runtime/cuda/shared_library.h"

namespace tilescale::runtime::cuda {
namespace {

// The part of NVRTC's interface that is used; it is the same in CUDA 12 and 13.
using Program = void*;
struct Nvrtc {
  int (*version)(int*, int*);
  int (*num_archs)(int*);
  int (*archs)(int*);
  const char* (*error_string)(int);
  int (*create)(Program*, const char*, const char*, int, const char* const*, const char* const*);
  int (*compile)(Program, int, const char* const*);
  int (*log_size)(Program, size_t*);
  int (*log)(Program, char*);
  int (*cubin_size)(Program, size_t*);
  int (*cubin)(Program, char*);
  int (*ptx_size)(Program, size_t*);
  int (*ptx)(Program, char*);
  int (*lto_size)(Program, size_t*);
  int (*lto)(Program, char*);
  int (*destroy)(Program*);
};

// Opens what NVRTC needs and resolves its functions. Returns an empty string or what is wrong.
std::string Open(const std::string& path, const std::vector<std::string>& preload, Nvrtc* api) {
  for (const std::string& each : preload) {
    const SharedLibrary before(each);
    if (!before.loaded()) return before.error();
  }
  SharedLibrary library(path);
  library.Resolve("nvrtcVersion", &api->version);
  library.Resolve("nvrtcGetNumSupportedArchs", &api->num_archs);
  library.Resolve("nvrtcGetSupportedArchs", &api->archs);
  library.Resolve("nvrtcGetErrorString", &api->error_string);
  library.Resolve("nvrtcCreateProgram", &api->create);
  library.Resolve("nvrtcCompileProgram", &api->compile);
  library.Resolve("nvrtcGetProgramLogSize", &api->log_size);
  library.Resolve("nvrtcGetProgramLog", &api->log);
  library.Resolve("nvrtcGetCUBINSize", &api->cubin_size);
  library.Resolve("nvrtcGetCUBIN", &api->cubin);
  library.Resolve("nvrtcGetPTXSize", &api->ptx_size);
  library.Resolve("nvrtcGetPTX", &api->ptx);
  library.Resolve("nvrtcGetLTOIRSize", &api->lto_size);
  library.Resolve("nvrtcGetLTOIR", &api->lto);
  library.Resolve("nvrtcDestroyProgram", &api->destroy);
  return library.error();
}

// Reads a text or binary of which the library tells the size first.
template <typename Handle>
std::string Fetch(Handle handle, int (*size)(Handle, size_t*), int (*get)(Handle, char*)) {
  size_t bytes = 0;
  if (size(handle, &bytes) != 0 || bytes == 0) return "";
  std::string result(bytes, '\0');
  if (get(handle, result.data()) != 0) return "";
  return result;
}

// A log without the null character that its size counts.
std::string Text(std::string log) {
  log.resize(std::min(log.size(), log.find('\0')));
  return log;
}

std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  result.reserve(texts.size());
  for (const std::string& text : texts) result.push_back(text.c_str());
  return result;
}

int Create(const Nvrtc& api, const CompileJob& job, Program* program) {
  std::vector<const char*> names, texts;
  for (const Header& header : job.headers) {
    names.push_back(header.name.c_str());
    texts.push_back(header.text.c_str());
  }
  return api.create(program, job.source.c_str(), job.file.c_str(), static_cast<int>(names.size()),
                    texts.data(), names.data());
}

}  // namespace

CompileResult CompileCuda(const CompileJob& job) {
  CompileResult result;
  Nvrtc api{};
  result.error = Open(job.library, job.preload, &api);
  result.missing = !result.error.empty();
  if (result.missing) return result;
  Program program = nullptr;
  if (const int status = Create(api, job, &program)) {
    result.error = api.error_string(status);
    return result;
  }
  const std::vector<const char*> options = Pointers(job.options);
  const int status = api.compile(program, static_cast<int>(options.size()), options.data());
  result.log = Text(Fetch(program, api.log_size, api.log));
  if (status != 0) {
    result.error = api.error_string(status);
  } else {
    result.code = Fetch(program, api.cubin_size, api.cubin);
    if (result.code.empty()) result.code = Fetch(program, api.lto_size, api.lto);
    if (result.code.empty()) result.code = Fetch(program, api.ptx_size, api.ptx);
    if (result.code.empty()) result.error = "the compiler made no machine code";
  }
  api.destroy(&program);
  return result;
}

std::string DescribeNvrtc(const std::string& library, const std::vector<std::string>& preload,
                          std::pair<int, int>* version, std::vector<int>* archs) {
  Nvrtc api{};
  std::string error = Open(library, preload, &api);
  if (!error.empty()) return error;
  int count = 0;
  // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): without an error all functions are there.
  if (api.version(&version->first, &version->second) != 0 || api.num_archs(&count) != 0) {
    return "nvrtcVersion fails";
  }
  archs->resize(count);
  return api.archs(archs->data()) == 0 ? "" : "nvrtcGetSupportedArchs fails";
}

namespace {

using LinkHandle = void*;
struct NvJitLink {
  int (*create)(LinkHandle*, uint32_t, const char**);
  int (*destroy)(LinkHandle*);
  int (*add)(LinkHandle, int, const void*, size_t, const char*);
  int (*complete)(LinkHandle);
  int (*cubin_size)(LinkHandle, size_t*);
  int (*cubin)(LinkHandle, char*);
  int (*error_size)(LinkHandle, size_t*);
  int (*error)(LinkHandle, char*);
  int (*info_size)(LinkHandle, size_t*);
  int (*info)(LinkHandle, char*);
};

// Values of nvJitLinkInputType. A cubin given as an object links to nothing, without an error.
int InputType(LinkInput input) {
  switch (input) {
    case LinkInput::kCubin:
      return 1;
    case LinkInput::kLtoIr:
      return 3;
    default:
      return 6;
  }
}

std::string Open(const std::string& path, NvJitLink* api) {
  SharedLibrary library(path);
  library.Resolve("nvJitLinkCreate", &api->create);
  library.Resolve("nvJitLinkDestroy", &api->destroy);
  library.Resolve("nvJitLinkAddData", &api->add);
  library.Resolve("nvJitLinkComplete", &api->complete);
  library.Resolve("nvJitLinkGetLinkedCubinSize", &api->cubin_size);
  library.Resolve("nvJitLinkGetLinkedCubin", &api->cubin);
  library.Resolve("nvJitLinkGetErrorLogSize", &api->error_size);
  library.Resolve("nvJitLinkGetErrorLog", &api->error);
  library.Resolve("nvJitLinkGetInfoLogSize", &api->info_size);
  library.Resolve("nvJitLinkGetInfoLog", &api->info);
  return library.error();
}

std::string AddAll(const NvJitLink& api, LinkHandle handle, const LinkJob& job) {
  int number = 0;
  for (const auto& [kind, data] : job.inputs) {
    const std::string name = "input" + std::to_string(number++);
    if (api.add(handle, InputType(kind), data.data(), data.size(), name.c_str()) != 0) {
      return name + " is not what it is said to be";
    }
  }
  return api.complete(handle) == 0 ? "" : "the linker rejects its inputs";
}

}  // namespace

CompileResult LinkCuda(const LinkJob& job) {
  CompileResult result;
  NvJitLink api{};
  result.error = Open(job.library, &api);
  result.missing = !result.error.empty();
  if (result.missing) return result;
  std::vector<const char*> options = Pointers(job.options);
  LinkHandle handle = nullptr;
  if (api.create(&handle, static_cast<uint32_t>(options.size()), options.data()) != 0) {
    result.error = "the linker does not accept the options";
    return result;
  }
  result.error = AddAll(api, handle, job);
  result.log =
      Text(Fetch(handle, api.error_size, api.error)) + Text(Fetch(handle, api.info_size, api.info));
  if (result.error.empty()) {
    result.code = Fetch(handle, api.cubin_size, api.cubin);
    if (result.code.empty()) result.error = "the linker made no machine code";
  }
  api.destroy(&handle);
  return result;
}

}  // namespace tilescale::runtime::cuda
