"""torch tensors as arguments: no copies, outputs in torch, the errors of NumPy's arrays."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runtime import c_kernels as ck
from tests.support.torch import import_torch
from tilescale import errors

torch = import_torch()


def test_results_are_written_to_the_callers_tensor(tmp_path):
    kernel = ck.load_add(tmp_path)
    a, b, c = torch.arange(100.0), torch.ones(100), torch.zeros(100)
    kernel(a, b, c)
    assert torch.equal(c, a + b)


def test_torch_and_numpy_mix(tmp_path):
    kernel = ck.load_add(tmp_path)
    a, c = np.arange(65, dtype="float32"), np.zeros(65, "float32")
    kernel(a, torch.ones(65), c)
    np.testing.assert_array_equal(c, a + 1)


def test_allocated_outputs_follow_the_first_tensor(tmp_path):
    signature = ck.add_signature()
    signature["params"][2]["role"] = "output"
    kernel = ck.load(tmp_path, full_source(), signature, tiles=False)
    out = kernel(torch.arange(8.0), np.ones(8, "float32"))
    assert isinstance(out, torch.Tensor)
    assert torch.equal(out, torch.arange(8.0) + 1)
    assert isinstance(kernel(np.ones(8, "float32"), torch.ones(8)), np.ndarray)


def full_source() -> str:
    head = "int32_t ts_tiles(const ts_slot* slots, ts_ctx* ctx, int64_t begin, int64_t end) {"
    return ck.ADD_EXPRS + head + ck.ADD_BODY + "return 0; }"


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int32])
def test_wrong_dtype_names_the_argument(tmp_path, dtype):
    kernel = ck.load_add(tmp_path)
    with pytest.raises(errors.ArgumentDTypeError, match="B"):
        kernel(torch.ones(8), torch.ones(8, dtype=dtype), torch.zeros(8))


def test_tensors_that_need_gradients_are_handled_like_torch_does(tmp_path):
    kernel = ck.load_add(tmp_path)
    weights = torch.ones(8, requires_grad=True)
    out = torch.zeros(8)
    kernel(weights.detach(), weights.detach(), out)
    assert torch.equal(out, torch.full((8,), 2.0))


def test_transposed_tensors_are_refused_with_their_strides(tmp_path):
    params = [ck.tensor("A", [ck.const(4), ck.const(8)])]
    kernel = ck.load(tmp_path, "(void)slots;", ck.signature(params))
    kernel(torch.zeros(4, 8))
    with pytest.raises(errors.TileScaleError, match="A"):
        kernel(torch.zeros(8, 4).T)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "bool"])
def test_narrow_types(tmp_path, name):
    params = [ck.tensor("A", [ck.sym(0)], name)]
    params += [ck.tensor("B", [ck.sym(0)], name, role="output")]
    dtype = getattr(torch, name)
    body = f"__builtin_memcpy(slots[1].p, slots[0].p, slots[2].i * {dtype.itemsize});"
    kernel = ck.load(tmp_path, body, ck.signature(params, symbols=["n"]))
    a = torch.tensor([0, 1, 1, 0]).to(dtype)
    out = kernel(a)
    assert out.dtype is dtype
    assert torch.equal(out.view(torch.uint8), a.view(torch.uint8))


def test_packed_int4_is_passed_as_bytes(tmp_path):
    params = [ck.tensor("A", [ck.const(2), ck.const(8)], "int4")]
    kernel = ck.load(tmp_path, "", ck.signature(params))
    kernel(torch.zeros(2, 4, dtype=torch.int8))
    kernel(torch.zeros(2, 4, dtype=torch.uint8))
    with pytest.raises(errors.ArgumentShapeError, match="`A`"):
        kernel(torch.zeros(2, 8, dtype=torch.int8))


def test_strided(tmp_path):
    params = [
        ck.tensor("A", [ck.sym(0), ck.sym(1)], written=True, strides=[ck.sym(2), ck.sym(3)]),
    ]
    body = """
    float* a = slots[0].p;
    for (int64_t i = 0; i < slots[1].i; ++i)
      for (int64_t j = 0; j < slots[2].i; ++j) a[i * slots[3].i + j * slots[4].i] = i * 10 + j;"""
    kernel = ck.load(tmp_path, body, ck.signature(params, symbols=["m", "n", "sm", "sn"]))
    a = torch.zeros(5, 3).T
    kernel(a)
    assert torch.equal(a, torch.arange(3.0)[:, None] * 10 + torch.arange(5.0))


def test_tensors_without_cpu_memory_are_refused(tmp_path):
    kernel = ck.load_add(tmp_path)
    good = torch.zeros(1)
    for bad in (torch.empty(1, device="meta"), torch.sparse_coo_tensor([[0]], [1.0], (1,))):
        with pytest.raises(errors.ArgumentTypeError, match="`B`") as info:
            kernel(good, bad, good)
        assert "\n" not in info.value.got


def test_profiler_makes_torch_tensors():
    from tilescale.profiler.supply import InputMaker, TensorSupplyType

    sig = ck.signature([ck.tensor("A", [ck.const(3), ck.const(4)], "bfloat16")])
    [a] = InputMaker(sig, lambda symbols: [], TensorSupplyType.Auto, {}).make()
    assert a.dtype is torch.bfloat16
    assert a.shape == (3, 4)
