"""The slice on the simulator finds each mistake that can be planted in the CUDA back end alone."""

import fuzz_campaign
import pytest
from fuzz_backends import Simulator
from fuzz_campaign import SIM_SLICE

#: For each planted bug the operators near it (any of them) that choose programs of the slice.
NEAR = {
    "dropped_barrier": {"transpose", "gemm", "cumsum", "reduce_sum"},
    "weak_async_wait": {"gemm", "chain", "pipeline"},
    "wrong_ring_slot": {"gemm", "chain", "pipeline"},
    "swizzle_one_side": {"tile_gemm", "chain", "epilogue", "persistent_gemm"},
    "reduce_forgets_warp": {"reduce_wide", "chain", "epilogue", "reduce_max"},
    "reduce_mask_tail": {"reduce_wide", "reduce_sum", "reduce_max", "reduce_min"},
}
#: Bugs of code that both targets share.
SHARED = {
    "guard_off_by_one": {"copy", "parallel"},
    "swapped_transpose": {"transpose"},
    "reversed_scan": {"cumsum", "cummax"},
    "safe_value_ignored": {"safe_value"},
}
#: More programs than a bug needs.
LIMIT = 40


def test_the_table_is_complete():
    from tilescale import _ffi

    assert sorted(NEAR) == sorted(str(name) for name in _ffi.get("lower.cuda.PlantedBugs")())


@pytest.mark.parametrize("bug", sorted(NEAR | SHARED))
def test_the_slice_finds(bug):
    near, tried = (NEAR | SHARED)[bug], 0
    for seed in SIM_SLICE:
        program = fuzz_campaign.generate(seed)
        if not near & {operator for operator, _ in program.hits}:
            continue
        prepared = fuzz_campaign.prepare_seed(seed, fuzz_campaign.Report())
        if prepared is None:
            continue
        tried += 1
        if fuzz_campaign.check(prepared, Simulator(plant_bug=bug)):
            assert not fuzz_campaign.check(prepared, Simulator()), "it fails without the bug"
            return
        if tried == LIMIT:
            break
    pytest.fail(f"{tried} programs of the slice do not show `{bug}`")
