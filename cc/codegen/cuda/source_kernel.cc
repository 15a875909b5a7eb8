#include "cc/codegen/cuda/source_kernel.h"

#include <tvm/ffi/reflection/registry.h>

#include <map>
#include <optional>
#include <regex>

#include "cc/ir/function.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

struct Entry {
  std::string name;
  size_t at;      // of "__global__"
  size_t params;  // behind the opening parenthesis
};

// What a parameter is in memory: nothing is known of the user's own types.
struct Param {
  bool pointer = false;
  std::string type;
};

// "f32", "i32" (of either sign), ... of the names of C++ and of generated text.
std::optional<std::string> Kind(const std::string& type) {
  static const std::map<std::string, std::string> kinds = {
      {"float", "f32"},          {"double", "f64"},        {"half", "f16"},
      {"__half", "f16"},         {"ts::half_t", "f16"},    {"half_t", "f16"},
      {"__nv_bfloat16", "bf16"}, {"nv_bfloat16", "bf16"},  {"ts::bfloat16_t", "bf16"},
      {"bfloat16_t", "bf16"},    {"bool", "i8"},           {"char", "i8"},
      {"signed char", "i8"},     {"unsigned char", "i8"},  {"int8_t", "i8"},
      {"uint8_t", "i8"},         {"short", "i16"},         {"unsigned short", "i16"},
      {"int16_t", "i16"},        {"uint16_t", "i16"},      {"int", "i32"},
      {"unsigned", "i32"},       {"unsigned int", "i32"},  {"int32_t", "i32"},
      {"uint32_t", "i32"},       {"long", "i64"},          {"long long", "i64"},
      {"unsigned long", "i64"},  {"size_t", "i64"},        {"unsigned long long", "i64"},
      {"int64_t", "i64"},        {"long long int", "i64"}, {"uint64_t", "i64"},
  };
  auto it = kinds.find(type);
  return it == kinds.end() ? std::nullopt : std::optional<std::string>(it->second);
}

// The text with comments blanked out.
std::string WithoutComments(const std::string& source) {
  std::string text = source;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const bool line = text[i] == '/' && text[i + 1] == '/';
    const bool block = text[i] == '/' && text[i + 1] == '*';
    if (!line && !block) continue;
    size_t end = line ? text.find('\n', i) : text.find("*/", i + 2);
    if (end == std::string::npos) end = text.size();
    if (block && end < text.size()) end += 2;
    for (; i < end; ++i) text[i] = text[i] == '\n' ? '\n' : ' ';
  }
  return text;
}

std::vector<Entry> Entries(const std::string& text) {
  static const std::regex pattern(
      R"(__global__\s+(?:(?:__launch_bounds__|__cluster_dims__)\s*\([^)]*\)\s*|void\s+|static\s+)*)"
      R"((\w+)\s*\()");
  std::vector<Entry> entries;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    entries.push_back({(*it)[1].str(), static_cast<size_t>(it->position()),
                       static_cast<size_t>(it->position() + it->length())});
  }
  return entries;
}

Param ParseParam(std::string text) {
  static const std::regex qualifiers(
      R"(\b(const|volatile|struct|__restrict__|__restrict|__grid_constant__)\b)");
  Param param;
  text = std::regex_replace(text, qualifiers, " ");
  param.pointer = text.find_first_of("*[") != std::string::npos;
  std::smatch words;
  static const std::regex declared(
      R"(\s*((?:[\w:<>]+\s+)*[\w:<>]+?)\s*(?:[*&\s]\s*)+(\w+)\s*(\[\])?\s*)");
  if (!std::regex_match(text, words, declared)) return param;
  param.type = std::regex_replace(words[1].str(), std::regex(R"(\s+)"), " ");
  return param;
}

std::vector<Param> ParamsOf(const std::string& text, size_t at) {
  std::vector<Param> params;
  std::string current;
  int depth = 0;
  for (; at < text.size() && (depth > 0 || text[at] != ')'); ++at) {
    depth += text[at] == '(' || text[at] == '<' ? 1 : text[at] == ')' || text[at] == '>' ? -1 : 0;
    if (text[at] == ',' && depth == 0) {
      params.push_back(ParseParam(current));
      current.clear();
    } else {
      current += text[at];
    }
  }
  const bool some = current.find_first_not_of(" \n\t\r") != std::string::npos;
  if (some && current != "void") params.push_back(ParseParam(current));
  return params;
}

