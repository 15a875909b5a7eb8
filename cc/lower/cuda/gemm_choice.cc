#include "cc/lower/cuda/gemm_choice.h"

#include <algorithm>
#include <string>

#include "cc/ir/span.h"
#include "cc/machine/arch.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

using layout::MmaAtom;

bool Exists(const MmaAtom& atom, int arch) {
  return arch >= atom.first_arch && arch <= atom.last_arch;
}

bool Fits(const MmaAtom& atom, const layout::MmaProblem& problem) {
  return atom.a_type == problem.a_type && atom.b_type == problem.b_type &&
         atom.c_type == problem.c_type;
}

std::string TypesText(const layout::MmaProblem& problem) {
  return ir::dtype::Name(problem.a_type) + " x " + ir::dtype::Name(problem.b_type) + " -> " +
         ir::dtype::Name(problem.c_type);
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What can be asked for: the architecture's instructions for these types.
std::string Available(const layout::MmaProblem& problem, const Context& context) {
  std::vector<std::string> names;
  for (const MmaAtom& atom : layout::MmaAtoms()) {
    if (Exists(atom, ArchNumber(context)) && Fits(atom, problem)) names.push_back(atom.name);
  }
  if (names.empty()) {
    return "\"fma\" (single threads): " + context.arch +
           " has no matrix instruction for these types";
  }
  return Joined(names) + ", \"mma\" (the best of them) or \"fma\" (single threads)";
}

// What is wrong with the wanted instruction.
std::string Reason(const layout::MmaProblem& problem, const std::string& wanted) {
  if (wanted == "mma") return "";
  const std::vector<MmaAtom>& atoms = layout::MmaAtoms();
  auto named = std::find_if(atoms.begin(), atoms.end(),
                            [&](const MmaAtom& atom) { return atom.name == wanted; });
  if (named == atoms.end()) return ", which is the name of no instruction";
  if (Fits(*named, problem)) return ", of sm_" + std::to_string(named->first_arch) + " and newer";
  return ", which multiplies " +
         TypesText({named->a_type, named->b_type, named->c_type, problem.depth});
}

// The first architecture that has one of the wanted instructions, 0 for none.
int FirstArch(const layout::MmaProblem& problem, const std::string& wanted) {
  int first = 0;
  for (const MmaAtom& atom : layout::MmaAtoms()) {
    bool meant = wanted == "mma" ? Fits(atom, problem) : atom.name == wanted && Fits(atom, problem);
    if (meant && (first == 0 || atom.first_arch < first)) first = atom.first_arch;
  }
  return first;
}

[[noreturn]] void Refuse(const op::GemmObj* gemm, const layout::MmaProblem& problem,
                         const std::string& wanted, const Context& context) {
  const int first = FirstArch(problem, wanted);
  const std::string elsewhere = first > ArchNumber(context)
                                    ? "compile for sm_" + std::to_string(first) + " or later, or "
                                    : "";
  support::UserError("MatrixInstructionError")
      .Message("`T.gemm` of " + TypesText(problem) + " cannot become `" + wanted + "` on " +
               context.arch)
      .Expected(Available(problem, context))
      .Got("\"" + wanted + "\"" + Reason(problem, wanted))
      .Remedy(elsewhere + "leave `instruction` out: the best one is chosen")
      .At(ir::ToLocation(gemm->span))
      .Throw();
}

}  // namespace

int ArchNumber(const Context& context) { return machine::ArchNumber(context.arch); }

const MmaAtom* ChooseInstruction(const op::GemmObj* gemm, int64_t depth, const Context& context) {
  const int arch = ArchNumber(context);
  layout::MmaProblem problem{gemm->a->buffer->dtype, gemm->b->buffer->dtype, gemm->c->buffer->dtype,
                             depth};
  auto it = gemm->attrs.find("instruction");
  if (it == gemm->attrs.end()) return layout::FindMmaAtom(problem, arch);
  const std::string wanted = (*it).second.cast<std::string>();
  if (wanted == "fma") return nullptr;
  if (wanted == "mma") {
    if (const MmaAtom* atom = layout::FindMmaAtom(problem, arch)) return atom;
    Refuse(gemm, problem, wanted, context);
  }
  const std::vector<MmaAtom>& atoms = layout::MmaAtoms();
  auto found = std::find_if(atoms.begin(), atoms.end(), [&](const MmaAtom& atom) {
    return atom.name == wanted && Exists(atom, arch) && Fits(atom, problem);
  });
  if (found == atoms.end()) Refuse(gemm, problem, wanted, context);
  return &*found;
}

}  // namespace tilescale::lower::cuda
