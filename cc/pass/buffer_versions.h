#ifndef TILESCALE_CC_PASS_BUFFER_VERSIONS_H_
#define TILESCALE_CC_PASS_BUFFER_VERSIONS_H_

#include <string>

#include "cc/ir/function.h"
#include "cc/pass/dependence.h"

namespace tilescale::pass {

/// Decides which buffers of a kernel may have one version for each iteration of a loop.
class BufferVersions {
 public:
  BufferVersions(const ir::PrimFunc& func, const ViewRoots& roots, arith::Analyzer* analyzer);

  /// Empty if each iteration of the loop with this body uses only what it wrote to the buffer
  /// itself, and nothing else sees it; otherwise the reason.
  std::string WhyNot(const ir::Buffer& buffer, const ir::Stmt& loop,
                     const DependenceGraph& graph) const;

 private:
  bool IsCovered(const ir::Buffer& buffer, const DependenceGraph& graph) const;
  bool IsSeenOutside(const ir::Buffer& buffer, const ir::Stmt& loop) const;

  ir::Stmt body_;
  const ViewRoots& roots_;
  arith::Analyzer* analyzer_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_BUFFER_VERSIONS_H_
