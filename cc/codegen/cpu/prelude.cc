#include "cc/codegen/cpu/prelude.h"

#include <map>

#include "cc/support/diagnostic.h"

namespace tilescale::codegen::cpu {
namespace {

const Helper& Find(const std::string& name) {
  static const std::map<std::string, const Helper*> index = [] {
    std::map<std::string, const Helper*> result;
    for (const Helper& helper : AllHelpers()) result.emplace(helper.name, &helper);
    return result;
  }();
  auto it = index.find(name);
  TILESCALE_CHECK(it != index.end(), "there is no helper " << name);
  return *it->second;
}

}  // namespace

const std::vector<Helper>& AllHelpers() {
  static const std::vector<Helper> helpers = [] {
    std::vector<Helper> list;
    AddFloatHelpers(&list);
    AddIntegerHelpers(&list);
    AddRoundingHelpers(&list);
    AddStateHelpers(&list);
    AddGemmHelpers(&list);
    return list;
  }();
  return helpers;
}

const std::string& Prelude::Use(const std::string& name) {
  const Helper& helper = Find(name);
  if (used_.insert(name).second) {
    for (const std::string& need : helper.needs) Use(need);
  }
  return helper.name;
}

std::string Prelude::Text() const {
  std::string text;
  for (const Helper& helper : AllHelpers()) {
    if (used_.count(helper.name)) text += helper.text;
  }
  return text;
}

}  // namespace tilescale::codegen::cpu
