// CUDA C++ to machine code, and the linking of it, in this process: NVRTC and nvJitLink.
#ifndef TILESCALE_CC_RUNTIME_CUDA_NVRTC_H_
#define TILESCALE_CC_RUNTIME_CUDA_NVRTC_H_

#include <string>
#include <utility>
#include <vector>

namespace tilescale::runtime::cuda {

// A file that `#include` finds by its name, without a file system.
struct Header {
  std::string name;
  std::string text;
};

struct CompileJob {
  // Paths of libnvrtc and of what must be loaded before it: the wheels of CUDA 13 lack the run path
  // to libnvrtc-builtins.
  std::string library;
  std::vector<std::string> preload;
  std::string source;
  std::string file;  // What the compiler's messages call the source.
  std::vector<Header> headers;
  std::vector<std::string> options;
};

struct CompileResult {
  // The cubin, LTO-IR with `-dlto`, or PTX for a virtual architecture; empty after an error.
  std::string code;
  std::string log;       // What the compiler and the assembler say, also after success.
  std::string error;     // Empty after success.
  bool missing = false;  // The library itself cannot be used.
};

// Compiles one source. May be called from several threads at once.
CompileResult CompileCuda(const CompileJob& job);

// Version as {major, minor} and the architectures (80 for sm_80) that the library compiles for.
// Returns an empty string, or why the library cannot be used.
std::string DescribeNvrtc(const std::string& library, const std::vector<std::string>& preload,
                          std::pair<int, int>* version, std::vector<int>* archs);

enum class LinkInput { kCubin, kLtoIr, kArchive };

struct LinkJob {
  std::string library;
  std::vector<std::pair<LinkInput, std::string>> inputs;  // Contents, not paths.
  std::vector<std::string> options;
};

// Links relocatable cubins, or LTO-IR, to one cubin. Never mix the two.
CompileResult LinkCuda(const LinkJob& job);

}  // namespace tilescale::runtime::cuda

#endif  // TILESCALE_CC_RUNTIME_CUDA_NVRTC_H_
