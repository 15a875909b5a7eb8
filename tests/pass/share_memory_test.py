"""Places in shared memory: reuse where it must be, limits of architectures."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tilescale import errors, sim
from tilescale.cuda.architectures import architecture

SIZE = 96  # KiB of one tile of `chain`


def chain(tiles, columns=256 * SIZE // 32):
    """X goes through shared tiles, one after the other; each is read by other threads."""

    first = [True] + [False] * (tiles - 1)

    @T.prim_func
    def kernel(X: T.Tensor((32, columns), "float32"), Y: T.Tensor((32, columns), "float32")):
        with T.Kernel(1, threads=128):
            for is_first in first:
                tile = T.alloc_shared((32, columns), "float32")
                T.copy((Y, X)[is_first], tile)
                for i, j in T.Parallel(32, columns):
                    Y[i, j] = tile[31 - i, j] + 1.0

    return kernel


def lower(func, arch="sm_80"):
    return tilescale.lower(func, target=f"cuda -arch={arch}")


def test_tiles_that_fit_have_places_of_their_own():
    assert lower(chain(2, 64)).signature["shared_bytes"] == 2 * 32 * 64 * 4


def test_tiles_that_do_not_fit_share_one(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))
    lowered = lower(chain(3))
    signature = lowered.signature
    assert signature["shared_bytes"] == SIZE * 1024
    x = np.arange(32 * 768, dtype=np.float32).reshape(32, 768)
    y = np.zeros_like(x)
    block = tuple(signature["block"])
    options = {"shared_bytes": signature["shared_bytes"], "arch": "sm_80"}
    sim.launch(lowered.kernel_source, "kernel", (1, 1, 1), block, [x, y], **options).check()
    np.testing.assert_array_equal(y, x[::-1] + 3)


def rounds(declared_inside):
    """Each round of a loop loads two tiles in pipelines of their own, one after the other."""

    @T.prim_func
    def kernel(X: T.Tensor((4, 96, 96), "float32"), Y: T.Tensor((96, 96), "float32")):
        with T.Kernel(1, threads=128):
            total = T.alloc_fragment((96, 96), "float32")
            T.clear(total)
            outer = [] if declared_inside else [T.alloc_shared((96, 96), "float32") for _ in "ab"]
            for _ in T.serial(2):
                tiles = outer or [T.alloc_shared((96, 96), "float32") for _ in "ab"]
                for tile in tiles:
                    for k in T.Pipelined(4, num_stages=2):
                        T.copy(X[k, 0, 0], tile)
                        for i, j in T.Parallel(96, 96):
                            total[i, j] = total[i, j] - tile[j, i]
            T.copy(total, Y)

    return kernel


@pytest.mark.parametrize("async_policy", ["eager", "late"])
def test_tiles_that_a_round_declares_share_one(tmp_path, monkeypatch, async_policy):
    """Contents of the others might be needed in the next round."""
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))
    with pytest.raises(errors.SharedMemoryLimitError):
        lower(rounds(False), "sm_75")
    assert lower(rounds(True), "sm_75").signature["shared_bytes"] == 96 * 96 * 4
    x = np.arange(4 * 96 * 96, dtype=np.float32).reshape(4, 96, 96) % 97
    y = np.zeros((96, 96), np.float32)
    with sim.options(async_policy=async_policy, policy="random"):
        tilescale.compile(rounds(True), target="sim:sm_75")(x, y)
    np.testing.assert_array_equal(y, -4 * x.sum(axis=0).T)


def test_users_may_forbid_reuse():
    configs = {tilescale.PassConfigKey.TL_DISABLE_SHARED_MEMORY_REUSE: True}
    with pytest.raises(errors.SharedMemoryLimitError) as caught:
        tilescale.lower(chain(3), target="cuda -arch=sm_80", pass_configs=configs)
    assert f"{3 * SIZE * 1024} bytes" in str(caught.value)


def test_what_does_not_fit_is_refused_with_its_buffers():
    with pytest.raises(errors.SharedMemoryLimitError) as caught:
        lower(chain(1), "sm_75")
    text = str(caught.value)
    assert "`tile` [32, 768] float32: 98304" in text
    assert "at most 65536 bytes" in text
    assert "num_stages" in text


@pytest.mark.parametrize("number", [70, 75, 80, 86, 89, 90, 100, 120])
def test_the_limits_are_those_of_the_runtime(number):
    limit = architecture(f"sm_{number}").max_shared_bytes
    lower(chain(1, limit // 128), f"sm_{number}")
    with pytest.raises(errors.SharedMemoryLimitError):
        lower(chain(1, limit // 128 + 1), f"sm_{number}")
