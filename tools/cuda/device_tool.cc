// Compiles or links device code in a build action:
//   device_tool compile LIBNVRTC SOURCE OUT [OPTION...]
//   device_tool link LIBNVJITLINK OUT ARCH INPUT...
// The inputs of a link are relocatable cubins, or archives by their suffix .a.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cc/runtime/cuda/cubin.h"
#include "cc/runtime/cuda/nvrtc.h"

namespace {

using tilescale::runtime::cuda::CompileResult;
using tilescale::runtime::cuda::LinkInput;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) std::fprintf(stderr, "%s cannot be read\n", path.c_str());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

int Finish(const CompileResult& result, const std::string& out) {
  if (!result.log.empty()) std::fputs(result.log.c_str(), stderr);
  if (!result.error.empty()) {
    std::fprintf(stderr, "%s: %s\n", out.c_str(), result.error.c_str());
    return 1;
  }
  std::ofstream file(out, std::ios::binary);
  file.write(result.code.data(), static_cast<std::streamsize>(result.code.size()));
  return file.flush() ? 0 : 1;
}

int Compile(const std::vector<std::string>& args) {
  tilescale::runtime::cuda::CompileJob job;
  job.library = args[0];
  job.file = args[1];
  job.source = Read(args[1]);
  job.options.assign(args.begin() + 3, args.end());
  return Finish(tilescale::runtime::cuda::CompileCuda(job), args[2]);
}

int Link(const std::vector<std::string>& args) {
  tilescale::runtime::cuda::LinkJob job;
  job.library = args[0];
  job.options = {"-arch=" + args[2]};
  for (size_t i = 3; i < args.size(); ++i) {
    const LinkInput kind = EndsWith(args[i], ".a") ? LinkInput::kArchive : LinkInput::kCubin;
    job.inputs.emplace_back(kind, Read(args[i]));
  }
  CompileResult result = tilescale::runtime::cuda::LinkCuda(job);
  // A linker that is given the wrong kind of input can succeed with nothing in its result.
  if (result.error.empty() && tilescale::runtime::cuda::GlobalFunctions(result.code).empty()) {
    result.error = "the linked code has no kernel";
  }
  return Finish(result, args[1]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + (argc < 2 ? argc : 2), argv + argc);
  const std::string mode = argc < 2 ? "" : argv[1];
  if (mode == "compile" && args.size() >= 3) return Compile(args);
  if (mode == "link" && args.size() >= 4) return Link(args);
  std::fputs("usage: device_tool compile LIB SOURCE OUT [OPTION...]\n", stderr);
  std::fputs("       device_tool link LIB OUT ARCH INPUT...\n", stderr);
  return 2;
}
