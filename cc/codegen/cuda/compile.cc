// A lowered kernel as one CUDA C++ text, and what a launch needs to know.
#include <tvm/ffi/reflection/registry.h>

#include <algorithm>
#include <unordered_set>

#include "cc/codegen/common/kernel.h"
#include "cc/codegen/common/launch.h"
#include "cc/codegen/cuda/check_resources.h"
#include "cc/codegen/cuda/parameter_alignment.h"
#include "cc/codegen/cuda/source_kernel.h"
#include "cc/codegen/cuda/writer.h"
#include "cc/ir/visitor.h"
#include "cc/pass/assume_divisible.h"
#include "cc/pass/cuda_pipeline.h"
#include "cc/pass/insert_sync.h"
#include "cc/support/diagnostic.h"
#include "cc/support/json.h"

namespace tilescale::codegen::cuda {
namespace {

using K = ir::BinaryKind;

// The tensors that T.annotate_restrict_buffers names in the program as it was written: its hints do
// not outlive all passes.
std::unordered_set<const ffi::Object*> MayAlias(const ir::PrimFunc& written) {
  std::unordered_set<const ffi::Object*> named;
  ir::ForEachStmt(written->body, [&](const ir::Stmt& s) {
    const auto* hint = s.as<ir::AnnotateObj>();
    if (hint && hint->key == "may_alias") named.insert(hint->target.value().get());
  });
  return named;
}

// The kernel's parameters in the order of the runtime's slots: pointers, scalars, symbols.
std::vector<std::string> Params(Writer* writer, const Launch& launch,
                                const std::unordered_set<const ffi::Object*>& aliased) {
  const ir::PrimFunc& func = launch.func();
  std::vector<std::string> params;
  for (bool scalars : {false, true}) {
    for (const ffi::Any& param : func->params) {
      auto buffer = param.as<ir::Buffer>();
      auto var = param.as<ir::Var>();
      if ((var && !ir::dtype::IsHandle(var->dtype())) != scalars) continue;
      if (buffer) {
        const char* pointer = aliased.count(buffer->get()) > 0 ? "* " : "* __restrict__ ";
        params.push_back(writer->StorageType((*buffer)->dtype) + pointer + writer->Name(*buffer));
        continue;
      }
      if (!var) continue;
      std::string type = writer->ValueType(var->dtype());
      // Passed again as a symbol.
      std::string unused =
          launch.SymbolIndex(*var) >= 0 ? std::string((*var)->name) + "_argument" : "";
      params.push_back(type + " " + (unused.empty() ? writer->Name(*var) : unused));
    }
  }
  for (const ir::Var& symbol : launch.symbols()) {
    params.push_back(writer->ValueType(symbol.dtype()) + " " + writer->Name(symbol));
  }
  return params;
}

// The tensor parameters and, as them, views that have no more elements.
std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> Parameters(
    const ir::PrimFunc& func) {
  std::unordered_map<const ir::BufferObj*, const ir::BufferObj*> result;
  for (const ffi::Any& param : func->params) {
    if (auto buffer = param.as<ir::Buffer>()) result.emplace(buffer->get(), buffer->get());
  }
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const auto* view = s.as<ir::ViewObj>();
    auto source = view ? result.find(view->source.get()) : result.end();
    if (source == result.end() || view->buffer->dtype.bits < view->source->dtype.bits) return;
    result.emplace(view->buffer.get(), source->second);
  });
  return result;
}

