"""Each wrong argument is refused, by an error that names it and says what was expected."""

from __future__ import annotations

import linecache
import pickle

import numpy as np
import pytest

from tests.runtime import c_kernels as ck
from tilescale import errors


@pytest.fixture(scope="module")
def add(tmp_path_factory):
    return ck.load_add(tmp_path_factory.mktemp("add"))


def vector(n=8, dtype="float32"):
    return np.zeros(n, dtype)


def refused(kernel, args, cls, argument):
    with pytest.raises(cls) as info:
        kernel(*args)
    assert info.value.argument == argument
    if argument is not None and cls is not errors.ArgumentCountError:
        assert f"`{argument}`" in info.value.message
    assert info.value.kernel == "k"
    return info.value


def test_wrong_dtype(add):
    error = refused(add, (vector(), vector(8, "float64"), vector()), errors.ArgumentDTypeError, "B")
    assert (error.expected, error.got) == ("float32", "float64")
    assert isinstance(error, TypeError)


def test_wrong_rank(add):
    args = (vector(), vector().reshape(2, 4), vector())
    error = refused(add, args, errors.ArgumentRankError, "B")
    assert error.expected == "1 dimensions: (N,)"
    assert error.got == "2 dimensions: (2, 4)"


def test_disagreeing_extents(add):
    error = refused(add, (vector(8), vector(9), vector(8)), errors.ArgumentShapeError, "B")
    assert error.expected == "(N,) with N = 8 (dimension 0 of `A`)"
    assert error.got == "(9,)"


def test_not_contiguous(add):
    error = refused(add, (vector(8), vector(16)[::2], vector(8)), errors.ArgumentStrideError, "B")
    assert error.got == "strides (2,) for shape (8,)"
    assert "contiguous" in error.remedy


def test_reversed(add):
    refused(add, (vector(8)[::-1], vector(8), vector(8)), errors.ArgumentStrideError, "A")


def test_read_only_output(add):
    out = vector()
    out.flags.writeable = False
    refused(add, (vector(), vector(), out), errors.ArgumentReadOnlyError, "C")
    add(out, out, vector())  # Read-only inputs are fine.


def test_not_a_tensor(add):
    error = refused(add, (vector(), [1.0] * 8, vector()), errors.ArgumentTypeError, "B")
    assert error.got == "list"


def test_missing_and_extra(add):
    error = refused(add, (vector(), vector()), errors.ArgumentCountError, "C")
    assert error.expected == "3 positional argument(s): (A, B, C)"
    error = refused(add, (vector(),) * 4, errors.ArgumentCountError, None)
    assert "1 extra argument" in error.message


def test_keyword(add):
    with pytest.raises(errors.ArgumentKeywordError):
        add(vector(), vector(), C=vector())


def test_structured_array_and_object_array(add):
    records = np.zeros(8, [("x", "f4")])
    refused(add, (records, vector(), vector()), errors.ArgumentTypeError, "A")
    objects = np.zeros(8, object)
    refused(add, (objects, vector(), vector()), errors.ArgumentTypeError, "A")


def test_byte_order(add):
    args = (vector(8, ">f4"), vector(), vector())
    error = refused(add, args, errors.ArgumentTypeError, "A")
    assert error.got == "ndarray (DLPack only supports native byte order.)"


def test_alignment(tmp_path):
    params = [ck.tensor("A", [ck.const(4)], alignment=64)]
    kernel = ck.load(tmp_path, "", ck.signature(params))
    memory = np.zeros(64, "float32")
    start = (-memory.ctypes.data % 64) // 4
    kernel(memory[start : start + 4])
    error = refused(kernel, (memory[start + 1 : start + 5],), errors.ArgumentAlignmentError, "A")
    assert error.got == "4 bytes past such an address"