bool Takes(const Param& param, const Param& given) {
  if (param.pointer != given.pointer) return false;
  std::optional<std::string> mine = Kind(param.type), theirs = Kind(given.type);
  if (!param.pointer) return mine && mine == theirs;
  return !mine || !theirs || mine == theirs || *mine == "i8";
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text.empty() ? "none" : text;
}

support::UserError Mistake(const ir::TileLoopObj* grid, const std::string& message) {
  return support::UserError("SourceKernelError").Message(message).At(ir::ToLocation(grid->span));
}

Entry Chosen(const ir::TileLoopObj* grid, const std::vector<Entry>& entries,
             const std::string& wanted) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    if (entry.name == wanted) return entry;
    names.push_back(entry.name);
  }
  if (wanted.empty() && entries.size() == 1) return entries[0];
  for (const Entry& entry : entries) {
    if (wanted.empty() && entry.name == "main_kernel") return entry;
  }
  Mistake(grid, "the CUDA source has no such kernel")
      .Expected(wanted.empty() ? "one `__global__` function, or one called main_kernel"
                               : "`__global__ void " + wanted + "(...)`")
      .Got(Joined(names))
      .Remedy("name one of its kernels by `entry_name=`")
      .Throw();
}

}  // namespace

bool IsSourceKernel(const ir::TileLoopObj* grid) { return grid->attrs.count("cuda_source") > 0; }

SourceKernel TakeSourceKernel(const ir::TileLoopObj* grid, const std::vector<std::string>& params) {
  std::string source = grid->attrs.at("cuda_source").cast<std::string>();
  const std::string text = WithoutComments(source);
  const Entry entry = Chosen(grid, Entries(text), grid->attrs.at("entry").cast<std::string>());
  const std::vector<Param> found = ParamsOf(text, entry.params);
  bool fits = found.size() == params.size();
  for (size_t i = 0; fits && i < params.size(); ++i) fits = Takes(found[i], ParseParam(params[i]));
  if (!fits) {
    const size_t close = text.find('{', entry.params);
    std::string taken = text.substr(entry.params, close - entry.params);
    taken = std::regex_replace(taken.substr(0, taken.rfind(')')), std::regex(R"(\s+)"), " ");
    Mistake(grid, "the CUDA kernel `" + entry.name + "` takes other parameters")
        .Expected(Joined(params))
        .Got(taken.empty() ? "none" : taken)
        .Remedy("take the pointers of all tensors first, then scalars, then symbols of shapes")
        .Throw();
  }
  static const std::regex linkage(R"(extern\s*"C"\s*$)");
  if (!std::regex_search(source.substr(0, entry.at), linkage)) {
    source.insert(entry.at, "extern \"C\" ");
  }
  return {source, entry.name};
}

namespace {

namespace ffi = tvm::ffi;
using UserSource = ffi::Map<ffi::String, ffi::Any>;

// The C++ that users wrote for the kernels of a function: what they called, where, and the text.
ffi::Array<UserSource> UserSources(const ir::PrimFunc& func) {
  ffi::Array<UserSource> found;
  auto add = [&](const ir::AttrMap& attrs, const char* key, const char* called, ir::Span span) {
    auto it = attrs.find(key);
    if (it == attrs.end()) return;
    found.push_back({{"text", (*it).second}, {"called", ffi::String(called)}, {"span", span}});
  };
  add(func->attrs, "prelude", "T.import_source", func->span);
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const auto* grid = s.as<ir::TileLoopObj>();
    if (!grid) return;
    add(grid->attrs, "prelude", "prelude=", grid->span);
    add(grid->attrs, "cuda_source", "T.CUDASourceCodeKernel", grid->span);
  });
  return found;
}

TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef().def("tilescale.codegen.UserSources", UserSources);
}

}  // namespace

}  // namespace tilescale::codegen::cuda
