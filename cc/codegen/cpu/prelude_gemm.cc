// The matrix micro-kernel. One call computes a tile from operands in the accumulator's type; blocks
// of ts_MR rows and two vectors of columns stay in registers along K.
#include "cc/codegen/common/writer.h"
#include "cc/codegen/cpu/prelude.h"

namespace tilescale::codegen::cpu {
namespace {

// With 32 vector registers 8 x 2 accumulators leave room for operands; with 16, 4 x 2 do.
constexpr const char* kVectors = R"(
#if defined(__AVX512F__)
enum { TS_VECTOR = 64, TS_MR = 8 };
#define TS_VECTOR_BYTES 64
#elif defined(__AVX__)
enum { TS_VECTOR = 32, TS_MR = 4 };
#define TS_VECTOR_BYTES 32
#else
enum { TS_VECTOR = 16, TS_MR = 4 };
#define TS_VECTOR_BYTES 16
#endif
#define TS_INLINE static inline __attribute__((always_inline))
)";

// c[rows, two vectors] += a[rows, k] * b[k, two vectors], `rows` a constant after inlining.
constexpr const char* kBlock = R"(
typedef $t ts_vec_$s __attribute__((vector_size(TS_VECTOR_BYTES)));
typedef $t ts_mem_$s __attribute__((vector_size(TS_VECTOR_BYTES), aligned(4), may_alias));
TS_INLINE void ts_block_$s(int rows, int64_t k, const $t* a, int64_t a_row, int64_t a_col,
                           const $t* b, int64_t b_row, $t* c, int64_t c_row, int clear) {
  enum { kLanes = TS_VECTOR / sizeof($t) };
  ts_vec_$s acc[TS_MR][2];
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < 2; ++j) {
      acc[i][j] = (ts_vec_$s){0};
      if (!clear) acc[i][j] = *(const ts_mem_$s*)(c + i * c_row + j * kLanes);
    }
  }
  for (int64_t p = 0; p < k; ++p) {
    ts_vec_$s b0 = *(const ts_mem_$s*)(b + p * b_row);
    ts_vec_$s b1 = *(const ts_mem_$s*)(b + p * b_row + kLanes);
    for (int i = 0; i < rows; ++i) {
      ts_vec_$s x = (ts_vec_$s){0} + a[i * a_row + p * a_col];
      acc[i][0] = acc[i][0] + x * b0;
      acc[i][1] = acc[i][1] + x * b1;
    }
  }
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < 2; ++j) *(ts_mem_$s*)(c + i * c_row + j * kLanes) = acc[i][j];
  }
}
)";

// Rows behind the last full block go one by one; columns behind it through a small tile, b being
// padded to whole blocks.
constexpr const char* kGemm = R"(
static void ts_gemm_$s(int64_t m, int64_t n, int64_t k, const $t* a, int64_t a_row, int64_t a_col,
                       const $t* b, int64_t b_row, $t* c, int64_t c_row, int clear) {
  enum { kCols = 2 * TS_VECTOR / sizeof($t) };
  for (int64_t j = 0; j < n; j += kCols) {
    int64_t width = n - j < kCols ? n - j : kCols;
    for (int64_t i = 0; i < m; i += i + TS_MR <= m ? TS_MR : 1) {
      int64_t rows = i + TS_MR <= m ? TS_MR : 1;
      $t tail[TS_MR * kCols] = {0};
      $t* out = width == kCols ? c + i * c_row + j : tail;
      int64_t out_row = width == kCols ? c_row : kCols;
      if (width < kCols && !clear) {
        for (int64_t p = 0; p < rows; ++p) {
          for (int64_t q = 0; q < width; ++q) tail[p * kCols + q] = c[(i + p) * c_row + j + q];
        }
      }
      const $t* from = a + i * a_row;
      if (rows == TS_MR) {
        ts_block_$s(TS_MR, k, from, a_row, a_col, b + j, b_row, out, out_row, clear);
      } else {
        ts_block_$s(1, k, from, a_row, a_col, b + j, b_row, out, out_row, clear);
      }
      if (width < kCols) {
        for (int64_t p = 0; p < rows; ++p) {
          for (int64_t q = 0; q < width; ++q) c[(i + p) * c_row + j + q] = tail[p * kCols + q];
        }
      }
    }
  }
}
)";

