"""Arguments reach the kernel without copies, and results come back."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from tests.runtime import c_kernels as ck
from tilescale import _runtime, errors
from tilescale.jit import tensors


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 4096, 100_001])
def test_add(tmp_path, n):
    kernel = ck.load_add(tmp_path)
    a, b = np.arange(n, dtype="float32"), np.full(n, 2, "float32")
    c = np.full(n, -1, "float32")
    assert kernel(a, b, c) is None
    np.testing.assert_array_equal(c, a + 2)


def test_repeated_calls_take_the_short_path(tmp_path):
    kernel = ck.load_add(tmp_path)
    a, c = np.ones(16, "float32"), np.zeros(16, "float32")
    for i in range(100):
        a[:] = i
        kernel(a, a, c)
        assert (c == 2 * i).all()


def test_subclass(tmp_path):
    ck.load_add(tmp_path)

    class Derived(_runtime.Kernel):
        def __init__(self):
            super().__init__(
                str(tmp_path / "k.so"),
                ck.add_signature(),
                print,
                tensors.adapt_array,
                tensors.allocate_like,
            )
            self.extra = 1

    kernel = Derived()
    c = np.zeros(4, "float32")
    kernel(np.ones(4, "float32"), np.ones(4, "float32"), c)
    assert (c == 2).all()
    with pytest.raises(RuntimeError, match="not initialised"):
        Derived.__new__(Derived)(c)


def test_scalars(tmp_path):
    dtypes = ["int8", "uint8", "int32", "uint32", "int64", "uint64", "bool", "float32"]
    dtypes += ["float64", "float16", "bfloat16"]
    params = [ck.tensor("out", [ck.const(11)], "float64", written=True)]
    params += [ck.scalar(f"s{i}", d) for i, d in enumerate(dtypes)]
    body = """
    double* out = slots[0].p;
    for (int i = 0; i < 11; ++i) {
      const ts_slot s = slots[1 + i];
      out[i] = i < 5 || i == 6 ? (double)s.i : i == 5 ? (double)s.u : i == 8 ? s.f : s.f32;
    }"""
    kernel = ck.load(tmp_path, body, ck.signature(params))
    out = np.zeros(11)
    values = [-128, 255, -(2**31), 2**32 - 1, -(2**53), 2**63, True, 0.5, 0.1, 1.25, -2]
    kernel(out, *values)
    assert out.tolist() == [float(v) for v in values]
    as_numpy = [np.dtype(d).type(v) for d, v in zip(dtypes[:9], values[:9], strict=True)]
    kernel(out, *as_numpy, np.float16(1.25), 3)
    assert out.tolist() == [float(v) for v in values[:10]] + [3.0]


def test_scalar_that_is_a_symbol(tmp_path):
    params = [ck.scalar("n", "int32", symbol=0), ck.tensor("A", [ck.sym(0)], written=True)]
    body = "float* a = slots[0].p; for (int i = 0; i < slots[2].i; ++i) a[i] = slots[1].i;"
    kernel = ck.load(tmp_path, body, ck.signature(params, symbols=["n"]))
    a = np.zeros(5, "float32")
    kernel(5, a)
    assert (a == 5).all()
    with pytest.raises(errors.ArgumentShapeError, match="`A`"):
        kernel(4, a)


def test_scalar_after_the_tensor_that_binds_its_symbol(tmp_path):
    params = [ck.tensor("A", [ck.sym(0)]), ck.scalar("n", "int32", symbol=0)]
    kernel = ck.load(tmp_path, "", ck.signature(params, symbols=["n"]))
    kernel(np.zeros(5, "float32"), 5)
    with pytest.raises(errors.ArgumentShapeError, match="`n`"):
        kernel(np.zeros(5, "float32"), 6)


def test_allocated_outputs(tmp_path):
    outputs = [
        ck.tensor("C", [ck.sym(0), ck.const(2)], "float32", role="output"),
        ck.tensor("D", [ck.expr(0)], "int64", role="output"),
    ]
    params = [outputs[0], ck.tensor("A", [ck.sym(0)]), outputs[1]]
    body = """
    int32_t ts_exprs(const int64_t* s, int64_t* e) { e[0] = s[0] + 1; return 0; }
    int32_t ts_tiles(const ts_slot* slots, ts_ctx* c, int64_t b, int64_t e) {
      float* out = slots[0].p; const float* a = slots[1].p; int64_t* d = slots[2].p;
      for (int64_t i = 0; i < slots[3].i; ++i) out[2 * i] = out[2 * i + 1] = a[i];
      for (int64_t i = 0; i < slots[4].i; ++i) d[i] = i;
      return 0;
    }"""
    sig = ck.signature(params, symbols=["N"], num_exprs=1, returns=[2, 0])
    kernel = ck.load(tmp_path, body, sig, tiles=False)
    a = np.arange(3, dtype="float32")
    d, c = kernel(a)
    assert c.shape == (3, 2) and c.dtype == np.float32
    np.testing.assert_array_equal(c, np.stack([a, a], axis=1))
    np.testing.assert_array_equal(d, np.arange(4))
    with pytest.raises(errors.ArgumentCountError, match="extra") as info:
        kernel(a, c, d)
    assert "`C`, `D`" in info.value.remedy


def test_single_output_without_tensor_arguments(tmp_path, tmp_path_factory):
    params = [ck.scalar("n", "int32", symbol=0)]
    params += [ck.tensor("C", [ck.sym(0)], "bfloat16", role="output")]
    body = "unsigned short* c = slots[0].p; for (int i = 0; i < slots[2].i; ++i) c[i] = 0x3f80;"
    kernel = ck.load(tmp_path, body, ck.signature(params, symbols=["n"]))
    out = kernel(3)
    assert out.dtype == ml_dtypes.bfloat16
    sig = ck.signature(params, symbols=["n"], returns_tuple=True)
    (again,) = ck.load(tmp_path_factory.mktemp("tuple"), body, sig)(3)
    assert (again == out).all()
    assert (out == 1).all()
    with pytest.raises(errors.ArgumentRangeError, match="`C`"):
        kernel(-1)


def test_workspace(tmp_path):
    params = [
        ck.tensor("A", [ck.sym(0)], "int32", written=True),
        ck.tensor("W", [ck.sym(0)], "int32", "workspace"),
    ]
    body = """
    int* a = slots[0].p; int* w = slots[1].p;
    for (int i = 0; i < slots[2].i; ++i) w[i] = i;
    for (int i = 0; i < slots[2].i; ++i) a[i] = w[i] + ((uintptr_t)w % 64 != 0);"""
    kernel = ck.load(tmp_path, body, ck.signature(params, symbols=["n"]))
    a = np.zeros(100, "int32")
    kernel(a)
    np.testing.assert_array_equal(a, np.arange(100))


STRIDED_BODY = """
    float* a = slots[0].p; int64_t rows = slots[1].i, sr = slots[2].i, sc = slots[3].i;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < 3; ++j) a[i * sr + j * sc] = i * 10 + j;