void LimitIndices(const Writer& writer, Launch* launch) {
  std::vector<ir::Buffer> narrow;
  for (const ffi::Any& param : launch->func()->params) {
    auto buffer = param.as<ir::Buffer>();
    if (buffer && writer.narrow().count(buffer->get())) narrow.push_back(*buffer);
  }
  if (writer.cuda().index_bits <= 32) {
    launch->LimitIndices(narrow, lower::cuda::kMaxIndex32Symbol);
  }
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

// The text of a host expression for the runtime: postfix, symbols by number.
std::string Postfix(const ir::Expr& e, const Launch& launch) {
  if (const int64_t* value = ir::AsConstInt(e)) return std::to_string(*value);
  if (const auto* cast = e.as<ir::CastObj>()) return Postfix(cast->value, launch);
  for (size_t i = 0; i < launch.symbols().size(); ++i) {
    if (launch.symbols()[i].same_as(e)) return "s" + std::to_string(i);
  }
  static const std::map<K, std::string> names = {
      {K::kAdd, "+"},      {K::kSub, "-"},   {K::kMul, "*"},  {K::kFloorDiv, "//"},
      {K::kFloorMod, "%"}, {K::kMin, "min"}, {K::kMax, "max"}};
  const auto* op = e.as<ir::BinaryObj>();
  if (!op || names.count(op->kind) == 0) {
    support::UserError("LaunchNotOnTargetError")
        .Message("an extent of a tensor or of the grid cannot be computed at launch")
        .Expected("+, -, *, //, %, min and max of symbols and constants")
        .Got("another operation")
        .Remedy("pass the value as a parameter")
        .Throw();
  }
  return Postfix(op->a, launch) + " " + Postfix(op->b, launch) + " " + names.at(op->kind);
}

bool WaitsForGrid(const ir::PrimFunc& func) {
  bool found = false;
  ir::ForEachExpr(func->body, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    found = found || (call && call->op == "sync_grid");
  });
  return found;
}

// Threads of a block; generated text counts them in one dimension.
std::vector<int64_t> BlockExtents(const lower::cuda::Context& context,
                                  const ir::TileLoopObj* grid) {
  std::vector<int64_t> extents = {context.threads, 1, 1};
  if (!IsSourceKernel(grid)) return extents;
  for (size_t i = 0; i < grid->threads.size(); ++i) {
    extents[i] = *ir::AsConstInt(grid->threads[i]);
  }
  return extents;
}

void WriteDivisible(const lower::cuda::Context& context, const Launch& launch,
                    support::JsonWriter* json) {
  if (context.divisible.empty()) return;
  json->Key("divisible");
  json->BeginArray();
  for (const lower::cuda::DivisibleSize& size : pass::OnePerSymbol(context.divisible)) {
    json->BeginObject();
    json->Field("symbol", launch.SymbolIndex(size.symbol));
    json->Field("multiple", size.multiple);
    json->EndObject();
  }
  json->EndArray();
}

std::string LaunchJson(const lower::cuda::Context& context, const Launch& launch,
                       const Kernel& kernel, const std::string& symbol,
                       const std::vector<std::string>& params,
                       const std::vector<std::string>& notes) {
  const ir::PrimFunc& func = launch.func();
  support::JsonWriter json;
  json.BeginObject();
  json.Field("kernel", symbol);
  json.Field("arch", context.arch);
  json.Key("block");
  json.BeginArray();
  for (int64_t extent : BlockExtents(context, kernel.grid)) json.Value(extent);
  json.EndArray();
  if (WaitsForGrid(func)) json.Field("cooperative", true);
  json.Field("shared_bytes", func->attrs.at("shared_bytes").cast<int64_t>());
  json.Key("alignments");
  json.BeginArray();
  // What the user's own text does with its parameters is not known.
  const int64_t least = IsSourceKernel(kernel.grid) ? lower::cuda::kVectorBytes : 1;
  for (const ParameterAlignment& needs : ParameterAlignments(func, context)) {
    json.BeginArray();
    json.Value(std::max(needs.all, least));
    json.Value(std::max(needs.vectors, least));
    json.EndArray();
  }
  json.EndArray();
  WriteDivisible(context, launch, &json);
  json.Key("arguments");
  json.BeginArray();
  for (const std::string& param : params) json.Value(param.substr(param.find_last_of(' ') + 1));
  json.EndArray();
  json.Key("notes");
  json.BeginArray();
  for (const std::string& note : notes) json.Value(note);
  json.EndArray();
  json.Key("exprs");
  json.BeginArray();
  for (const ir::Expr& e : launch.exprs()) json.Value(Postfix(e, launch));
  json.EndArray();
  json.EndObject();
  return json.Text();
}

void WriteBody(Writer* writer, const Kernel& kernel, bool shared) {
  const ir::TileLoopObj* grid = kernel.grid;
  if (shared) writer->Line("TS_DYNAMIC_SHARED(smem);");
  for (const ir::Stmt& s : kernel.prologue) writer->Stmt(s);
  const char* dims = "xyz";
  for (size_t i = 0; i < grid->vars.size(); ++i) {
    std::string type = writer->ValueType(grid->vars[i].dtype());
    writer->Line("[[maybe_unused]] const " + type + " " + writer->Name(grid->vars[i]) +
                 " = blockIdx." + dims[i] + ";");
  }
  writer->Stmt(grid->body);
}

