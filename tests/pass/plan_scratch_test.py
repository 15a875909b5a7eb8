"""Places of on-chip buffers in the scratch arena."""

import pytest
from irbuild import Kernel, const, load, var

import tilescale
from tilescale import _ffi, errors, ir


def plan(func):
    """The places of all allocations, and the size of the arena."""
    *_, (name, planned) = _ffi.get("pass.Stages")(func, {})
    assert name == "plan_scratch"
    return list(planned.attrs["scratch_offsets"]), planned.attrs["scratch_bytes"]


def use(k, buf, out):
    k.fill(buf, 1.0)
    with k.parallel(64) as i:
        k.store(out, [i], load(buf, i))


def test_buffers_that_follow_each_other_share_memory():
    k = Kernel()
    out = k.input("C", [64])
    first = k.alloc([64], name="first")
    use(k, first, out)
    second = k.alloc([64], name="second")
    use(k, second, out)
    assert plan(k.function()) == ([0, 0], 256)


def test_buffers_alive_together_do_not():
    k = Kernel()
    out = k.input("C", [64])
    first, second = k.alloc([65], name="first"), k.alloc([64], name="second")
    k.fill(first, 1.0)
    k.fill(second, 2.0)
    with k.parallel(64) as i:
        k.store(out, [i], load(first, i) + load(second, i))
    # 260 bytes take 320: every buffer starts at a multiple of 64.
    assert plan(k.function()) == ([0, 320], 576)


def test_a_buffer_used_in_a_loop_lives_to_the_loop_s_end():
    k = Kernel()
    out = k.input("C", [64])
    outer = k.alloc([64], name="outer")
    k.fill(outer, 1.0)
    with k.serial(3):
        with k.parallel(64) as i:
            k.store(out, [i], load(outer, i))
        inner = k.alloc([64], name="inner")
        use(k, inner, out)
    offsets, _ = plan(k.function())
    assert offsets[0] != offsets[1]


def test_scalars_and_small_arrays_are_c_variables():
    k = Kernel()
    c = k.output("C", [1])
    k.alloc([], "float32", "var", init=0.0)
    small = k.alloc([8], scope="local")
    k.store(small, [0], 1.0)
    k.store(c, [0], load(small, 0))
    assert plan(k.function()) == ([-1, -1], 0)
    assert tilescale.compile(k.function())().tolist() == [1.0]


def test_extents_must_be_constant():
    k = Kernel()
    n = k.symbol("N")
    k.input("A", [n])
    k.alloc([n], name="tile")
    with pytest.raises(errors.DynamicAllocationError, match="tile"):
        tilescale.lower(k.function([(var("b"), const(1))]))


def test_an_empty_buffer_takes_no_space():
    k = Kernel()
    k.alloc([0, 64], name="nothing")
    offsets, size = plan(k.function())
    assert (offsets, size) == ([0], 0)
    assert isinstance(ir.to_text(k.function()), str)
