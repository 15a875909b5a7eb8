#include "cc/layout/mma_atom.h"

#include <functional>
#include <tuple>

namespace tilescale::layout {
namespace {

namespace dtype = ir::dtype;
using tvm::ffi::Shape;

constexpr int64_t kLanes = 32;
constexpr int64_t kRegisterBits = 32;
constexpr int kNewest = 1 << 16;

struct Place {
  int64_t row, column;
};
using PlaceFn = std::function<Place(int64_t lane, int64_t value)>;

Fragment MakeFragment(int64_t rows, int64_t columns, int64_t values, const PlaceFn& place) {
  std::vector<int64_t> table;
  table.reserve(kLanes * values);
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    for (int64_t value = 0; value < values; ++value) {
      Place at = place(lane, value);
      table.push_back(at.row + at.column * rows);
    }
  }
  return Fragment::FromTable(Shape({rows, columns}), kLanes, values, table);
}

struct Row {
  const char* name;
  int64_t arch;
  int64_t m, n, k;
  ir::DType a, b, c;
};

// Four lanes share a row of A; a register holds `pack` neighbours along k, and the registers go
// down the rows before they go along k.
Fragment FragmentA(const Row& row) {
  const int64_t pack = kRegisterBits / dtype::Bits(row.a);
  const int64_t halves = row.m / 8;
  return MakeFragment(row.m, row.k, row.m * row.k / kLanes, [=](int64_t lane, int64_t value) {
    int64_t reg = value / pack;
    return Place{lane / 4 + 8 * (reg % halves),
                 4 * pack * (reg / halves) + lane % 4 * pack + value % pack};
  });
}

Fragment FragmentB(const Row& row) {
  const int64_t pack = kRegisterBits / dtype::Bits(row.b);
  return MakeFragment(row.k, row.n, row.k * row.n / kLanes, [=](int64_t lane, int64_t value) {
    return Place{4 * pack * (value / pack) + lane % 4 * pack + value % pack, lane / 4};
  });
}

Fragment FragmentC(const Row& row) {
  return MakeFragment(row.m, row.n, row.m * row.n / kLanes, [](int64_t lane, int64_t value) {
    return Place{lane / 4 + 8 * (value / 2), lane % 4 * 2 + value % 2};
  });
}

MmaAtom MakeAtom(const Row& row) {
  return {row.name,       static_cast<int>(row.arch),
          kNewest,        row.m,
          row.n,          row.k,
          row.a,          row.b,
          row.c,          row.a == dtype::Float(32),
          FragmentA(row), FragmentB(row),
          FragmentC(row)};
}

// A quad pair is four neighbouring lanes and those 16 above: 8 rows of A, or columns of B.
int64_t QuadRow(int64_t lane) { return lane % 4 + (lane < 16 ? 0 : 4); }
int64_t QuadTop(int64_t lane) { return lane % 16 / 4 % 2 * 8; }
int64_t QuadLeft(int64_t lane) { return lane % 16 / 4 / 2 * 8; }

Place PlaceQuadC(ir::DType type, int64_t lane, int64_t value) {
  if (type.bits == 16) return {QuadTop(lane) + QuadRow(lane), QuadLeft(lane) + value};
  return {QuadTop(lane) + (lane & 1) + (value & 2) + (lane < 16 ? 0 : 4),
          QuadLeft(lane) + (value & 4) + (lane & 2) + (value & 1)};
}

MmaAtom MakeQuadAtom(const char* name, ir::DType c_type) {
  const ir::DType half = dtype::Float(16);
  Fragment a = MakeFragment(16, 4, 4, [](int64_t lane, int64_t value) {
    return Place{QuadTop(lane) + QuadRow(lane), value};
  });
  Fragment b = MakeFragment(4, 16, 4, [](int64_t lane, int64_t value) {
    return Place{value, QuadLeft(lane) + QuadRow(lane)};
  });
  Fragment c = MakeFragment(
      16, 16, 8, [=](int64_t lane, int64_t value) { return PlaceQuadC(c_type, lane, value); });
  return {name, 70, 72, 16, 16, 4, half, half, c_type, false, a, b, c};
}

std::vector<MmaAtom> MakeAtoms() {
  const ir::DType f16 = dtype::Float(16), bf16 = dtype::BFloat16(), f32 = dtype::Float(32);
  const ir::DType s8 = dtype::Int(8), u8 = dtype::UInt(8), s32 = dtype::Int(32);
  const ir::DType e4m3 = dtype::Make(kDLFloat8_e4m3fn, 8), e5m2 = dtype::Make(kDLFloat8_e5m2, 8);
  std::vector<MmaAtom> atoms = {MakeQuadAtom("mma_m8n8k4_f32_f16", f32),
                                MakeQuadAtom("mma_m8n8k4_f16_f16", f16)};
  const Row rows[] = {
      {"mma_m16n8k8_f32_f16", 75, 16, 8, 8, f16, f16, f32},
      {"mma_m16n8k8_f16_f16", 75, 16, 8, 8, f16, f16, f16},
      {"mma_m8n8k16_s32_s8", 75, 8, 8, 16, s8, s8, s32},
      {"mma_m8n8k16_s32_u8", 75, 8, 8, 16, u8, u8, s32},
      {"mma_m16n8k16_f32_f16", 80, 16, 8, 16, f16, f16, f32},
      {"mma_m16n8k16_f16_f16", 80, 16, 8, 16, f16, f16, f16},
      {"mma_m16n8k8_f32_bf16", 80, 16, 8, 8, bf16, bf16, f32},
      {"mma_m16n8k16_f32_bf16", 80, 16, 8, 16, bf16, bf16, f32},
      {"mma_m16n8k4_f32_tf32", 80, 16, 8, 4, f32, f32, f32},
      {"mma_m16n8k8_f32_tf32", 80, 16, 8, 8, f32, f32, f32},
      {"mma_m16n8k16_s32_s8", 80, 16, 8, 16, s8, s8, s32},
      {"mma_m16n8k16_s32_u8", 80, 16, 8, 16, u8, u8, s32},
      {"mma_m16n8k32_s32_s8", 80, 16, 8, 32, s8, s8, s32},
      {"mma_m16n8k32_s32_u8", 80, 16, 8, 32, u8, u8, s32},
      {"mma_m16n8k32_f32_e4m3", 89, 16, 8, 32, e4m3, e4m3, f32},
      {"mma_m16n8k32_f32_e5m2", 89, 16, 8, 32, e5m2, e5m2, f32},
      {"mma_m16n8k32_f32_e4m3_e5m2", 89, 16, 8, 32, e4m3, e5m2, f32},
      {"mma_m16n8k32_f32_e5m2_e4m3", 89, 16, 8, 32, e5m2, e4m3, f32},
  };
  for (const Row& row : rows) atoms.push_back(MakeAtom(row));
  return atoms;
}

}  // namespace

const std::vector<MmaAtom>& MmaAtoms() {
  static const std::vector<MmaAtom> atoms = MakeAtoms();
  return atoms;
}

const MmaAtom* FindMmaAtom(const MmaProblem& problem, int arch) {
  const MmaAtom* best = nullptr;
  auto rank = [&](const MmaAtom& atom) {
    return std::make_tuple(problem.depth % atom.k == 0, atom.first_arch, atom.m * atom.n * atom.k);
  };
  for (const MmaAtom& atom : MmaAtoms()) {
    if (arch < atom.first_arch || arch > atom.last_arch || atom.rounds_inputs) continue;
    bool fits = atom.a_type == problem.a_type && atom.b_type == problem.b_type &&
                atom.c_type == problem.c_type;
    if (fits && (!best || rank(atom) > rank(*best))) best = &atom;
  }
  return best;
}

}  // namespace tilescale::layout
