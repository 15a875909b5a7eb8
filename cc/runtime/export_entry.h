// The entry of an exported kernel: a function of tvm-ffi's C calling convention that checks its
// arguments and runs the tiles on threads of its own. The exporter appends this text to the
// kernel's source, after the tables that it makes from the signature:
//   ts_x_dims, ts_x_params, ts_x_grid, ts_x_limits  and the TS_X_... macros used below.
// Depends on nothing but libc: the one function of tvm-ffi that it calls, to report errors, is a
// weak reference.
#ifndef TILESCALE_CC_RUNTIME_EXPORT_ENTRY_H_
#define TILESCALE_CC_RUNTIME_EXPORT_ENTRY_H_

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Layouts of DLPack and tvm-ffi, as their ABIs fix them.
typedef struct {
  void* data;
  int32_t device_type, device_id;
  int32_t ndim;
  uint8_t code, bits;
  uint16_t lanes;
  const int64_t* shape;
  const int64_t* strides;
  uint64_t byte_offset;
} ts_x_tensor;
typedef struct {
  int32_t type_index;
  uint32_t padding;
  union {
    int64_t i;
    double f;
    void* p;
  } value;
} ts_x_any;
enum { TS_X_INT = 1, TS_X_BOOL = 2, TS_X_FLOAT = 3, TS_X_POINTER = 4, TS_X_DLTENSOR = 7 };
enum { TS_X_TENSOR_OBJECT = 70, TS_X_OBJECT_HEADER_BYTES = 24 };

extern void TVMFFIErrorSetRaisedFromCStr(const char* kind, const char* message)
    __attribute__((weak));

static int ts_x_fail(const char* kind, const char* format, ...) {
  char message[1280];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (TVMFFIErrorSetRaisedFromCStr) {
    TVMFFIErrorSetRaisedFromCStr(kind, message);
  } else {
    fprintf(stderr, "%s: %s\n", kind, message);
  }
  return -1;
}

static int64_t ts_x_value(const ts_slot* slots, ts_x_dim dim) {
  if (dim.kind == 0) return dim.value;
  return slots[(dim.kind == 1 ? TS_X_SYMBOL_SLOT : TS_X_EXPR_SLOT) + dim.value].i;
}

static const ts_x_tensor* ts_x_as_tensor(const ts_x_any* arg) {
  if (arg->type_index == TS_X_DLTENSOR) return (const ts_x_tensor*)arg->value.p;
  if (arg->type_index != TS_X_TENSOR_OBJECT) return 0;
  return (const ts_x_tensor*)((const char*)arg->value.p + TS_X_OBJECT_HEADER_BYTES);
}

static int ts_x_check_dtype(const ts_x_param* p, const ts_x_tensor* t) {
  if (t->code == p->code && t->bits == p->bits && t->lanes == 1) return 0;
  if (p->per_byte > 1 && t->code <= 1 && t->bits == 8 && t->lanes == 1) return 0;
  return ts_x_fail("TypeError", TS_X_NAME ": argument `%s` must be of type %s", p->name, p->dtype);
}

// Binds or checks the dimensions of one tensor; `derived` selects those that are expressions.
static int ts_x_match(ts_slot* slots, const ts_x_param* p, const ts_x_tensor* t, int derived) {
  int64_t contiguous = 1;
  int empty = 0;
  for (int d = 0; d < p->rank; ++d) empty |= t->shape[d] == 0;
  for (int d = p->rank - 1; d >= 0; --d) {
    const int64_t extent = t->shape[d] * (d == p->rank - 1 ? p->per_byte : 1);
    const int64_t stride = t->strides ? t->strides[d] : contiguous;
    const ts_x_dim dim = ts_x_dims[p->dims + d];
    if (dim.binds) slots[TS_X_SYMBOL_SLOT + dim.value].i = extent;
    if (p->strides < 0) {
      if (!derived && !empty && t->shape[d] != 1 && stride != contiguous) {
        return ts_x_fail("ValueError", TS_X_NAME ": argument `%s` is not contiguous", p->name);
      }
    } else if (ts_x_dims[p->strides + d].binds) {
      slots[TS_X_SYMBOL_SLOT + ts_x_dims[p->strides + d].value].i = stride;
    }
    contiguous *= t->shape[d];
  }
  if (!derived) return 0;
  for (int d = 0; d < p->rank; ++d) {
    const int64_t extent = t->shape[d] * (d == p->rank - 1 ? p->per_byte : 1);
    const int64_t expected = ts_x_value(slots, ts_x_dims[p->dims + d]);
    if (extent != expected) {
      return ts_x_fail("ValueError",
                       TS_X_NAME ": dimension %d of argument `%s` is %lld, expected %lld", d,
                       p->name, (long long)extent, (long long)expected);
    }
    if (p->strides < 0 || !t->strides || empty || t->shape[d] == 1) continue;
    if (t->strides[d] != ts_x_value(slots, ts_x_dims[p->strides + d])) {
      return ts_x_fail("ValueError", TS_X_NAME ": stride %d of argument `%s` is wrong", d, p->name);
    }
  }
  return 0;
}

