// Atomics, random numbers, and the ways in which a kernel speaks: printing and failing.
#include "cc/codegen/common/writer.h"
#include "cc/codegen/cpu/prelude.h"

namespace tilescale::codegen::cpu {
namespace {

// One loop for all types and operations: $o is an expression of the old value and x, $l and $w
// convert between the stored bits and the value.
constexpr const char* kAtomic = R"(
static inline $v ts_atomic_$k_$s($t* p, $v x, int order) {
  $t seen = __atomic_load_n(p, __ATOMIC_RELAXED), want;
  $v old;
  do {
    old = $l;
    want = $w;
  } while (!__atomic_compare_exchange_n(p, &seen, want, 1, order, __ATOMIC_RELAXED));
  return old;
}
)";

constexpr const char* kPhilox = R"(
typedef struct { uint32_t key[2], counter[4], out[4]; int used; } ts_rng;
static void ts_rng_next(ts_rng* r) {
  uint32_t k0 = r->key[0], k1 = r->key[1];
  uint32_t c0 = r->counter[0], c1 = r->counter[1], c2 = r->counter[2], c3 = r->counter[3];
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = (uint64_t)0xd2511f53u * c0, p1 = (uint64_t)0xcd9e8d57u * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  r->out[0] = c0; r->out[1] = c1; r->out[2] = c2; r->out[3] = c3;
  if (++r->counter[0] == 0) ++r->counter[1];
  r->used = 0;
}
static inline int32_t ts_rng_init(ts_rng* r, uint64_t seed, uint64_t sequence, uint64_t offset) {
  r->key[0] = (uint32_t)seed; r->key[1] = (uint32_t)(seed >> 32);
  r->counter[0] = (uint32_t)(offset / 4); r->counter[1] = (uint32_t)(offset / 4 >> 32);
  r->counter[2] = (uint32_t)sequence; r->counter[3] = (uint32_t)(sequence >> 32);
  ts_rng_next(r);
  r->used = (int)(offset % 4);
  return 0;
}
static inline uint32_t ts_rng_rand(ts_rng* r) {
  if (r->used == 4) ts_rng_next(r);
  return r->out[r->used++];
}
)";

// In (0, 1], as the logarithm of 0 must not be taken.
constexpr const char* kRngFloat = R"(
static inline double ts_rng_uniform(ts_rng* r, int bits) {
  if (bits == 64) {
    uint64_t high = ts_rng_rand(r);
    return (double)((high << 21 ^ ts_rng_rand(r) >> 11) + 1) * 0x1p-53;
  }
  return (double)((ts_rng_rand(r) >> 8) + 1) * 0x1p-24;
}
static inline double ts_rng_normal(ts_rng* r, int bits) {
  double radius = sqrt(-2.0 * log(ts_rng_uniform(r, bits)));
  return radius * cos(6.283185307179586 * ts_rng_uniform(r, bits));
}
)";

constexpr const char* kFail = R"(
static int32_t ts_fail(ts_ctx* ctx, int32_t code, const char* text) {
  int64_t i = 0;
  for (; text[i] && i + 1 < ctx->message_bytes; ++i) ctx->message[i] = text[i];
  ctx->message[i] = 0;
  return code;
}
)";

// A line longer than the buffer is handed over in several pieces.
constexpr const char* kPrint = R"(
typedef struct { char data[4096]; int64_t length; int first; } ts_text;
static void ts_flush(ts_ctx* ctx, ts_text* t) {
  if (t->length) ctx->print(ctx, t->data, t->length);
  t->length = 0;
}
static void ts_append(ts_ctx* ctx, ts_text* t, const char* format, ...) {
  __builtin_va_list args;
  if (t->length > 3072) ts_flush(ctx, t);
  __builtin_va_start(args, format);
  int n = __builtin_vsnprintf(t->data + t->length, 1024, format, args);
  __builtin_va_end(args);
  t->length += n < 0 ? 0 : n > 1023 ? 1023 : n;
  t->first = 1;
}
#define ts_append_element(ctx, t, ...) \
  ((t)->first ? (void)0 : ts_append(ctx, t, ", "), ts_append(ctx, t, __VA_ARGS__), (t)->first = 0)
static void ts_end_line(ts_ctx* ctx, ts_text* t) {
  ts_append(ctx, t, "\n");
  ts_flush(ctx, t);
}
)";

struct AtomicType {
  std::string suffix, storage, value, load, store;
  std::vector<std::string> needs;
  bool is_float;
};

// Floats are compared and exchanged by their bits.
std::vector<AtomicType> AtomicTypes() {
  std::vector<AtomicType> types;
  for (const char* bits : {"8", "16", "32", "64"}) {
    for (const char* sign : {"i", "u"}) {
      std::string c = (*sign == 'i' ? "int" : "uint") + std::string(bits) + "_t";
      types.push_back({std::string(sign) + bits, c, c, "seen", "(" + c + ")($o)", {}, false});
    }
  }
  types.push_back(
      {"f32", "uint32_t", "float", "ts_f32_bits(seen)", "ts_bits_f32($o)", {"ts_bits"}, true});
  types.push_back(
      {"f64", "uint64_t", "double", "ts_f64_bits(seen)", "ts_bits_f64($o)", {"ts_bits64"}, true});
  for (const char* s : {"f16", "bf16", "e4m3", "e5m2"}) {
    std::string name = s;
    std::string bits = name == "e4m3" || name == "e5m2" ? "8" : "16";
    types.push_back({name,
                     "uint" + bits + "_t",
                     "float",
                     "ts_load_" + name + "(seen)",
                     "ts_store_" + name + "($o)",
                     {"ts_load_" + name, "ts_store_" + name},
                     true});
  }
  return types;
}

constexpr const char* kBits64 = R"(
static inline uint64_t ts_bits_f64(double x) { uint64_t u; __builtin_memcpy(&u, &x, 8); return u; }
static inline double ts_f64_bits(uint64_t u) { double x; __builtin_memcpy(&x, &u, 8); return x; }
)";

void AddAtomic(std::vector<Helper>* list, const AtomicType& t, const char* kind,
               const std::string& update) {
  std::string store = FillTemplate(t.store, {{'o', update}});
  std::string text = FillTemplate(kAtomic, {{'k', kind},
                                            {'s', t.suffix},
                                            {'t', t.storage},
                                            {'v', t.value},
                                            {'l', t.load},
                                            {'w', store}});
  list->push_back({"ts_atomic_" + std::string(kind) + "_" + t.suffix, t.needs, text});
}

}  // namespace

void AddStateHelpers(std::vector<Helper>* list) {
  list->push_back({"ts_bits64", {}, kBits64});
  for (const AtomicType& t : AtomicTypes()) {
    AddAtomic(list, t, "add", "old + x");
    AddAtomic(list, t, "max", t.is_float ? "old > x || x != x ? old : x" : "old > x ? old : x");
    AddAtomic(list, t, "min", t.is_float ? "old < x || x != x ? old : x" : "old < x ? old : x");
    AddAtomic(list, t, "exch", "x");
    AddAtomic(list, t, "load", "old");
    if (t.is_float) continue;
    AddAtomic(list, t, "or", "old | x");
    AddAtomic(list, t, "and", "old & x");
    AddAtomic(list, t, "xor", "old ^ x");
  }
  list->push_back({"ts_rng", {}, kPhilox});
  list->push_back({"ts_rng_float", {"ts_rng"}, kRngFloat});
  list->push_back({"ts_fail", {}, kFail});
  list->push_back({"ts_print", {}, kPrint});
}

}  // namespace tilescale::codegen::cpu
