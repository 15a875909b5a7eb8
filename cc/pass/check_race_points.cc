#include "cc/pass/check_race_points.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cc/arith/evaluate.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using arith::Point;
using arith::Wide;

constexpr int64_t kMaxPoints = 256;

struct Access {
  ir::Buffer buffer;
  ffi::Array<ir::Expr> indices;
  bool writes;
  ir::Span span;
};

// What one `Parallel` does in every iteration.
struct Body {
  std::vector<std::pair<ir::Var, int64_t>> loops;  // variable, extent
  std::vector<std::pair<ir::Var, ir::Expr>> binds;
  std::vector<Access> accesses;
  std::unordered_set<const ir::BufferObj*> own;  // declared inside, so of one iteration
};

// Values that are read only if a condition holds tell nothing.
bool IsConditional(const ir::Expr& value) {
  bool found = false;
  ir::ForEachExpr(value, [&](const ir::Expr& e) {
    const auto* call = e.as<ir::CallObj>();
    const auto* binary = e.as<ir::BinaryObj>();
    found = found || e.as<ir::SelectObj>() || (call && call->op == "if_then_else") ||
            (binary && ir::IsLogical(binary->kind));
  });
  return found;
}

void CollectLoads(const ir::Expr& value, const ir::Span& span, Body* body) {
  if (IsConditional(value)) return;
  ir::ForEachExpr(value, [&](const ir::Expr& e) {
    const auto* load = e.as<ir::LoadObj>();
    if (load) body->accesses.push_back({load->buffer, load->indices, false, span});
  });
}

// False if the loop has an extent that is not known, or none.
bool AddLoops(const ir::ParallelObj* box, Body* body) {
  for (size_t i = 0; i < box->vars.size(); ++i) {
    const int64_t* extent = ir::AsConstInt(box->extents[i]);
    if (!extent || *extent < 1) return false;
    body->loops.emplace_back(box->vars[i], *extent);
  }
  return true;
}

void Collect(const ir::Stmt& s, Body* body) {
  if (const auto* seq = s.as<ir::SeqObj>()) {
    for (const ir::Stmt& child : seq->stmts) Collect(child, body);
  } else if (const auto* box = s.as<ir::ParallelObj>()) {
    if (AddLoops(box, body)) Collect(box->body, body);
  } else if (const auto* loop = s.as<ir::ForObj>()) {
    // Its first iteration happens if there is one.
    const int64_t* extent = ir::AsConstInt(loop->extent);
    if (!ir::AsConstInt(loop->min) || !extent || *extent < 1) return;
    body->binds.emplace_back(loop->var, loop->min);
    Collect(loop->body, body);
  } else if (const auto* bind = s.as<ir::BindObj>()) {
    body->binds.emplace_back(bind->var, bind->value);
    CollectLoads(bind->value, s->span, body);
  } else if (const auto* alloc = s.as<ir::AllocObj>()) {
    body->own.insert(alloc->buffer.get());
  } else if (const auto* store = s.as<ir::StoreObj>()) {
    CollectLoads(store->value, s->span, body);
    body->accesses.push_back({store->buffer, store->indices, true, s->span});
  }
}

// Who has touched one element: iterations by number, -1 for none.
struct Touched {
  int64_t writer = -1;
  int64_t reader = -1;
  bool many_readers = false;

  // The iteration that the access of iteration `by` races with, or -1.
  int64_t Add(bool writes, int64_t by) {
    int64_t other = writer >= 0 && writer != by ? writer : -1;
    if (writes) {
      if (other < 0 && reader >= 0 && (reader != by || many_readers)) other = reader;
      writer = by;
    } else {
      many_readers = many_readers || (reader >= 0 && reader != by);
      if (reader < 0) reader = by;
    }
    return other;
  }
};

using Element = std::pair<const ir::BufferObj*, std::vector<int64_t>>;

class PointWalker {
 public:
  PointWalker(const Body& body, Point known) : body_(body), known_(std::move(known)) {}

