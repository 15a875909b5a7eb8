#include "cc/runtime/cuda/cubin.h"

#include <elf.h>

#include <cstring>
#include <optional>

namespace tilescale::runtime::cuda {
namespace {

// A record at `offset`, or none if it does not lie within the file.
template <typename T>
std::optional<T> At(std::string_view file, uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T record;
  std::memcpy(&record, file.data() + offset, sizeof(T));
  return record;
}

std::string NameAt(std::string_view file, uint64_t offset) {
  if (offset >= file.size()) return "";
  const std::string_view rest = file.substr(offset);
  return std::string(rest.substr(0, rest.find('\0')));
}

bool IsGlobalFunction(const Elf64_Sym& symbol) {
  return ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL &&
         symbol.st_shndx != SHN_UNDEF;
}

void AppendFunctions(std::string_view file, const Elf64_Shdr& table, const Elf64_Shdr& names,
                     std::vector<std::string>* result) {
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
    const auto symbol = At<Elf64_Sym>(file, table.sh_offset + at);
    if (!symbol) return;
    if (!IsGlobalFunction(*symbol)) continue;
    result->push_back(NameAt(file, names.sh_offset + symbol->st_name));
  }
}

}  // namespace

std::vector<std::string> GlobalFunctions(std::string_view cubin) {
  std::vector<std::string> result;
  const auto header = At<Elf64_Ehdr>(cubin, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return result;
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    const auto section = At<Elf64_Shdr>(cubin, header->e_shoff + i * sizeof(Elf64_Shdr));
    if (!section || section->sh_type != SHT_SYMTAB) continue;
    const auto names =
        At<Elf64_Shdr>(cubin, header->e_shoff + section->sh_link * sizeof(Elf64_Shdr));
    if (names) AppendFunctions(cubin, *section, *names, &result);
  }
  return result;
}

}  // namespace tilescale::runtime::cuda
