"""Tracing on several threads at once."""

import threading

import tilescale.language as T
from tilescale import ir
from tilescale.frontend import context


def make(n, barrier=None):
    """A kernel whose trace waits for other threads in the middle."""

    def pause():
        if barrier is not None:
            barrier.wait(timeout=30)

    @T.prim_func
    def kernel(A: T.Tensor((64,), "int32")):
        with T.Kernel(n) as bx:
            pause()
            for i in range(n):
                pause()
                if i > 2:
                    A[i] = bx + n
            pause()

    return kernel


def test_traces_on_two_threads_do_not_mix():
    count = 4
    barrier = threading.Barrier(count)
    results = {}

    def work(n):
        results[n] = make(n, barrier)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, count + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(1, count + 1):
        assert ir.structural_equal(results[n], make(n))
    assert context.current_or_none() is None


def test_an_error_leaves_no_trace_behind():
    try:

        @T.prim_func
        def kernel(A: T.Tensor((64,), "int32")):
            with T.Kernel(1):
                raise ValueError("stop")
    except ValueError:
        pass
    assert context.current_or_none() is None
    assert ir.structural_equal(make(3), make(3))


def test_a_kernel_may_be_traced_while_another_is():
    @T.prim_func
    def outer(A: T.Tensor((64,), "int32")):
        with T.Kernel(1):
            A[0] = 1
            inner = make(2)
            A[1] = len(inner.params)

    assert len(outer.body.body.stmts) == 2
