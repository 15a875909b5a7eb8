"""An exported kernel is called through tvm-ffi, from Python and from C++ without TileScale."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import tvm_ffi

from tests.jit.build_test import SOURCE
from tests.runtime import c_kernels as ck
from tilescale import errors
from tilescale.jit import toolchain
from tilescale.jit.export import export_tvm_ffi


def export(folder, body, sig, scratch=0):
    text = ck._HEADER.replace("{scratch}", str(scratch)) + body
    export_tvm_ffi(toolchain.complete_source(text), sig, folder / "k.so")
    return tvm_ffi.load_module(str(folder / "k.so"))


@pytest.fixture(scope="module")
def add(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    export_tvm_ffi(toolchain.complete_source(SOURCE), ck.add_signature(), folder / "k.so")
    return tvm_ffi.load_module(str(folder / "k.so"))


def tensor(values):
    return tvm_ffi.from_dlpack(values)


@pytest.mark.parametrize("n", [0, 1, 64, 100_001])
def test_add(add, n):
    a, b, c = np.arange(n, dtype="float32"), np.ones(n, "float32"), np.zeros(n, "float32")
    add.k(tensor(a), tensor(b), tensor(c))
    np.testing.assert_array_equal(c, a + b)


@pytest.mark.parametrize(
    ("args", "kind", "text"),
    [
        (lambda f, d: (f(8), f(8)), TypeError, "takes 3 arguments, but got 2"),
        (
            lambda f, d: (f(8), f(9), f(8)),
            ValueError,
            "dimension 0 of argument `B` is 9, expected 8",
        ),
        (lambda f, d: (f(8), d(8), f(8)), TypeError, "`B` must be of type float32"),
        (lambda f, d: (f(8), 1, f(8)), TypeError, "`B` must be a tensor"),
        (lambda f, d: (f(8), f((8, 1)), f(8)), ValueError, "`B` has 2 dimensions, expected 1"),
    ],
)
def test_errors(add, args, kind, text):
    def single(shape):
        return tensor(np.zeros(shape, "float32"))

    def double(shape):
        return tensor(np.zeros(shape, "float64"))

    with pytest.raises(kind, match=text):
        add.k(*args(single, double))


def test_not_contiguous(add):
    strided = tensor(np.zeros(16, "float32")[::2])
    plain = tensor(np.zeros(8, "float32"))
    with pytest.raises(ValueError, match="`A` is not contiguous"):
        add.k(strided, plain, plain)


def test_scalars_workspaces_strides_and_grid(tmp_path):
    params = [
        ck.scalar("n", "int32", symbol=0),
        ck.scalar("x", "float32"),
        ck.scalar("y", "float64"),
        ck.tensor("W", [ck.expr(0)], "float64", role="workspace"),
        ck.tensor("A", [ck.sym(0)], "float64", strides=[ck.sym(1)]),
    ]
    body = """
    int32_t ts_exprs(const int64_t* s, int64_t* e) { e[0] = s[0] * 2; return 0; }
    int32_t ts_tiles(const ts_slot* s, ts_ctx* ctx, int64_t begin, int64_t end) {
      double* w = s[0].p; double* a = s[1].p; int64_t stride = s[6].i;
      if ((uintptr_t)ctx->scratch % 64) return 1;
      for (int64_t t = begin; t < end; ++t) {
        w[2 * t] = s[3].f32 + s[4].f;
        a[t * stride] = w[2 * t] + t + s[2].i * 100;
      }
      return 0;
    }"""
    sig = ck.signature(params, symbols=["n", "st"], num_exprs=1, grid=[ck.const(1), ck.sym(0)])
    module = export(tmp_path, body, sig, scratch=128)
    a = np.zeros(20)
    module.k(10, 0.5, 2, tensor(a[::2]))
    np.testing.assert_array_equal(a[::2], np.arange(10) + 1002.5)
    assert (a[1::2] == 0).all()
    with pytest.raises(ValueError, match="`A` is 5, expected 10"):
        module.k(10, 0.5, 2, tensor(a[:5]))


def test_assertion_and_packed(tmp_path):
    params = [ck.tensor("A", [ck.sym(0)], "int4")]
    body = """
    int32_t ts_tiles(const ts_slot* s, ts_ctx* ctx, int64_t begin, int64_t end) {
      snprintf(ctx->message, ctx->message_bytes, "n is %d", (int)s[1].i);
      return 1;
    }"""
    sig = ck.signature(params, symbols=["n"], grid=[ck.const(100)])
    module = export(tmp_path, body, sig)
    with pytest.raises(AssertionError, match="n is 16"):
        module.k(tensor(np.zeros(8, "int8")))


def test_wide_indices(tmp_path):
    body = """
    int32_t ts_exprs(const int64_t* s, int64_t* e) { e[0] = s[0] * s[0]; return 0; }
    int32_t ts_tiles(const ts_slot* s, ts_ctx* c, int64_t b, int64_t e) {
      *(int*)s[0].p = 32; return 0;
    }
    int32_t ts_tiles64(const ts_slot* s, ts_ctx* c, int64_t b, int64_t e) {
      *(int*)s[0].p = 64; return 0;
    }"""
    params = [ck.scalar("n", "int64", symbol=0), ck.tensor("A", [ck.const(1)], "int32")]
    sig = ck.signature(params, symbols=["n"], num_exprs=1, index32_limit=[0])
    module = export(tmp_path, body, sig)
    a = np.zeros(1, "int32")
    module.k(46340, tensor(a))
    assert a[0] == 32
    module.k(46341, tensor(a))
    assert a[0] == 64


def test_bad_names_and_paths(tmp_path):
    with pytest.raises(errors.ExportError, match="C identifier"):
        export_tvm_ffi("", {**ck.add_signature(), "name": "a-b"}, tmp_path / "k.so")
    with pytest.raises(errors.ExportError, match="cannot be written"):
        export_tvm_ffi(
            toolchain.complete_source(SOURCE), ck.add_signature(), tmp_path / "no" / "k.so"
        )


CPP = r"""
#include <tvm/ffi/extra/module.h>
#include <tvm/ffi/container/tensor.h>
#include <cstdio>
namespace ffi = tvm::ffi;
int main(int, char** argv) {
  ffi::Module module = ffi::Module::LoadFromFile(argv[1]);
  float a[3] = {1, 2, 3}, b[3] = {10, 20, 30}, c[3] = {};
  int64_t n = 3, one = 1;
  auto view = [&](float* p) {
    return DLTensor{p, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, &n, &one, 0};
  };
  DLTensor A = view(a), B = view(b), C = view(c);
  module->GetFunction("k").value()(&A, &B, &C);
  std::printf("%g %g %g\n", c[0], c[1], c[2]);
}
"""


def test_from_cpp_without_python(tmp_path):
    export_tvm_ffi(toolchain.complete_source(SOURCE), ck.add_signature(), tmp_path / "k.so")
    (tmp_path / "main.cc").write_text(CPP)
    config = tvm_ffi.libinfo
    command = ["c++", "-std=c++17", "-O0", str(tmp_path / "main.cc"), "-o", str(tmp_path / "main")]
    command += [f"-I{path}" for path in config.include_paths()]
    library = config.find_libtvm_ffi()
    command += [library, f"-Wl,-rpath,{library.rpartition('/')[0]}"]
    subprocess.run(command, check=True)
    run = subprocess.run(
        [tmp_path / "main", tmp_path / "k.so"], capture_output=True, text=True, check=True, env={}
    )
    assert run.stdout == "11 22 33\n"
    assert (
        "tilescale"
        not in subprocess.run(
            ["ldd", tmp_path / "k.so"], capture_output=True, text=True, check=True
        ).stdout
    )
