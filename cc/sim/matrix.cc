// mma, ldmatrix and stmatrix, lane by lane as the PTX ISA's tables place the elements.
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "cc/sim/collective.h"
#include "cc/sim/float_formats.h"
#include "cc/sim/observe.h"
#include "cc/sim/tensor_core.h"

namespace tilescale::sim {
namespace {

constexpr uint32_t kMaxM = 16;
constexpr uint32_t kN = 8;
constexpr uint32_t kMaxK = 32;

// Integers, and sums that are rounded to binary16 once: both are exact in binary64. Accumulators of
// binary32 are another matter: see tensor_core.h.
struct Product {
  TsSimType a_type, b_type;
  bool wide;  // the accumulator is binary32
  double a[kMaxM][kMaxK];
  double b[kMaxK][kN];
  double c[kMaxM][kN];
  Operand x[kMaxM][kMaxK];
  Operand y[kMaxK][kN];
};

uint32_t Bits(TsSimType type) {
  switch (type) {
    case kTsSimF16:
    case kTsSimBf16:
      return 16;
    case kTsSimTf32:
    case kTsSimF32:
    case kTsSimS32:
      return 32;
    default:
      return 8;
  }
}

double Decode(TsSimType type, uint32_t code) {
  switch (type) {
    case kTsSimF16:
      return tilescale_sim::Half::Decode(code);
    case kTsSimBf16:
      return tilescale_sim::Bfloat16::Decode(code);
    case kTsSimE4m3:
      return tilescale_sim::Fp8E4m3::Decode(code);
    case kTsSimE5m2:
      return tilescale_sim::Fp8E5m2::Decode(code);
    case kTsSimTf32:
      return tilescale_sim::BitsFloat(code & 0xffffe000u);
    case kTsSimF32:
      return tilescale_sim::BitsFloat(code);
    case kTsSimS32:
      return static_cast<int32_t>(code);
    case kTsSimS8:
      return static_cast<int8_t>(code);
    case kTsSimU8:
      return static_cast<uint8_t>(code);
  }
  return 0;
}

uint32_t Code(TsSimType type, const uint32_t* registers, uint32_t index) {
  uint32_t bits = Bits(type);
  uint32_t per_register = 32 / bits;
  uint32_t word = registers[index / per_register] >> index % per_register * bits;
  return bits == 32 ? word : word & ((1u << bits) - 1);
}

double Element(TsSimType type, const uint32_t* registers, uint32_t index) {
  return Decode(type, Code(type, registers, index));
}

void SetA(Product* product, const TsSimMma& mma, uint32_t row, uint32_t column, uint32_t index) {
  uint32_t code = Code(mma.a_type, mma.a, index);
  product->a[row][column] = Decode(mma.a_type, code);
  if (product->wide) product->x[row][column] = DecodeOperand(mma.a_type, code);
}

void SetB(Product* product, const TsSimMma& mma, uint32_t row, uint32_t column, uint32_t index) {
  uint32_t code = Code(mma.b_type, mma.b, index);
  product->b[row][column] = Decode(mma.b_type, code);
  if (product->wide) product->y[row][column] = DecodeOperand(mma.b_type, code);
}

void SetElement(TsSimType type, void* registers, uint32_t index, double value) {
  auto* bytes = static_cast<char*>(registers);
  const size_t at = index;
  if (type == kTsSimF16) {
    auto code = static_cast<uint16_t>(tilescale_sim::Half::Encode(static_cast<float>(value)));
    std::memcpy(bytes + 2 * at, &code, sizeof(code));
  } else if (type == kTsSimF32) {
    uint32_t code = std::isnan(value) ? tilescale_sim::kFloatNan
                                      : tilescale_sim::FloatBits(static_cast<float>(value));
    std::memcpy(bytes + 4 * at, &code, sizeof(code));
  } else {
    auto wrapped = static_cast<uint32_t>(static_cast<int64_t>(value));
    std::memcpy(bytes + 4 * at, &wrapped, sizeof(wrapped));
  }
}

struct Place {
  uint32_t row, column;
};

// Register r of a lane holds p elements along k: row g + 8 (r mod 2), k from 4 p (r div 2) + t p.
Place PlaceA(uint32_t m, uint32_t lane, uint32_t index, uint32_t p) {
  uint32_t group = lane / 4, t = lane % 4, r = index / p;
  if (m == 8) return {group, t * p + index % p};
  return {group + 8 * (r % 2), 4 * p * (r / 2) + t * p + index % p};
}

Place PlaceB(uint32_t lane, uint32_t index, uint32_t p) {
  return {4 * p * (index / p) + lane % 4 * p + index % p, lane / 4};
}

Place PlaceC(uint32_t lane, uint32_t index) {
  return {lane / 4 + 8 * (index / 2), lane % 4 * 2 + index % 2};
}

// sm_70: lanes 4 q to 4 q + 3 and those 16 above make product q.
bool InQuadPair(uint32_t lane, uint32_t quad) { return lane % 16 / 4 == quad; }

uint32_t QuadRow(uint32_t lane) { return lane % 4 + (lane < 16 ? 0 : 4); }

Place PlaceQuadC(TsSimType type, uint32_t lane, uint32_t index) {
  if (type == kTsSimF16) return {QuadRow(lane), index};
  return {(lane & 1) + (index & 2) + (lane < 16 ? 0 : 4), (index & 4) + (lane & 2) + (index & 1)};
}

bool AnySpecial(const Product& product, uint32_t row, uint32_t column, uint32_t k) {
  if (!std::isfinite(product.c[row][column])) return true;
  for (uint32_t i = 0; i < k; ++i) {
    if (product.x[row][i].special || product.y[i][column].special) return true;
  }
  return false;
}

void Multiply(Product* product, uint32_t m, uint32_t k) {
  for (uint32_t i = 0; i < m && product->wide; ++i) {
    for (uint32_t j = 0; j < kN; ++j) {
      if (AnySpecial(*product, i, j, k)) {
        for (uint32_t x = 0; x < k; ++x) product->c[i][j] += product->a[i][x] * product->b[x][j];
        continue;
      }
      product->c[i][j] =
          SumProducts(product->a_type, product->b_type, product->x[i], &product->y[0][j], kN, k,
                      static_cast<float>(product->c[i][j]));
    }
  }
  for (uint32_t i = 0; i < m && !product->wide; ++i) {
    double sums[kN];
    std::memcpy(sums, product->c[i], sizeof(sums));
    for (uint32_t x = 0; x < k; ++x) {
      for (uint32_t j = 0; j < kN; ++j) sums[j] += product->a[i][x] * product->b[x][j];
    }
    std::memcpy(product->c[i], sums, sizeof(sums));
  }
}

const TsSimMma& Of(const Meeting& meeting, uint32_t lane) {
  return *static_cast<const TsSimMma*>(meeting.arguments[lane]);
}

void RunQuadPairs(const Meeting& meeting) {
  for (uint32_t quad = 0; quad < 4; ++quad) {
    Product product;
    product.a_type = Of(meeting, 0).a_type;
    product.b_type = Of(meeting, 0).b_type;
    product.wide = Of(meeting, 0).d_type == kTsSimF32;
    for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
      if (!InQuadPair(lane, quad)) continue;
      const TsSimMma& mma = Of(meeting, lane);
      for (uint32_t i = 0; i < 4; ++i) {
        SetA(&product, mma, QuadRow(lane), i, i);
        SetB(&product, mma, i, QuadRow(lane), i);
      }
      for (uint32_t i = 0; i < 8; ++i) {
        Place place = PlaceQuadC(mma.d_type, lane, i);
        product.c[place.row][place.column] =
            Element(mma.d_type, static_cast<const uint32_t*>(mma.c), i);
      }
    }
    Multiply(&product, 8, 4);
    for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
      if (!InQuadPair(lane, quad)) continue;
      const TsSimMma& mma = Of(meeting, lane);
      for (uint32_t i = 0; i < 8; ++i) {
        Place place = PlaceQuadC(mma.d_type, lane, i);
        SetElement(mma.d_type, mma.d, i, product.c[place.row][place.column]);
      }
    }
  }
}