// dst[rows, cols] = src, converted; columns up to dst's row length are 0.
constexpr const char* kPack = R"(
static void ts_pack_$f_$s($t* restrict dst, int64_t dst_row, const $x* restrict src, int64_t rows,
                          int64_t cols, int64_t src_row, int64_t src_col) {
  enum { kStrip = 16 };
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = cols; j < dst_row; ++j) dst[i * dst_row + j] = 0;
  }
  if (src_col == 1) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < cols; ++j) dst[i * dst_row + j] = ($t)$l(src, i * src_row + j);
    }
    return;
  }
  for (int64_t j0 = 0; j0 < cols; j0 += kStrip) {
    int64_t end = j0 + kStrip < cols ? j0 + kStrip : cols;
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = j0; j < end; ++j) {
        dst[i * dst_row + j] = ($t)$l(src, i * src_row + j * src_col);
      }
    }
  }
}
)";

struct Element {
  const char* suffix;
  const char* storage;
  const char* helper;  // what the load below uses, or ""
  const char* load;    // expression of src and at
};

constexpr Element kElements[] = {
    {"f64", "double", "", "src[at]"},
    {"f32", "float", "", "src[at]"},
    {"f16", "uint16_t", "ts_load_f16", "ts_load_f16(src[at])"},
    {"bf16", "uint16_t", "ts_load_bf16", "ts_load_bf16(src[at])"},
    {"e4m3", "uint8_t", "ts_load_e4m3", "ts_load_e4m3(src[at])"},
    {"e5m2", "uint8_t", "ts_load_e5m2", "ts_load_e5m2(src[at])"},
    {"i4", "uint8_t", "ts_load_i4", "ts_load_i4(src, at)"},
    {"u4", "uint8_t", "ts_load_u4", "ts_load_u4(src, at)"},
    {"i8", "int8_t", "", "src[at]"},
    {"u8", "uint8_t", "", "src[at]"},
    {"i16", "int16_t", "", "src[at]"},
    {"u16", "uint16_t", "", "src[at]"},
    {"i32", "int32_t", "", "src[at]"},
    {"u32", "uint32_t", "", "src[at]"},
};

void AddPacks(std::vector<Helper>* list, const char* type, const std::string& suffix) {
  for (const Element& element : kElements) {
    std::string load = "TS_AT_" + std::string(element.suffix);
    std::string text = FillTemplate(
        kPack,
        {{'t', type}, {'s', suffix}, {'f', element.suffix}, {'x', element.storage}, {'l', load}});
    list->push_back({"ts_pack_" + std::string(element.suffix) + "_" + suffix, {load}, text});
  }
}

}  // namespace

void AddGemmHelpers(std::vector<Helper>* list) {
  list->push_back({"ts_vectors", {}, kVectors});
  for (const Element& element : kElements) {
    std::vector<std::string> needs;
    if (*element.helper) needs.push_back(element.helper);
    std::string text = "#define TS_AT_" + std::string(element.suffix) + "(src, at) ";
    list->push_back({"TS_AT_" + std::string(element.suffix), needs, text + element.load + "\n"});
  }
  for (const auto& [type, suffix] :
       {std::pair("float", "f32"), std::pair("double", "f64"), std::pair("int32_t", "i32")}) {
    std::string s = suffix;
    std::string block = FillTemplate(kBlock, {{'t', type}, {'s', s}});
    std::string gemm = FillTemplate(kGemm, {{'t', type}, {'s', s}});
    list->push_back({"ts_block_" + s, {"ts_vectors"}, block});
    list->push_back({"ts_gemm_" + s, {"ts_block_" + s}, gemm});
    AddPacks(list, type, s);
  }
}

}  // namespace tilescale::codegen::cpu
