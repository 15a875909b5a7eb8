"""torch CPU tensors on the simulator: changed in place, outputs in torch, narrow types as well."""

from __future__ import annotations

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support.torch import import_torch
from tilescale import errors

torch = import_torch()


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def doubled(dtype, arch="sm_80", **options):
    @T.prim_func
    def doubled(A: T.Tensor((100,), dtype), B: T.Tensor((100,), dtype)):
        with T.Kernel(2, threads=32) as bx:
            for i in T.Parallel(64):
                B[bx * 64 + i] = A[bx * 64 + i] + A[bx * 64 + i]

    return tilescale.compile(doubled, target=f"sim:{arch}", **options)


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_89", "sm_120"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int8", "int64"])
def test_tensors_are_changed_in_place(dtype, arch):
    a = torch.arange(100).to(getattr(torch, dtype)) % 7
    b = torch.zeros_like(a)
    doubled(dtype, arch)(a, b)
    assert torch.equal(b, a + a)


def test_outputs_follow_the_first_tensor():
    kernel = doubled("float32", out_idx=[1])
    a = torch.arange(100.0)
    out = kernel(a)
    assert isinstance(out, torch.Tensor)
    assert torch.equal(out, a + a)
    assert isinstance(kernel(a.numpy()), np.ndarray)


def test_torch_and_numpy_mix():
    a, b = torch.arange(100.0), np.zeros(100, np.float32)
    doubled("float32")(a, b)
    np.testing.assert_array_equal(b, 2 * a.numpy())


def test_wrong_tensors_name_the_argument():
    kernel = doubled("float32")
    with pytest.raises(errors.ArgumentDTypeError, match="B"):
        kernel(torch.zeros(100), torch.zeros(100, dtype=torch.float64))
    with pytest.raises(errors.ArgumentStrideError, match="A"):
        kernel(torch.zeros(100, 2)[:, 0], torch.zeros(100))
