#include "cc/pass/enumerate_elements.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>
#include <functional>

#include "cc/arith/evaluate.h"
#include "cc/ir/visitor.h"
#include "cc/lower/cuda/context.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

using K = ir::BinaryKind;

// More points than a few lines of a shared tile are left to proofs.
constexpr int64_t kMostPoints = 1 << 14;

// Of an access: the names whose values are tried, the thread's number first.
using Tried = std::vector<std::pair<ir::Var, arith::Interval>>;

Tried TriedNames(const ThreadElements& access, const ir::Var& thread, int64_t threads) {
  Tried names = {{thread, {0, threads - 1}}};
  int64_t points = threads;
  for (const OwnName& name : access.own) {
    const arith::Wide count = name.range.hi - name.range.lo + 1;
    if (count > kMostPoints || points * count > kMostPoints) continue;
    points *= static_cast<int64_t>(count);
    names.push_back({name.var, name.range});
  }
  return names;
}

// Whether no, all, or some of the variables in an expression are among the names.
enum class Share { kNone, kAll, kSome };

Share ShareOf(const ir::Expr& e, const Tried& names) {
  bool in = false, out = false;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    if (!x.as<ir::VarObj>()) return;
    auto is = [&](const auto& name) { return name.first.same_as(x); };
    (std::any_of(names.begin(), names.end(), is) ? in : out) = true;
  });
  if (!in) return Share::kNone;
  return out ? Share::kSome : Share::kAll;
}

// An index as a sum of what follows from the names and of the rest.
struct Sum {
  ir::Expr of_names;
  ir::Expr rest;
};

std::optional<Sum> Split(const ir::Expr& e, const Tried& names) {
  const ir::Expr zero = ir::MakeInt(e.dtype(), 0);
  const Share share = ShareOf(e, names);
  if (share == Share::kAll) return Sum{e, zero};
  if (share == Share::kNone) return Sum{zero, e};
  const auto* op = e.as<ir::BinaryObj>();
  if (!op) return std::nullopt;
  auto a = Split(op->a, names), b = Split(op->b, names);
  if (!a || !b) return std::nullopt;
  if (op->kind == K::kAdd) return Sum{a->of_names + b->of_names, a->rest + b->rest};
  if (op->kind == K::kSub) return Sum{a->of_names - b->of_names, a->rest - b->rest};
  const bool scales = op->kind == K::kMul && ir::AsConstInt(op->b);
  if (!scales) return std::nullopt;
  return Sum{a->of_names * op->b, a->rest * op->b};
}

// What is compared of an access: some of its indices, those that the other access has, too, up to
// the names.
struct Comparison {
  std::vector<ir::Expr> indices;
  int64_t count = 1;
  Tried names;
  std::vector<ir::Expr> conditions;
  bool all_conditions = true;
};

Comparison ComparisonOf(const ThreadElements& access, Tried names) {
  Comparison side;
  for (const ir::Expr& condition : access.conditions) {
    const bool known = ShareOf(condition, names) == Share::kAll;
    if (known) side.conditions.push_back(condition);
    side.all_conditions = side.all_conditions && known;
  }
  side.names = std::move(names);
  return side;
}

using Element = std::vector<int64_t>;
using Visit = std::function<void(const Element&, int64_t thread)>;

// Calls `visit` for each element of each point; false if one cannot be computed.
bool ForEachElement(const Comparison& side, const Visit& visit, size_t name = 0,
                    arith::Point* outer = nullptr) {
  arith::Point first;
  arith::Point& point = outer ? *outer : first;
  if (name < side.names.size()) {
    const auto& [var, range] = side.names[name];
    for (arith::Wide value = range.lo; value <= range.hi; ++value) {
      point[var] = value;
      if (!ForEachElement(side, visit, name + 1, &point)) return false;
    }
    return true;
  }
  for (const ir::Expr& condition : side.conditions) {
    auto holds = arith::Evaluate(condition, point);
    if (holds && *holds == 0) return true;
  }
  Element element;
  for (const ir::Expr& index : side.indices) {
    auto value = arith::Evaluate(index, point);
    if (!value) return false;
    element.push_back(static_cast<int64_t>(*value));
  }
  const auto thread = static_cast<int64_t>(point.at(side.names[0].first));
  for (int64_t i = 0; i < side.count; ++i) {
    visit(element, thread);
    ++element.back();
  }
  return true;
}

// The first and the last of the threads, or of their warps, that touch each element.
using Touched = std::map<Element, std::pair<int64_t, int64_t>>;

std::optional<bool> Meet(const Comparison& a, const Comparison& b, Pairs pairs) {
  const int64_t group = pairs == Pairs::kWarps ? lower::cuda::kWarpSize : 1;
  Touched touched;
  auto touch = [&](const Element& element, int64_t thread) {
    const int64_t who = thread / group;
    auto [it, is_new] = touched.emplace(element, std::make_pair(who, who));
    it->second = {std::min(it->second.first, who), std::max(it->second.second, who)};
  };
  bool met = false;
  auto compare = [&](const Element& element, int64_t thread) {
    auto it = touched.find(element);
    if (it == touched.end()) return;
    const int64_t who = thread / group;
    met = met || pairs == Pairs::kAny || it->second.first != who || it->second.second != who;
  };
  if (!ForEachElement(a, touch) || !ForEachElement(b, compare)) return std::nullopt;
  return met;
}

}  // namespace

std::optional<bool> MeetByEnumeration(const ThreadElements& a, const ThreadElements& b, Pairs pairs,
                                      const ir::Var& thread, int64_t threads) {
  Comparison before = ComparisonOf(a, TriedNames(a, thread, threads));
  Comparison now = ComparisonOf(b, TriedNames(b, thread, threads));
  for (size_t i = 0; i < a.first.size(); ++i) {
    auto x = Split(a.first[i], before.names), y = Split(b.first[i], now.names);
    if (!x || !y || !ffi::StructuralEqual::Equal(x->rest, y->rest)) continue;
    auto changes = [&](const OwnName& name) { return Mentions(x->rest, name.var.get()); };
    if (std::any_of(a.own.begin(), a.own.end(), changes)) continue;
    if (std::any_of(b.own.begin(), b.own.end(), changes)) continue;
    before.indices.push_back(x->of_names);
    now.indices.push_back(y->of_names);
    const bool last = i + 1 == a.first.size();
    if (last) before.count = a.count;
    if (last) now.count = b.count;
  }
  if (before.indices.empty()) return std::nullopt;
  auto met = Meet(before, now, pairs);
  const bool whole =
      before.indices.size() == a.first.size() && before.all_conditions && now.all_conditions;
  return met && *met && !whole ? std::nullopt : met;
}

}  // namespace tilescale::pass
