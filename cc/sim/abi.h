// What a kernel that is compiled for the simulator calls. Plain types only: generated text includes
// it.
#ifndef TILESCALE_CC_SIM_ABI_H_
#define TILESCALE_CC_SIM_ABI_H_

#include <stdint.h>

extern "C" {

struct TsSimDim3 {
  unsigned x, y, z;
};

TsSimDim3 ts_sim_thread_idx() __attribute__((const));
TsSimDim3 ts_sim_block_idx() __attribute__((const));
TsSimDim3 ts_sim_block_dim() __attribute__((const));
TsSimDim3 ts_sim_grid_dim() __attribute__((const));
unsigned char* ts_sim_shared() __attribute__((const));

// Operations of all lanes of a mask together.
enum TsSimCollective {
  kTsSimSyncWarp,
  kTsSimShuffleIdx,
  kTsSimShuffleUp,
  kTsSimShuffleDown,
  kTsSimShuffleXor,
  kTsSimBallot,
  kTsSimMatchAny,
  kTsSimMatchAll,
  kTsSimRedux,
  kTsSimElect,
  kTsSimLdmatrix,
  kTsSimStmatrix,
  kTsSimMma,
};

struct TsSimShuffle {
  uint32_t value;   // in and out
  uint32_t source;  // lane, delta or lane mask
  uint32_t width;
};

struct TsSimVote {
  uint32_t predicate;
  uint32_t result;
};

struct TsSimMatch {
  uint64_t value;
  uint32_t result;
};

// A reduction over the lanes of the mask.
struct TsSimRedux {
  uint32_t value;
  uint32_t op;  // TsSimAtomic
  uint32_t is_signed;
};

// Lane i of the first 8 * count gives the address of row i % 8 of matrix i / 8.
struct TsSimMatrix {
  uint32_t* registers;
  void* row;
  uint32_t count;
  uint32_t transposed;
};

enum TsSimType {
  kTsSimF16,
  kTsSimBf16,
  kTsSimTf32,
  kTsSimE4m3,
  kTsSimE5m2,
  kTsSimS8,
  kTsSimU8,
  kTsSimF32,
  kTsSimS32,
};

// D = A B + C, the registers of one lane. m8n8k4 is sm_70's: four products, one for each quad pair.
struct TsSimMma {
  uint32_t m, n, k;
  TsSimType a_type, b_type, d_type;
  const uint32_t* a;
  const uint32_t* b;
  const void* c;
  void* d;
};

void ts_sim_collective(TsSimCollective op, uint32_t mask, void* arguments);

// count 0: all threads of the block.
void ts_sim_barrier(uint32_t id, uint32_t count, bool waits);
// Barrier 0 of the block; returns how many threads came, and in *votes how many with the predicate.
uint32_t ts_sim_barrier_vote(bool predicate, uint32_t* votes);
// One thread of each block of the grid.
void ts_sim_grid_barrier();
// Lanes of the warp that run the caller's instruction together with it.
uint32_t ts_sim_active_mask();

enum TsSimNumber {
  kTsSimByte,
  kTsSimU16,
  kTsSimU32,
  kTsSimI32,
  kTsSimU64,
  kTsSimI64,
  kTsSimFloat,
  kTsSimDouble,
  kTsSimHalf,
  kTsSimBfloat16,
};

enum TsSimOrder { kTsSimRelaxed, kTsSimAcquire, kTsSimRelease, kTsSimAcqRel, kTsSimSeqCst };
enum TsSimScope { kTsSimCta, kTsSimCluster, kTsSimGpu, kTsSimSys };

enum TsSimAtomic {
  kTsSimLoad,
  kTsSimStore,
  kTsSimExchange,
  kTsSimCompareExchange,
  kTsSimAdd,
  kTsSimMin,
  kTsSimMax,
  kTsSimAnd,
  kTsSimOr,
  kTsSimXor,
};

// Returns the old value's bits. Others may run before it.
uint64_t ts_sim_atomic(TsSimAtomic op, TsSimNumber type, void* address, uint64_t operand,
                       uint64_t expected, TsSimOrder order, TsSimScope scope);
void ts_sim_fence(TsSimOrder order, TsSimScope scope);

void ts_sim_copy_async(void* shared, const void* global, uint32_t bytes, uint32_t source_bytes);
void ts_sim_copy_async_commit();
void ts_sim_copy_async_wait(uint32_t pending_groups);

// Grows with all that the launch does: cycles and nanoseconds of the simulated GPU.
uint64_t ts_sim_clock();

// Vector accesses need their natural alignment.
void ts_sim_aligned(const void* address, uint32_t size);
void ts_sim_device_assert(bool condition, const char* message);
void ts_sim_print(const char* text);
void ts_sim_unsupported(const char* instruction, uint32_t needed);
}

#endif  // TILESCALE_CC_SIM_ABI_H_
