"""The slice finds each mistake that can be planted in the CPU back end."""

import fuzz_campaign
import pytest
from fuzz_backends import Cpu
from fuzz_campaign import SLICE

#: For each planted bug the operators near it (any of them) that choose programs of the slice.
NEAR = {
    "guard_off_by_one": {"copy", "parallel"},
    "dropped_tail": {"parallel", "copy"},
    "swapped_transpose": {"transpose"},
    "missed_last_iteration": {"pipelined", "gemm"},
    "missing_clear_accum": {"gemm_clear"},
    "reduce_wrong_identity": {"reduce_max", "reduce_min"},
    "reduce_wrong_dim": {"reduce_sum", "reduce_max"},
    "reduce_ignores_old": {"reduce_keep"},
    "reversed_scan": {"cumsum", "cummax"},
    "region_off_by_one": {"copy"},
    "cast_truncates": {"rounding"},
    "safe_value_ignored": {"safe_value"},
    "atomic_overwrites": {"atomic_tile"},
    "stride_ignored": {"strided"},
    "gemm_transpose_ignored": {"gemm"},
    "gemm_tail_columns": {"gemm"},
}
#: More programs than a bug needs; each costs one run of the C compiler.
LIMIT = 40


def planted_bugs():
    from tilescale import _ffi

    return [str(name) for name in _ffi.get("lower.cpu.PlantedBugs")()]


def test_the_table_is_complete():
    assert sorted(NEAR) == sorted(planted_bugs())
    assert len(NEAR) >= 12


@pytest.mark.parametrize("bug", sorted(NEAR))
def test_the_slice_finds(bug):
    tried = 0
    for seed in SLICE:
        program = fuzz_campaign.generate(seed)
        if not NEAR[bug] & {operator for operator, _ in program.hits}:
            continue
        prepared = fuzz_campaign.prepare_seed(seed, fuzz_campaign.Report())
        if prepared is None:
            continue
        tried += 1
        if fuzz_campaign.check(prepared, Cpu(bug)):
            assert not fuzz_campaign.check(prepared, Cpu()), "the program fails without the bug"
            return
        if tried == LIMIT:
            break
    pytest.fail(f"{tried} programs of the slice do not show `{bug}`")