static int ts_x_bind_tensor(ts_slot* slots, const ts_x_param* p, const ts_x_any* arg) {
  const ts_x_tensor* t = ts_x_as_tensor(arg);
  if (!t) return ts_x_fail("TypeError", TS_X_NAME ": argument `%s` must be a tensor", p->name);
  if (t->device_type != 1) {
    return ts_x_fail("ValueError", TS_X_NAME ": argument `%s` must be on the CPU", p->name);
  }
  if (ts_x_check_dtype(p, t)) return -1;
  if (t->ndim != p->rank) {
    return ts_x_fail("ValueError", TS_X_NAME ": argument `%s` has %d dimensions, expected %d",
                     p->name, t->ndim, p->rank);
  }
  slots[p->slot].p = (char*)t->data + t->byte_offset;
  if ((uintptr_t)slots[p->slot].p % (uintptr_t)p->alignment) {
    return ts_x_fail("ValueError", TS_X_NAME ": argument `%s` is not aligned to %d bytes", p->name,
                     (int)p->alignment);
  }
  return ts_x_match(slots, p, t, 0);
}

static int ts_x_bind_scalar(ts_slot* slots, const ts_x_param* p, const ts_x_any* arg) {
  const int integral = arg->type_index == TS_X_INT || arg->type_index == TS_X_BOOL;
  if (p->kind == 2) {
    const ts_x_tensor* t = ts_x_as_tensor(arg);
    slots[p->slot].p = t ? (char*)t->data + t->byte_offset : arg->value.p;
    if (t || integral || arg->type_index == TS_X_POINTER) return 0;
    return ts_x_fail("TypeError", TS_X_NAME ": argument `%s` must be an address", p->name);
  }
  if (p->code == 2 || p->code == 4 || p->code > 6) {
    if (!integral && arg->type_index != TS_X_FLOAT) {
      return ts_x_fail("TypeError", TS_X_NAME ": argument `%s` must be a number", p->name);
    }
    const double number = integral ? (double)arg->value.i : arg->value.f;
    if (p->bits == 64) {
      slots[p->slot].f = number;
    } else {
      slots[p->slot].f32 = (float)number;
    }
    return 0;
  }
  if (!integral) {
    return ts_x_fail("TypeError", TS_X_NAME ": argument `%s` must be an integer", p->name);
  }
  slots[p->slot].i = arg->value.i;
  if (p->binds) slots[TS_X_SYMBOL_SLOT + p->symbol].i = arg->value.i;
  return 0;
}

// Binds all arguments, evaluates the derived expressions and checks what depends on them.
static int ts_x_bind(ts_slot* slots, const ts_x_any* args, int32_t num_args) {
  if (num_args != TS_X_NUM_ARGS) {
    return ts_x_fail("TypeError", TS_X_NAME " takes %d arguments, but got %d", TS_X_NUM_ARGS,
                     (int)num_args);
  }
  const ts_x_any* next = args;
  for (const ts_x_param* p = ts_x_params; p->name; ++p) {
    if (p->workspace) continue;
    const int bad =
        p->kind == 0 ? ts_x_bind_tensor(slots, p, next) : ts_x_bind_scalar(slots, p, next);
    if (bad) return bad;
    ++next;
  }
#if TS_X_NUM_EXPRS > 0
  if (ts_exprs(&slots[TS_X_SYMBOL_SLOT].i, &slots[TS_X_EXPR_SLOT].i)) {
    return ts_x_fail("ValueError", TS_X_NAME ": a size is undefined for these arguments");
  }
#endif
  next = args;
  for (const ts_x_param* p = ts_x_params; p->name; ++p) {
    if (p->workspace) continue;
    if (p->kind == 0 && ts_x_match(slots, p, ts_x_as_tensor(next), 1)) return -1;
    if (p->kind == 1 && p->symbol >= 0 &&
        slots[p->slot].i != slots[TS_X_SYMBOL_SLOT + p->symbol].i) {
      return ts_x_fail("ValueError", TS_X_NAME ": argument `%s` disagrees with a tensor's extent",
                       p->name);
    }
    ++next;
  }
  return 0;
}

typedef struct {
  const ts_slot* slots;
  ts_tiles_fn entry;
  int64_t tiles, next;
  int width;
  int32_t code;
  char message[1024];
} ts_x_job;

