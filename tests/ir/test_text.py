"""The text form: it reads back to what was printed, and refuses what is no IR."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilescale import errors, ir

KERNEL = """\
func kernel [n: int32] (A: float16[n, 4] global input, B: float16[n, 4] global strides [int64(4), \
int64(1)] output, s: float32 scalar) {"key": "value"} {
  var half: int32 = n // 2
  grid (bx: int32 < half, by: int32 < 3) threads (128) {"cluster": #2} {
    alloc acc: float32[] var = float32(1.5)
    alloc tile: float16[2, 4] shared
    view flat: float16[8] shared = tile
    tensor raw: int8[n] global = int64(4096)
    Copy(src = A[(bx * 2):+2, 0:+4], dst = tile[0:+2, 0:+4]) {"list": [#1, #float 2.5, "q\\"q"]}
    pipelined k: int32 in (0, n, 2) {"num_stages": #3} {
      if not (k < 3) {
        break
      } else {
        seq {
          continue
        }
      }
      acc[] = acc[] + cast(float32, select(k > bx, A[k, k], float16(2)))
    }
    parallel (i: int32 < 8) {
      flat[i] = max(flat[i], float16(-inf))
    }
    while acc[] < s {
      acc[] = acc[] + float32(nan)
    }
    eval @foreign.int32(&A[0, 1], acc[:+], str("a\\u000a"), raw[0:+n])
    annotate "safe_value" A = int64(-7)
    annotate "hint" none = none
    assume (n >= 1) and (n < 1000)
    Reduce(src = A[0:+n, 0:+4], dst = acc[:+], dim = #1, kind = #1, clear = #true, \
nan_propagate = #false)
    seq {
    }
  }
}
"""


def _only(module: ir.Module) -> ir.PrimFunc:
    (func,) = module.functions.values()
    return func


def test_every_construct_prints_as_it_was_read() -> None:
    func = _only(ir.parse(KERNEL))
    assert ir.to_text(func) == KERNEL
    assert ir.structural_equal(func, _only(ir.parse(ir.to_text(func))))


def test_equal_names_of_different_things_are_told_apart() -> None:
    outer, inner = ir.Var("i", "int32"), ir.Var("i", "int32")
    buffer = ir.Buffer("i", "int32", [ir.const(4, "int32")], [], "global")
    store = ir.Store(buffer, [inner], outer, None)
    zero, one, four = (ir.const(v, "int32") for v in (0, 1, 4))
    loop = ir.For(inner, zero, four, one, ir.ForKind.SERIAL, store, {}, None)
    func = ir.PrimFunc(
        "f", [], [buffer], ["output"], ir.TileLoop([outer], [four], [], loop, {}, None), {}, None
    )
    text = ir.to_text(func)
    assert "i[i_2] = i_1" in text
    assert ir.structural_equal(func, _only(ir.parse(text)))


def test_spans_are_comments() -> None:
    span = ir.Span("kernel.py", 12, 3, 12, 9, None)
    text = ir.to_text(ir.Break(span), spans=True)
    assert text == "break  ; kernel.py:12\n"


def test_structural_hash_ignores_names_and_spans() -> None:
    func = _only(ir.parse(KERNEL))
    renamed = _only(ir.parse(KERNEL.replace("bx", "column").replace("acc", "total")))
    assert ir.structural_hash(func) == ir.structural_hash(renamed)
    assert ir.structural_equal(func, renamed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bx * 2", "bx * 3"),
        ("[2, 4] shared", "[2, 4] fragment"),
        ("#3}", "#4}"),
        ("float16(2)", "float16(3)"),
        ("dim = #1", "dim = #0"),
        ("k > bx", "k > by"),
    ],
)
def test_any_change_of_meaning_changes_equality_and_hash(old: str, new: str) -> None:
    assert old in KERNEL
    changed = _only(ir.parse(KERNEL.replace(old, new)))
    func = _only(ir.parse(KERNEL))
    assert not ir.structural_equal(func, changed)
    assert ir.structural_hash(func) != ir.structural_hash(changed)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, "`func`"),
        ("func f [] () { x = 3 }", 1, "the name of a buffer"),
        ("func f [] () { Nope() }", 1, "a known tile operator before this"),
        ("func f [] () {\n  break", 2, "a statement"),
        ("func f [] () { eval y }", 1, "a name in scope before this, not `y`"),
        (
            "func f [] () { serial i: int32 in (0, 1) { break } }",
            1,
            "(min, extent, step) before this",
        ),
        ("func f [] () { eval select(true, 1) }", 1, "three operands of select before this"),
        ("func f [] (A: int32[3] global) { break }", 1, "a role"),
        ("func f [] () { var i: int32 = 1 eval i } }", 1, "`func`"),
    ],
)
def test_what_is_no_function_is_refused(text: str, line: int, expected: str) -> None:
    with pytest.raises(errors.IrSyntaxError) as caught:
        ir.parse(text)
    assert caught.value.expected == expected
    assert caught.value.span is not None
    assert caught.value.span.line == line


X = ir.Var("x", "int32")
_LEAVES = st.sampled_from([X, ir.const(-3, "int32"), ir.const(0, "int32")])
_NAMES = ["add", "sub", "mul", "floordiv", "floormod", "min", "max", "truncdiv", "bitxor", "shl"]


def _combine(children: st.SearchStrategy[ir.Expr]) -> st.SearchStrategy[ir.Expr]:
    def build(parts: tuple[str, ir.Expr, ir.Expr]) -> ir.Expr:
        name, a, b = parts
        return ir.make_select(a < b, ir.make_binary(name, a, b), b)

    return st.tuples(st.sampled_from(_NAMES), children, children).map(build)


@settings(deadline=None, derandomize=True, max_examples=150, database=None)
@given(st.recursive(_LEAVES, _combine, max_leaves=8))
def test_random_expressions_read_back(e: ir.Expr) -> None:
    out = ir.Buffer("out", "int32", [], [], "global")
    body = ir.Store(out, [], e, None)
    func = ir.PrimFunc("f", [X], [out], ["output"], body, {}, None)
    assert ir.structural_equal(func, _only(ir.parse(ir.to_text(func))))