void RunWarp(const Meeting& meeting) {
  Product product;
  const TsSimMma& first = Of(meeting, 0);
  uint32_t m = first.m, k = first.k;
  product.a_type = first.a_type;
  product.b_type = first.b_type;
  product.wide = first.d_type == kTsSimF32;
  uint32_t p = 32 / Bits(first.a_type);
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    const TsSimMma& mma = Of(meeting, lane);
    for (uint32_t i = 0; i < m * k / kWarpSize; ++i) {
      Place place = PlaceA(m, lane, i, p);
      SetA(&product, mma, place.row, place.column, i);
    }
    for (uint32_t i = 0; i < k * kN / kWarpSize; ++i) {
      Place place = PlaceB(lane, i, p);
      SetB(&product, mma, place.row, place.column, i);
    }
    for (uint32_t i = 0; i < m * kN / kWarpSize; ++i) {
      Place place = PlaceC(lane, i);
      product.c[place.row][place.column] =
          Element(mma.d_type, static_cast<const uint32_t*>(mma.c), i);
    }
  }
  Multiply(&product, m, k);
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    const TsSimMma& mma = Of(meeting, lane);
    for (uint32_t i = 0; i < m * kN / kWarpSize; ++i) {
      Place place = PlaceC(lane, i);
      SetElement(mma.d_type, mma.d, i, product.c[place.row][place.column]);
    }
  }
}