// What the text assumes of dynamic sizes.
std::string DivisibleComment(const lower::cuda::Context& context) {
  std::string conditions;
  for (const lower::cuda::DivisibleSize& size : pass::OnePerSymbol(context.divisible)) {
    conditions += (conditions.empty() ? "" : " and ") + std::string(size.symbol->name) + " % " +
                  std::to_string(size.multiple) + " == 0";
  }
  if (conditions.empty()) return "";
  return "// For " + conditions + "; a launch with other sizes takes another variant.\n";
}

// What the user puts before the kernel: T.import_source and T.Kernel(prelude=).
std::string UserSource(const Kernel& kernel) {
  std::string text;
  for (const ir::AttrMap& attrs : {kernel.func->attrs, kernel.grid->attrs}) {
    auto prelude = attrs.find("prelude");
    if (prelude != attrs.end()) text += (*prelude).second.cast<std::string>() + "\n\n";
  }
  return text;
}

// Threads, and how many blocks of the kernel the user wants on a multiprocessor.
std::string LaunchBounds(const lower::cuda::Context& context, const ir::PrimFunc& func) {
  const int64_t blocks = BlocksPerMultiprocessor(func);
  return "__launch_bounds__(" + std::to_string(context.threads) +
         (blocks > 0 ? ", " + std::to_string(blocks) : "") + ")";
}

ffi::Map<ffi::String, ffi::Any> Artifact(const std::string& source, const Launch& launch,
                                         const std::string& json) {
  return {{"source", ffi::String(source)},
          {"launch", ffi::String(json)},
          {"signature", ffi::String(launch.Signature({}))}};
}

ffi::Map<ffi::String, ffi::Any> CompileCUDA(const ir::PrimFunc& func,
                                            const ffi::Map<ffi::String, ffi::Any>& options) {
  lower::cuda::Context context = pass::MakeCudaContext(func, options);
  ir::PrimFunc lowered = pass::LowerForCuda(func, &context);
  std::vector<std::string> notes = CheckResources(func, lowered, context);
  auto of_sync = lowered->attrs.find(pass::kSyncNotes);
  if (of_sync != lowered->attrs.end()) {
    for (const ffi::String& note : (*of_sync).second.cast<ffi::Array<ffi::String>>()) {
      notes.push_back(note);
    }
  }
  Kernel kernel = TakeApart(lowered);
  Launch launch(lowered, kernel.grid);
  Writer writer(context, PlannedOffsets(lowered, "shared_offsets"));
  std::vector<std::string> params = Params(&writer, launch, MayAlias(func));
  writer.SetParameters(Parameters(lowered));
  if (!IsSourceKernel(kernel.grid)) {
    WriteBody(&writer, kernel, lowered->attrs.at("shared_bytes").cast<int64_t>() > 0);
  }
  LimitIndices(writer, &launch);
  std::string name(func->name);
  std::string source = "// " + name + ": generated by TileScale for " + context.arch + ".\n";
  source += DivisibleComment(context);
  auto fragments = lowered->attrs.find("fragments");
  if (fragments != lowered->attrs.end()) {
    for (const ffi::String& line : (*fragments).second.cast<ffi::Array<ffi::String>>()) {
      source += "// " + std::string(line) + "\n";
    }
  }
  source += "#include \"tilescale/kernel.cuh\"\n\n";
  if (IsSourceKernel(kernel.grid)) {
    const SourceKernel own = TakeSourceKernel(kernel.grid, params);
    return Artifact(source + UserSource(kernel) + own.text, launch,
                    LaunchJson(context, launch, kernel, own.entry, params, notes));
  }
  std::string helpers = HelperText(writer.helpers());
  if (!helpers.empty()) source += "namespace {\n\n" + helpers + "}  // namespace\n\n";
  source += UserSource(kernel);
  source += "extern \"C\" __global__ void " + LaunchBounds(context, func) + "\n    " +
            KernelSymbol(name) + "(" + Joined(params) + ") {\n";
  if (writer.helpers().count("rng")) source += "  Philox ts_random = {{}, {}, {}, 4};\n";
  source += writer.text() + "}\n";
  return Artifact(source, launch,
                  LaunchJson(context, launch, kernel, KernelSymbol(name), params, notes));
}

TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef().def("tilescale.pass.CompileCUDA", CompileCUDA);
}

}  // namespace
}  // namespace tilescale::codegen::cuda
