// The C interface between a compiled CPU kernel and whoever runs it. Valid C11 and C++17, and free
// of includes besides <stdint.h>, because this text becomes part of each generated source: a line
// `#include "tilescale/kernel_abi.h"` in the output of the compiler is replaced by this file.
// README.md in this folder describes the signature that goes with it.
#ifndef TILESCALE_CC_RUNTIME_KERNEL_ABI_H_
#define TILESCALE_CC_RUNTIME_KERNEL_ABI_H_

#include <stdint.h>

#define TS_ABI_VERSION 1

// One argument of a kernel. Integers and booleans are sign- or zero-extended to 64 bits; floating
// types narrower than 64 bits are passed as `f32`, whatever their storage type.
typedef union ts_slot {
  void* p;
  int64_t i;
  uint64_t u;
  double f;
  float f32;
} ts_slot;

// What the runtime lends to one call of `ts_tiles`.
typedef struct ts_ctx {
  void* scratch;          // 64-byte aligned, `ts_scratch_bytes` long, private to this call.
  char* message;          // Where a failing kernel writes its message, null-terminated.
  int64_t message_bytes;  // Size of `message`, at least 256.
  // Prints `length` bytes as one piece. May be called from any thread that runs tiles.
  void (*print)(struct ts_ctx* ctx, const char* text, int64_t length);
  void* runtime;  // Owned by the runtime; the kernel must not touch it.
} ts_ctx;

// What a kernel exports, besides the object `const int64_t ts_scratch_bytes`:
//   int32_t ts_exprs(const int64_t* symbols, int64_t* exprs);
//   int32_t ts_tiles(const union ts_slot* slots, struct ts_ctx* ctx, int64_t begin, int64_t end);
//   int32_t ts_tiles64(...);   the same with 64-bit indices; only with `index32_limit`.
typedef int32_t (*ts_exprs_fn)(const int64_t* symbols, int64_t* exprs);
typedef int32_t (*ts_tiles_fn)(const ts_slot* slots, ts_ctx* ctx, int64_t begin, int64_t end);

#endif  // TILESCALE_CC_RUNTIME_KERNEL_ABI_H_