constexpr uint32_t kRows = 8;
constexpr uint32_t kRowBytes = 16;

// Visits the rows of all matrices, checked as accesses of the lanes that give their addresses.
template <typename F>
void ForEachRow(Launch* launch, const Meeting& meeting, uint32_t count, bool writes, F visit) {
  std::vector<const void*> rows;
  for (uint32_t i = 0; i < kRows * count; ++i) {
    auto* arguments = static_cast<TsSimMatrix*>(meeting.arguments[i]);
    if (launch->checks(kBounds)) {
      CheckAligned(meeting.lanes[i], arguments->row, kRowBytes, meeting.pc);
      CheckAccess(meeting.lanes[i], arguments->row, kRowBytes, writes, meeting.pc);
    }
    rows.push_back(arguments->row);
    visit(i / kRows, i % kRows, static_cast<char*>(arguments->row));
  }
  NoteMatrix(meeting.lanes[0], rows, writes, meeting.pc);
}

// The lane and the byte in its register that hold element (row, column) of a matrix.
Place PlaceMatrix(uint32_t row, uint32_t column, bool transposed) {
  if (transposed) std::swap(row, column);
  return {4 * row + column / 2, column % 2 * 2};
}

bool NeedsWholeWarp(Launch* launch, const Meeting& meeting) {
  for (const Thread* thread : meeting.lanes) {
    if (thread) continue;
    launch->Fail(CurrentThread(), "divergent_collective",
                 std::string(CollectiveName(meeting.op)) + " needs a warp of 32 lanes", meeting.pc);
  }
  return true;
}

template <typename F>
void ForEachElement(const Meeting& meeting, uint32_t matrix, uint32_t row, bool transposed, F use) {
  for (uint32_t column = 0; column < kRows; ++column) {
    Place place = PlaceMatrix(row, column, transposed);
    auto* target = static_cast<TsSimMatrix*>(meeting.arguments[place.row]);
    use(column, reinterpret_cast<char*>(&target->registers[matrix]) + place.column);
  }
}

}  // namespace

std::string MeetingName(const Meeting& meeting) {
  if (meeting.op != kTsSimMma) return CollectiveName(meeting.op);
  static const char* const kTypes[] = {"f16", "bf16", "tf32", "e4m3", "e5m2",
                                       "s8",  "u8",   "f32",  "s32"};
  for (const void* arguments : meeting.arguments) {
    if (!arguments) continue;
    const auto& mma = *static_cast<const TsSimMma*>(arguments);
    return "mma m" + std::to_string(mma.m) + "n" + std::to_string(mma.n) + "k" +
           std::to_string(mma.k) + " " + kTypes[mma.d_type] + " " + kTypes[mma.a_type] + " " +
           kTypes[mma.b_type];
  }
  return "mma";
}

void RunMma(Launch* launch, Meeting* meeting) {
  NeedsWholeWarp(launch, *meeting);
  ++launch->report.counters.mma;
  if (Of(*meeting, 0).k == 4 && Of(*meeting, 0).a_type == kTsSimF16) {
    RunQuadPairs(*meeting);
  } else {
    RunWarp(*meeting);
  }
}

void RunLdmatrix(Launch* launch, Meeting* meeting) {
  NeedsWholeWarp(launch, *meeting);
  const auto& first = *static_cast<TsSimMatrix*>(meeting->arguments[0]);
  ForEachRow(launch, *meeting, first.count, false, [&](uint32_t matrix, uint32_t row, char* from) {
    ForEachElement(*meeting, matrix, row, first.transposed, [&](uint32_t column, char* to) {
      std::memcpy(to, from + size_t{2} * column, 2);
    });
  });
}

void RunStmatrix(Launch* launch, Meeting* meeting) {
  NeedsWholeWarp(launch, *meeting);
  const auto& first = *static_cast<TsSimMatrix*>(meeting->arguments[0]);
  ForEachRow(launch, *meeting, first.count, true, [&](uint32_t matrix, uint32_t row, char* to) {
    ForEachElement(*meeting, matrix, row, first.transposed, [&](uint32_t column, char* from) {
      std::memcpy(to + size_t{2} * column, from, 2);
    });
  });
}

}  // namespace tilescale::sim
