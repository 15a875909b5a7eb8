#include "cc/lower/cuda/layout_demand.h"

#include <map>

#include "cc/ir/visitor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

// Both are filled while the library is loaded, read only afterwards.
std::map<std::string, DemandFn>& Demands() {
  static std::map<std::string, DemandFn> demands;
  return demands;
}

std::map<std::string, FollowFn>& Follows() {
  static std::map<std::string, FollowFn> follows;
  return follows;
}

std::map<std::string, LineFn>& Lines() {
  static std::map<std::string, LineFn> lines;
  return lines;
}

template <typename Key, typename Value>
const Value* FindIn(const std::unordered_map<Key, Value>& map, Key key) {
  auto it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

}  // namespace

Layouts::Layouts(const ir::Stmt& body) {
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    const auto* view = s.as<ir::ViewObj>();
    if (view && view->source.IsScope(ir::scope::kFragment)) {
      registers_.emplace(view->source.get(), view->buffer);
    }
    const auto* note = s.as<ir::AnnotateObj>();
    if (!note || note->key != "layout" || !note->target.has_value()) return;
    const ir::BufferObj* buffer = note->target.value().get();
    if (auto fragment = note->value.as<layout::Fragment>()) {
      fragments_.emplace(buffer, *fragment);
    } else if (auto composed = note->value.as<layout::ComposedLayout>()) {
      shared_.emplace(buffer, *composed);
    } else if (auto map = note->value.as<layout::IndexMap>()) {
      auto found = layout::Recognize(*map);
      if (found) shared_.emplace(buffer, *found);
      if (!found) scattered_.insert(buffer);
    }
  });
}

const layout::Fragment* Layouts::FindFragment(const ir::Buffer& buffer) const {
  return FindIn(fragments_, buffer.get());
}

const layout::ComposedLayout* Layouts::FindShared(const ir::Buffer& buffer) const {
  return FindIn(shared_, buffer.get());
}

bool Layouts::IsScattered(const ir::Buffer& buffer) const {
  return scattered_.count(buffer.get()) > 0;
}

const ir::Buffer* Layouts::FindRegisters(const ir::Buffer& buffer) const {
  return FindIn(registers_, buffer.get());
}

void Layouts::SetFragment(const ir::Buffer& buffer, layout::Fragment fragment) {
  fragments_.insert_or_assign(buffer.get(), std::move(fragment));
}

bool RegisterLayoutDemand(const std::string& type_key, DemandFn demand) {
  bool added = Demands().emplace(type_key, std::move(demand)).second;
  TILESCALE_CHECK(added, "the layout demand of " << type_key << " is registered twice");
  return true;
}

bool RegisterLayoutFollow(const std::string& type_key, FollowFn follow) {
  bool added = Follows().emplace(type_key, std::move(follow)).second;
  TILESCALE_CHECK(added, "the layout follow of " << type_key << " is registered twice");
  return true;
}

bool RegisterLayoutLines(const std::string& type_key, LineFn lines) {
  bool added = Lines().emplace(type_key, std::move(lines)).second;
  TILESCALE_CHECK(added, "the lines of " << type_key << " are registered twice");
  return true;
}

bool TakesAnyLayout(const ir::TileOp& op) {
  const std::string key = op->GetTypeKey();
  return Follows().count(key) || Lines().count(key);
}

std::vector<LayoutLine> LayoutLinesOf(const ir::TileOp& op) {
  auto it = Lines().find(op->GetTypeKey());
  return it == Lines().end() ? std::vector<LayoutLine>() : it->second(op);
}

std::vector<LayoutDemand> LayoutDemandsOf(const ir::TileOp& op, const Context& context) {
  auto it = Demands().find(op->GetTypeKey());
  return it == Demands().end() ? std::vector<LayoutDemand>() : it->second(op, context);
}

std::vector<LayoutDemand> LayoutFollowsOf(const ir::TileOp& op, const Layouts& known,
                                          const Context& context) {
  auto it = Follows().find(op->GetTypeKey());
  return it == Follows().end() ? std::vector<LayoutDemand>() : it->second(op, known, context);
}

}  // namespace tilescale::lower::cuda