class OnCuda:
    """Claims to live on a GPU, as a CUDA tensor does through the buffer-less protocol."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **kwargs):
        import ctypes

        capsule = self.array.__dlpack__(max_version=(1, 0))
        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        managed = get(capsule, b"dltensor_versioned")
        # DLManagedTensorVersioned: version (8), context, deleter, flags (8 each), then the
        # DLTensor: data pointer, device type.
        ctypes.c_int32.from_address(managed + 32 + 8).value = 2
        return capsule


def test_device(add):
    error = refused(add, (vector(), OnCuda(vector()), vector()), errors.ArgumentDeviceError, "B")
    assert (error.expected, error.got) == ("cpu", "cuda:0")


def scalar_kernel(folder, dtype):
    return ck.load(folder, "", ck.signature([ck.scalar("n", dtype)]))


@pytest.mark.parametrize(
    ("dtype", "bad"),
    [
        ("int8", 128),
        ("int8", -129),
        ("uint8", -1),
        ("uint8", 256),
        ("int32", 2**31),
        ("int64", 2**63),
        ("uint64", -1),
        ("uint64", 2**64),
        ("bool", 2),
    ],
)
def test_scalar_range(tmp_path, dtype, bad):
    kernel = scalar_kernel(tmp_path, dtype)
    error = refused(kernel, (bad,), errors.ArgumentRangeError, "n")
    assert error.got == str(bad)
    assert dtype in error.expected


def test_scalar_type(tmp_path):
    refused(scalar_kernel(tmp_path, "int32"), (1.5,), errors.ArgumentTypeError, "n")
    refused(scalar_kernel(tmp_path, "float32"), ("x",), errors.ArgumentTypeError, "n")


def test_undefined_expression(tmp_path):
    body = """
    int32_t ts_exprs(const int64_t* s, int64_t* e) {
      if (s[0] == 0) return 1;
      e[0] = 12 / s[0];
      return 0;
    }
    int32_t ts_tiles(const ts_slot* s, ts_ctx* c, int64_t b, int64_t e) { return 0; }
    """
    params = [ck.tensor("A", [ck.sym(0)]), ck.tensor("B", [ck.expr(0)])]
    sig = ck.signature(params, symbols=["N"], num_exprs=1, expr_text=["12 // N"])
    kernel = ck.load(tmp_path, body, sig, tiles=False)
    kernel(vector(4), vector(3))
    error = refused(kernel, (vector(0), vector(3)), errors.SizeExpressionError, None)
    assert "12 // N" in error.expected
    error = refused(kernel, (vector(4), vector(5)), errors.ArgumentShapeError, "B")
    assert error.expected == "(12 // N,) with 12 // N = 3"


def test_span_is_shown(tmp_path):
    file = str(tmp_path / "user.py")
    linecache.cache[file] = (0, None, ["def k(A: T.Tensor((4,), 'float32')):\n"], file)
    span = {"file": file, "line": 1, "column": 7, "end_column": 8, "inlined_from": None}
    kernel = ck.load(tmp_path, "", ck.signature([ck.tensor("A", [ck.const(4)], span=span)]))
    error = refused(kernel, (vector(5),), errors.ArgumentShapeError, "A")
    text = str(error)
    assert f"--> {file}:1:7" in text
    assert "1 | def k(A: T.Tensor((4,), 'float32')):\n  |       ^\n" in text
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == text


def test_bad_signatures_are_refused_at_load(tmp_path):
    unbound = ck.signature([], symbols=["N"])
    with pytest.raises(OSError, match="`N` is neither a dimension"):
        ck.load(tmp_path, "", unbound)
    with pytest.raises(ValueError, match="unknown dtype `float31`"):
        ck.load(tmp_path, "", ck.signature([ck.tensor("A", [], "float31")]))
    with pytest.raises(OSError, match="exports no `ts_tiles64`"):
        ck.load(
            tmp_path,
            "int32_t ts_exprs(const int64_t* s, int64_t* e) { return 0; }\n"
            "int32_t ts_tiles(const ts_slot* s, ts_ctx* c, int64_t b, int64_t e) { return 0; }",
            ck.signature([], num_exprs=1, index32_limit=[0]),
            tiles=False,
        )
