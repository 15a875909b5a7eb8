"""Pipelined loops: requests are checked, results never change."""

import numpy as np
import pytest
from irbuild import Kernel, const, load, var

import tilescale
from tilescale import errors, ir


def pipelined(attrs, count=3):
    k = Kernel()
    c = k.output("C", [2, count], "int32")
    name = var("k")
    body = [ir.Store(c, [const(row), name], name * (row + 2), None) for row in range(2)]
    loop = ir.For(
        name,
        const(0),
        const(count),
        const(1),
        ir.ForKind.PIPELINED,
        ir.Seq(body, None),
        attrs,
        None,
    )
    k.add(loop)
    return k.function()


@pytest.mark.parametrize(
    "attrs",
    [{}, {"num_stages": 4}, {"order": [1, 0], "stage": [0, 2]}, {"order": [], "stage": []}],
)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_schedule_gives_the_serial_result(attrs, count):
    out = tilescale.compile(pipelined(attrs, count))()
    assert out.tolist() == [[2 * k for k in range(count)], [3 * k for k in range(count)]]


@pytest.mark.parametrize(
    ("attrs", "text"),
    [
        ({"order": [0, 1, 2], "stage": [0, 0, 1]}, "another length"),
        ({"order": [0, 0], "stage": [0, 1]}, "twice"),
        ({"order": [0, 1], "stage": [0, -1]}, "negative stage"),
    ],
)
def test_impossible_schedules(attrs, text):
    with pytest.raises(errors.PipelineOrderError, match=text):
        tilescale.lower(pipelined(attrs))


def test_loop_carried_values_survive():
    k = Kernel()
    c = k.output("C", [5], "int32")
    total = k.alloc([], "int32", "var", init=1)
    name = var("k")
    body = [
        ir.Store(total, [], load(total) * 2 + name, None),
        ir.Store(c, [name], load(total), None),
    ]
    attrs = {"num_stages": 3}
    loop = ir.For(
        name, const(0), const(5), const(1), ir.ForKind.PIPELINED, ir.Seq(body, None), attrs, None
    )
    k.add(loop)
    assert tilescale.compile(k.function())().tolist() == [2, 5, 12, 27, 58]


def test_the_last_iteration_can_be_lost_on_purpose():
    func = pipelined({"num_stages": 2})
    source = tilescale.lower(func).kernel_source
    lost = tilescale.lower(func, pass_configs={"plant_bug": "missed_last_iteration"}).kernel_source
    assert "< 3" in source
    assert "< 2" in lost
    assert np.array_equal(tilescale.compile(func)()[0], [0, 2, 4])
