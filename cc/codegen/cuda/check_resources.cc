#include "cc/codegen/cuda/check_resources.h"

#include <algorithm>

#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/machine/multiprocessor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cuda {
namespace {

constexpr int64_t kRegisterBytes = 4;
// Threads get registers in groups of this many.
constexpr int64_t kRegisterGroup = 8;

const ir::AnnotateObj* FindWish(const ir::PrimFunc& written) {
  const ir::AnnotateObj* wish = nullptr;
  ir::ForEachStmt(written->body, [&](const ir::Stmt& s) {
    const auto* hint = s.as<ir::AnnotateObj>();
    if (hint && hint->key == "min_blocks_per_sm") wish = hint;
  });
  return wish;
}

[[noreturn]] void ThrowCrowded(const char* error, const ir::AnnotateObj* wish,
                               const std::string& of, const std::string& expected,
                               const std::string& got) {
  support::UserError(error)
      .Message("T.annotate_min_blocks_per_sm asks for more than a multiprocessor of " + of + " has")
      .Expected(expected)
      .Got(got)
      .Remedy("ask for fewer blocks, or give each fewer threads and less shared memory")
      .At(ir::ToLocation(wish->span))
      .Throw();
}

void CheckCrowd(const ir::AnnotateObj* wish, int64_t shared_bytes,
                const lower::cuda::Context& context) {
  const machine::Multiprocessor* has = machine::FindMultiprocessor(context.arch);
  TILESCALE_CHECK(has, context.arch);
  const auto blocks = wish->value.cast<int64_t>();
  const std::string count = std::to_string(blocks) + " blocks";
  if (blocks < 1 || blocks > has->blocks) {
    ThrowCrowded("ThreadLimitError", wish, context.arch,
                 "1 to " + std::to_string(has->blocks) + " blocks", count);
  }
  if (blocks * context.threads > has->threads) {
    ThrowCrowded("ThreadLimitError", wish, context.arch,
                 "at most " + std::to_string(has->threads) + " threads",
                 count + " of " + std::to_string(context.threads) + " threads");
  }
  const int64_t block_bytes = shared_bytes + has->reserved_kib * 1024;
  if (blocks * block_bytes > has->shared_kib * 1024) {
    ThrowCrowded("SharedMemoryLimitError", wish, context.arch,
                 "at most " + std::to_string(has->shared_kib * 1024) + " bytes of shared memory",
                 count + " of " + std::to_string(block_bytes) + " bytes each");
  }
}

int64_t LocalBytes(const ir::AllocObj* alloc) {
  const ir::DType type = alloc->buffer->dtype;
  int64_t bits = std::max<int64_t>(int64_t{type.bits} * type.lanes, 8);
  for (const ir::Expr& extent : alloc->buffer->shape) {
    const int64_t* value = ir::AsConstInt(extent);
    if (!value) return 0;
    bits *= std::max<int64_t>(*value, 0);
  }
  return bits / 8;
}

[[noreturn]] void ThrowTooLarge(const ir::AllocObj* alloc, const std::string& arch) {
  support::UserError("RegisterLimitError")
      .Message("`" + std::string(alloc->buffer->name) + "` is larger than the memory of a thread")
      .Expected("at most " + std::to_string(machine::kThreadRegisters) + " registers, or " +
                std::to_string(machine::kThreadLocalBytes) + " bytes of local memory, on " + arch)
      .Got(std::to_string(LocalBytes(alloc)) + " bytes in each thread")
      .Remedy("use a smaller array, T.alloc_shared, or a workspace in global memory")
      .At(ir::ToLocation(alloc->span))
      .Throw();
}

std::string Note(const ir::AllocObj* alloc, int64_t available, const lower::cuda::Context& context,
                 int64_t blocks) {
  const std::string why =
      available == machine::kThreadRegisters
          ? ""
          : ", with " + std::to_string(context.threads) + " threads" +
                (blocks > 1 ? " in each of " + std::to_string(blocks) + " blocks" : "");
  return "`" + std::string(alloc->buffer->name) + "` takes " +
         std::to_string(LocalBytes(alloc) / kRegisterBytes) + " registers of a thread, which has " +
         std::to_string(available) + " at most" + why + ": it lies in local memory, which is slow";
}

}  // namespace

int64_t BlocksPerMultiprocessor(const ir::PrimFunc& written) {
  const ir::AnnotateObj* wish = FindWish(written);
  return wish ? wish->value.cast<int64_t>() : 0;
}

std::vector<std::string> CheckResources(const ir::PrimFunc& written, const ir::PrimFunc& lowered,
                                        const lower::cuda::Context& context) {
  if (const ir::AnnotateObj* wish = FindWish(written)) {
    CheckCrowd(wish, lowered->attrs.at("shared_bytes").cast<int64_t>(), context);
  }
  const int64_t blocks = std::max<int64_t>(BlocksPerMultiprocessor(written), 1);
  const int64_t warps = (context.threads + lower::cuda::kWarpSize - 1) / lower::cuda::kWarpSize;
  const int64_t share = machine::kRegisterFile / (warps * lower::cuda::kWarpSize * blocks);
  const int64_t available =
      std::min(machine::kThreadRegisters, share / kRegisterGroup * kRegisterGroup);
  std::vector<std::string> notes;
  ir::ForEachStmt(lowered->body, [&](const ir::Stmt& s) {
    const auto* alloc = s.as<ir::AllocObj>();
    if (!alloc || !alloc->buffer.IsScope(ir::scope::kLocal)) return;
    if (LocalBytes(alloc) > machine::kThreadLocalBytes) ThrowTooLarge(alloc, context.arch);
    if (LocalBytes(alloc) <= available * kRegisterBytes) return;
    notes.push_back(Note(alloc, available, context, blocks));
  });
  return notes;
}

}  // namespace tilescale::codegen::cuda