"""


def test_strided_tensor(tmp_path):
    param = ck.tensor("A", [ck.sym(0), ck.const(3)], written=True, strides=[ck.sym(1), ck.sym(2)])
    kernel = ck.load(tmp_path, STRIDED_BODY, ck.signature([param], symbols=["n", "sr", "sc"]))
    want = np.arange(4)[:, None] * 10 + np.arange(3)
    for view in (
        np.zeros((4, 3), "float32"),
        np.zeros((3, 4), "float32").T,
        np.zeros((8, 9), "float32")[::2, ::3],
        np.zeros((4, 3), "float32")[::-1, ::-1],
    ):
        kernel(view)
        np.testing.assert_array_equal(view, want)


def test_constant_strides(tmp_path):
    param = ck.tensor("A", [ck.sym(0), ck.const(3)], strides=[ck.const(8), ck.const(1)])
    kernel = ck.load(tmp_path, "", ck.signature([param], symbols=["n"]))
    kernel(np.zeros((4, 8), "float32")[:, :3])
    kernel(np.zeros((1, 3), "float32"))  # The stride of an extent of 1 is irrelevant,
    kernel(np.zeros((0, 3), "float32"))  # and so are all strides of an empty tensor.
    with pytest.raises(errors.ArgumentStrideError) as info:
        kernel(np.zeros((4, 3), "float32"))
    assert info.value.expected == "strides (8, 1)"
    odd = np.zeros(400, "uint8")[1:].view()[:384].view("float32")
    kernel(odd.reshape(12, 8)[:, :3])


def test_empty_tensors_have_any_strides(tmp_path):
    kernel = ck.load(
        tmp_path, "", ck.signature([ck.tensor("A", [ck.sym(0), ck.sym(1)])], symbols=["m", "n"])
    )
    kernel(np.zeros((0, 5), "float32"))
    kernel(np.zeros((5, 0), "float32")[::2])


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"])
def test_ml_dtypes(tmp_path, name):
    dtype = np.dtype(getattr(ml_dtypes, name))
    params = [ck.tensor("A", [ck.sym(0)], name), ck.tensor("B", [ck.sym(0)], name, written=True)]
    body = f"""
    unsigned char* a = slots[0].p; unsigned char* b = slots[1].p;
    for (int64_t i = 0; i < slots[2].i * {dtype.itemsize}; ++i) b[i] = a[i];"""
    kernel = ck.load(tmp_path, body, ck.signature(params, symbols=["n"]))
    a = np.array([1, 2, 4, 8], dtype)
    b = np.zeros(4, dtype)
    kernel(a, b)
    assert (a == b).all()
    b.flags.writeable = False
    with pytest.raises(errors.ArgumentReadOnlyError):
        kernel(a, b)
    with pytest.raises(errors.ArgumentDTypeError, match="`A`") as info:
        kernel(a.view(f"uint{8 * dtype.itemsize}"), b)
    assert info.value.expected == name


def test_float16_and_bool(tmp_path):
    params = [ck.tensor("A", [ck.const(2)], "float16"), ck.tensor("B", [ck.const(2)], "bool")]
    kernel = ck.load(tmp_path, "", ck.signature(params))
    kernel(np.zeros(2, "float16"), np.zeros(2, "bool"))
    with pytest.raises(errors.ArgumentDTypeError, match="`B`"):
        kernel(np.zeros(2, "float16"), np.zeros(2, "uint8"))


def test_packed_int4(tmp_path):
    params = [
        ck.tensor("A", [ck.sym(0), ck.sym(1)], "int4"),
        ck.tensor("B", [ck.sym(0), ck.sym(1)], "int32", written=True),
    ]
    body = """
    const unsigned char* a = slots[0].p; int* b = slots[1].p;
    for (int64_t i = 0; i < slots[2].i * slots[3].i; ++i) {
      int x = (a[i / 2] >> (i % 2 * 4)) & 15;
      b[i] = x >= 8 ? x - 16 : x;
    }"""
    kernel = ck.load(tmp_path, body, ck.signature(params, symbols=["m", "n"]))
    packed = np.array([[0x21, 0xF3]], "uint8")
    for storage in (packed, packed.view("int8")):
        b = np.zeros((1, 4), "int32")
        kernel(storage, b)
        assert b.tolist() == [[1, 2, 3, -1]]
    with pytest.raises(errors.ArgumentShapeError, match="`B`"):
        kernel(packed, np.zeros((1, 2), "int32"))
    with pytest.raises(errors.ArgumentDTypeError, match="`A`") as info:
        kernel(packed.view("int16"), np.zeros((1, 4), "int32"))
    assert info.value.expected == "int4, packed in int8 or uint8"


class OnlyDLPack:
    """A tensor of some framework that offers nothing but `__dlpack__`."""

    def __init__(self, array, versioned):
        self.array = array
        self.versioned = versioned

    def __dlpack__(self, **kwargs):
        if not self.versioned:
            if kwargs:
                raise TypeError("unexpected keyword argument")
            return self.array.__dlpack__()
        return self.array.__dlpack__(**kwargs)


@pytest.mark.parametrize("versioned", [False, True])
def test_dlpack_only(tmp_path, versioned):
    import sys

    kernel = ck.load_add(tmp_path)
    arrays = [np.ones(8, "float32"), np.ones(8, "float32"), np.zeros(8, "float32")]
    before = [sys.getrefcount(a) for a in arrays]
    kernel(*[OnlyDLPack(a, versioned) for a in arrays])
    assert (arrays[2] == 2).all()
    assert [sys.getrefcount(a) for a in arrays] == before


def test_references_are_released(tmp_path):
    import sys

    kernel = ck.load_add(tmp_path)
    a, c = np.ones(8, "float32"), np.zeros(8, "float32")
    before = sys.getrefcount(a), sys.getrefcount(c)
    for _ in range(10):
        kernel(a, a, c)
        with pytest.raises(errors.ArgumentShapeError):
            kernel(a, a, c[:3])
    assert (sys.getrefcount(a), sys.getrefcount(c)) == before
    c.resize(20, refcheck=False)  # Refused while a buffer is exported.


def test_other_buffers(tmp_path):
    import array

    kernel = ck.load_add(tmp_path)
    out = array.array("f", [0.0] * 4)
    kernel(array.array("f", [1, 2, 3, 4]), memoryview(np.ones(4, "float32")), out)
    assert out.tolist() == [2, 3, 4, 5]


def test_pointers(tmp_path):
    params = [{"kind": "pointer", "name": "p", "dtype": "float32"}]
    kernel = ck.load(tmp_path, "((float*)slots[0].p)[0] += 1;", ck.signature(params))
    a = np.zeros(2, "float32")
    kernel(a)
    kernel(a.ctypes.data)
    assert a.tolist() == [2, 0]
    with pytest.raises(errors.ArgumentTypeError, match="`p`"):
        kernel("text")


def test_wide_index_entry(tmp_path):
    body = """
    int32_t ts_exprs(const int64_t* s, int64_t* e) { e[0] = s[0] * s[0]; return 0; }
    int32_t ts_tiles(const ts_slot* s, ts_ctx* c, int64_t b, int64_t e) {
      *(int*)s[0].p = 32; return 0;
    }
    int32_t ts_tiles64(const ts_slot* s, ts_ctx* c, int64_t b, int64_t e) {
      *(int*)s[0].p = 64; return 0;
    }"""
    params = [
        ck.scalar("n", "int64", symbol=0),
        ck.tensor("A", [ck.const(1)], "int32", written=True),
    ]
    sig = ck.signature(params, symbols=["n"], num_exprs=1, index32_limit=[0])
    kernel = ck.load(tmp_path, body, sig, tiles=False)
    a = np.zeros(1, "int32")
    kernel(46340, a)
    assert a[0] == 32
    kernel(46341, a)
    assert a[0] == 64


def test_many_parameters(tmp_path):
    params = [ck.tensor(f"A{i}", [ck.const(1)], "int32", written=True) for i in range(70)]
    body = "for (int i = 0; i < 70; ++i) *(int*)slots[i].p = i;"
    kernel = ck.load(tmp_path, body, ck.signature(params))
    arrays = [np.zeros(1, "int32") for _ in range(70)]
    kernel(*arrays)
    assert [int(a[0]) for a in arrays] == list(range(70))
