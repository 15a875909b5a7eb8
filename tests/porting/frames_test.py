"""Branches and annotations in the ways that ported programs write them."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.harness import kernel_run
from tilescale import errors


def run(function, *arrays):
    kernel_run.run(function, list(arrays))


def test_parameters_of_macros_under_their_other_names():
    @T.macro
    def add(shared: T.SharedTensor, tile: T.FragmentTensor, small: T.LocalTensor, Y: T.Tensor):
        for i in T.Parallel(4):
            Y[i] = T.Cast("int32", shared[i]) + tile[i] + small[0]

    @T.prim_func
    def kernel(Y: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            shared = T.alloc_shared((4,), "float32")
            tile = T.alloc_fragment((4,), "int32")
            small = T.alloc_local((1,), "int32")
            T.fill(shared, 2.75)
            T.fill(tile, 10)
            small[0] = 100
            add(shared, tile, small, Y)

    y = np.zeros(4, np.int32)
    run(kernel, y)
    assert y.tolist() == [112] * 4


def test_branches_as_with_statements():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32"), B: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            for i in T.Parallel(8):
                with T.If(A[i] < 3), T.Then():
                    B[i] = 1
                with T.If(A[i] < 5):
                    with T.Then(), T.If(A[i] > 3), T.Then():
                        B[i] = 4
                    with T.Else():
                        A[i] = 5

    a, b = np.arange(8, dtype=np.int32), np.zeros(8, np.int32)
    run(kernel, a, b)
    assert a.tolist() == [0, 1, 2, 3, 4, 5, 5, 5]
    assert b.tolist() == [1, 1, 1, 0, 4, 0, 0, 0]


@pytest.mark.parametrize("body", [T.Then, T.Else])
def test_a_branch_has_each_body_once(body):
    def alone(Y: T.Tensor((1,), "int32")):
        with T.Kernel(1), body():
            Y[0] = 1

    def twice(Y: T.Tensor((1,), "int32")):
        with T.Kernel(1) as bx, T.If(bx < 1):
            with body():
                Y[0] = 1
            with body():
                Y[0] = 2

    def deeper(Y: T.Tensor((1,), "int32")):
        with T.Kernel(1) as bx, T.If(bx < 1), T.Then(), body():
            Y[0] = 1

    for function in (alone, twice, deeper):
        with pytest.raises(errors.OperatorPlacementError):
            T.prim_func(function)


def test_layouts_are_those_of_the_package():
    assert T.Layout is tilescale.layout.Layout
    assert T.Fragment is tilescale.layout.Fragment