  void Run() {
    std::vector<int64_t> extents = SampledExtents();
    int64_t count = 1;
    for (int64_t extent : extents) count *= extent;
    for (int64_t number = 0; number < count; ++number) Visit(number, extents);
  }

 private:
  // Few iterations of each loop: what collides there collides in the whole loop too.
  std::vector<int64_t> SampledExtents() const {
    std::vector<int64_t> extents;
    for (const auto& loop : body_.loops) extents.push_back(std::min(loop.second, kMaxPoints));
    auto total = [&] {
      int64_t product = 1;
      for (int64_t extent : extents) product *= extent;
      return product;
    };
    while (total() > kMaxPoints) {
      auto largest = std::max_element(extents.begin(), extents.end());
      *largest = (*largest + 1) / 2;
    }
    return extents;
  }

  void Visit(int64_t number, const std::vector<int64_t>& extents) {
    Point point = known_;
    int64_t rest = number;
    for (size_t i = 0; i < extents.size(); ++i) {
      point[body_.loops[i].first] = rest % extents[i];
      rest /= extents[i];
    }
    for (const auto& [var, value] : body_.binds) {
      if (auto known = arith::Evaluate(value, point)) point[var] = *known;
    }
    for (const Access& access : body_.accesses) Touch(access, point, number);
  }

  void Touch(const Access& access, const Point& point, int64_t number) {
    bool reducer = access.buffer.IsScope(ir::scope::kReducer);
    if (reducer || body_.own.count(access.buffer.get())) return;
    Element element{access.buffer.get(), {}};
    for (size_t i = 0; i < access.indices.size(); ++i) {
      auto index = arith::Evaluate(access.indices[i], point);
      const int64_t* extent = ir::AsConstInt(access.buffer->shape[i]);
      // Outside of the buffer nothing is written, and reads do not depend on memory.
      if (!index || *index < 0 || (extent && *index >= *extent)) return;
      element.second.push_back(static_cast<int64_t>(*index));
    }
    if (touched_[element].Add(access.writes, number) >= 0) Throw(access, element.second);
  }

  [[noreturn]] void Throw(const Access& access, const std::vector<int64_t>& indices) const {
    std::string element = std::string(access.buffer->name) + "[";
    for (size_t i = 0; i < indices.size(); ++i) {
      element += (i ? ", " : "") + std::to_string(indices[i]);
    }
    support::UserError("ParallelRaceError")
        .Message("iterations of `T.Parallel` " + std::string(access.writes ? "write" : "read") +
                 " an element of `" + std::string(access.buffer->name) +
                 "` that another one writes")
        .Expected("elements of its own for each iteration that writes")
        .Got("`" + element + "]` is touched by two iterations, one of which writes it")
        .Remedy("read from a second buffer, use T.serial, or combine with T.atomic_add")
        .At(ir::ToLocation(access.span))
        .Throw();
  }

  const Body& body_;
  Point known_;
  std::map<Element, Touched> touched_;
};

class PointChecker : public ir::Visitor {
 public:
  void VisitExpr(const ir::Expr&) override {}

  void VisitStmt(const ir::Stmt& s) override {
    if (s.as<ir::ParallelObj>()) {
      Body body;
      Collect(s, &body);
      return PointWalker(body, known_).Run();
    }
    if (const auto* grid = s.as<ir::TileLoopObj>()) {
      for (const ir::Var& var : grid->vars) known_[var] = 0;
    }
    if (const auto* loop = s.as<ir::ForObj>()) Know(loop->var, loop->min);
    if (const auto* bind = s.as<ir::BindObj>()) Know(bind->var, bind->value);
    VisitFields(s);
  }

 private:
  void Know(const ir::Var& var, const ir::Expr& value) {
    if (auto known = arith::Evaluate(value, known_)) known_[var] = *known;
  }

  // One way to reach the loop: the first program, the first iteration of each loop around.
  Point known_;
};

}  // namespace

void CheckRacePoints(const ir::PrimFunc& func) { PointChecker().VisitStmt(func->body); }

}  // namespace tilescale::pass
