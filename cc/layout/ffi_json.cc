// How layouts that hold expressions are stored: in the text of a kernel and in caches.
#include <tvm/ffi/container/map.h>
#include <tvm/ffi/extra/serialization.h>
#include <tvm/ffi/reflection/registry.h>

#include "cc/layout/expr_json.h"
#include "cc/layout/fragment.h"
#include "cc/layout/index_map.h"

namespace tilescale::layout {
namespace {

namespace ffi = tvm::ffi;
namespace refl = tvm::ffi::reflection;
using ffi::Any;
using ffi::AnyView;
using ffi::Array;
using ffi::Map;
using ffi::String;

Any IndexMapToJson(AnyView value) {
  auto map = value.cast<IndexMap>();
  return Map<Any, Any>{{String("vars"), VarsToJson(map->vars)},
                       {String("shape"), ShapeToJson(map->input_shape)},
                       {String("outputs"), ExprsToJson(map->outputs, map->vars)}};
}

Any IndexMapFromJson(AnyView value) {
  auto data = value.cast<Map<Any, Any>>();
  Array<ir::Var> vars = VarsFromJson(data[String("vars")]);
  return IndexMap(vars, ShapeFromJson(data[String("shape")]),
                  ExprsFromJson(data[String("outputs")], vars));
}

Any ThreadValueToJson(const ffi::Optional<Layout>& layout) {
  if (!layout.has_value()) return nullptr;
  return Array<Any>{(*layout)->shape, (*layout)->stride};
}

ffi::Optional<Layout> ThreadValueFromJson(const Any& data) {
  if (data == nullptr) return std::nullopt;
  auto pair = data.cast<Array<Any>>();
  return Layout(IntTuple::FromAny(pair[0]), IntTuple::FromAny(pair[1]));
}

Any FragmentToJson(AnyView value) {
  auto fragment = value.cast<Fragment>();
  return Map<Any, Any>{{String("shape"), ShapeToJson(fragment->shape)},
                       {String("threads"), fragment->num_threads},
                       {String("values"), fragment->num_values},
                       {String("thread_value"), ThreadValueToJson(fragment->thread_value)},
                       {String("padded"), ShapeToJson(fragment->padded)},
                       {String("table"), ShapeToJson(fragment->table)},
                       {String("vars"), VarsToJson(fragment->vars)},
                       {String("forward"), ExprsToJson(fragment->forward, fragment->vars)}};
}

Any FragmentFromJson(AnyView value) {
  auto data = value.cast<Map<Any, Any>>();
  auto node = ffi::make_object<FragmentObj>();
  node->shape = ShapeFromJson(data[String("shape")]);
  node->num_threads = data[String("threads")].cast<int64_t>();
  node->num_values = data[String("values")].cast<int64_t>();
  node->thread_value = ThreadValueFromJson(data[String("thread_value")]);
  node->padded = ShapeFromJson(data[String("padded")]);
  node->table = ShapeFromJson(data[String("table")]);
  node->vars = VarsFromJson(data[String("vars")]);
  node->forward = ExprsFromJson(data[String("forward")], node->vars);
  return Fragment(std::move(node));
}

TVM_FFI_STATIC_INIT_BLOCK() {
  refl::TypeAttrDef<IndexMapObj>()
      .def(ffi::type_attr::kDataToJson.name, IndexMapToJson)
      .def(ffi::type_attr::kDataFromJson.name, IndexMapFromJson);
  refl::TypeAttrDef<FragmentObj>()
      .def(ffi::type_attr::kDataToJson.name, FragmentToJson)
      .def(ffi::type_attr::kDataFromJson.name, FragmentFromJson);
}

}  // namespace
}  // namespace tilescale::layout
