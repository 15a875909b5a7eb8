#ifndef TILESCALE_CC_PASS_BUFFER_NAMES_H_
#define TILESCALE_CC_PASS_BUFFER_NAMES_H_

#include <map>
#include <string>

#include "cc/ir/function.h"
#include "cc/ir/print_names.h"
#include "cc/ir/visitor.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

/// A name of its own for each buffer of a kernel, as the printed IR gives them: the user's name,
/// with a number from the second buffer of that name on.
class BufferNames {
 public:
  explicit BufferNames(const ir::PrimFunc& func) {
    for (const ffi::Any& param : func->params) {
      auto buffer = param.as<ir::Buffer>();
      if (buffer) Add(*buffer);
    }
    ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
      if (const auto* alloc = s.as<ir::AllocObj>()) Add(alloc->buffer);
    });
  }

  const std::string& Of(const ir::Buffer& buffer) const { return names_.at(buffer.get()); }
  /// The buffer, or null.
  const ir::Buffer* Find(const std::string& name) const {
    auto it = buffers_.find(name);
    return it == buffers_.end() ? nullptr : &it->second;
  }

 private:
  void Add(const ir::Buffer& buffer) {
    const std::string& name = printed_.Of(buffer.get(), std::string(buffer->name));
    names_.emplace(buffer.get(), name);
    buffers_.emplace(name, buffer);
  }

  ir::PrintNames printed_;
  std::map<const ir::BufferObj*, std::string> names_;
  std::map<std::string, ir::Buffer> buffers_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_BUFFER_NAMES_H_