static void ts_x_print(ts_ctx* ctx, const char* text, int64_t length) {
  (void)ctx;
  fwrite(text, 1, (size_t)length, stdout);
}

// Takes chunks of tiles until none is left or one has failed; the body of each thread.
static void* ts_x_work(void* argument) {
  ts_x_job* job = (ts_x_job*)argument;
  char message[1024] = "";
  void* memory = malloc((size_t)ts_scratch_bytes + 64);
  ts_ctx ctx = {memory, message, sizeof message, ts_x_print, 0};
  if (!memory) return 0;
  ctx.scratch = (char*)memory + (64 - (uintptr_t)memory % 64) % 64;
  const int64_t chunk = job->tiles / (8 * job->width) + 1;
  while (!__atomic_load_n(&job->code, __ATOMIC_RELAXED)) {
    const int64_t begin = __atomic_fetch_add(&job->next, chunk, __ATOMIC_RELAXED);
    if (begin >= job->tiles) break;
    const int64_t end = begin + chunk < job->tiles ? begin + chunk : job->tiles;
    const int32_t code = job->entry(job->slots, &ctx, begin, end);
    int32_t none = 0;
    if (code && __atomic_compare_exchange_n(&job->code, &none, code, 0, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {
      memcpy(job->message, message, sizeof message);
    }
  }
  free(memory);
  return job;
}

static int ts_x_width(int64_t tiles) {
  const char* text = getenv("TILESCALE_NUM_THREADS");
  cpu_set_t cpus;
  int width = text ? atoi(text) : 0;
  if (width <= 0) width = sched_getaffinity(0, sizeof cpus, &cpus) ? 1 : CPU_COUNT(&cpus);
  if (!TS_X_PARALLEL || width > 256) width = TS_X_PARALLEL ? 256 : 1;
  return tiles < width ? (int)tiles : width;
}

static int ts_x_run(ts_x_job* job) {
  pthread_t threads[256];
  int started = 0;
  job->width = ts_x_width(job->tiles);
  for (; started < job->width - 1; ++started) {
    if (pthread_create(&threads[started], 0, ts_x_work, job)) break;
  }
  int worked = ts_x_work(job) != 0;
  for (int i = 0; i < started; ++i) {
    void* result = 0;
    pthread_join(threads[i], &result);
    worked |= result != 0;
  }
  if (!worked) return ts_x_fail("MemoryError", TS_X_NAME ": no memory for scratch");
  if (job->code) return ts_x_fail("AssertionError", TS_X_NAME ": %s", job->message);
  return 0;
}

static int ts_x_make_workspaces(ts_slot* slots) {
  for (const ts_x_param* p = ts_x_params; p->name; ++p) {
    if (!p->workspace) continue;
    int64_t bytes = (p->bits + 7) / 8;
    for (int d = 0; d < p->rank; ++d) bytes *= ts_x_value(slots, ts_x_dims[p->dims + d]);
    slots[p->slot].p = aligned_alloc(64, ((size_t)(bytes / p->per_byte) + 127) / 64 * 64);
    if (!slots[p->slot].p) return ts_x_fail("MemoryError", TS_X_NAME ": no memory for workspaces");
  }
  return 0;
}

static int ts_x_launch(ts_slot* slots) {
  ts_x_job job = {slots, ts_tiles, 1, 0, 1, 0, ""};
  for (int i = 0; i < TS_X_GRID_RANK; ++i) {
    const int64_t extent = ts_x_value(slots, ts_x_grid[i]);
    if (extent < 1) return 0;
    if (__builtin_mul_overflow(job.tiles, extent, &job.tiles)) {
      return ts_x_fail("ValueError", TS_X_NAME ": the grid is too large");
    }
  }
#if TS_X_NUM_LIMITS > 0
  for (int i = 0; i < TS_X_NUM_LIMITS; ++i) {
    if (slots[TS_X_EXPR_SLOT + ts_x_limits[i]].i > INT32_MAX) job.entry = ts_tiles64;
  }
#endif
  return ts_x_run(&job);
}

__attribute__((visibility("default"))) int TS_X_ENTRY(void* handle, const ts_x_any* args,
                                                      int32_t num_args, ts_x_any* result) {
  ts_slot slots[TS_X_NUM_SLOTS + 1];
  (void)handle;
  memset(slots, 0, sizeof slots);
  int status = ts_x_bind(slots, args, num_args);
  if (!status) status = ts_x_make_workspaces(slots);
  if (!status) status = ts_x_launch(slots);
  for (const ts_x_param* p = ts_x_params; p->name; ++p) {
    if (p->workspace) free(slots[p->slot].p);
  }
  if (result) memset(result, 0, sizeof *result);
  return status;
}

#endif  // TILESCALE_CC_RUNTIME_EXPORT_ENTRY_H_
