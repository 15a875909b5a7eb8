#include "cc/pass/place_reducers.h"

#include <unordered_map>

#include "cc/ir/mutator.h"

namespace tilescale::pass {
namespace {

class ReducerPlacer : public ir::Mutator {
 public:
  ir::Buffer MutateBuffer(const ir::Buffer& buffer) override {
    if (!buffer.IsScope(ir::scope::kReducer)) return buffer;
    auto it = placed_.find(buffer.get());
    if (it != placed_.end()) return it->second;
    ir::Buffer shared(buffer->name, buffer->dtype, buffer->shape, buffer->strides,
                      ir::scope::kShared);
    placed_.emplace(buffer.get(), shared);
    // Holds the key, so that its address is not used again.
    old_.push_back(buffer);
    return shared;
  }

 private:
  std::unordered_map<const ir::BufferObj*, ir::Buffer> placed_;
  std::vector<ir::Buffer> old_;
};

}  // namespace

ir::PrimFunc PlaceReducers(const ir::PrimFunc& func, const lower::cuda::Context&) {
  return func.WithBody(ReducerPlacer().MutateStmt(func->body));
}

}  // namespace tilescale::pass
