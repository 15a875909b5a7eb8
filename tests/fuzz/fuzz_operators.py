"""Random uses of the tile operators: GEMM, reductions, scans, transposes, atomics, views."""

from __future__ import annotations

from fuzz_expressions import INTS, is_float
from fuzz_program import Node, Tensor
from fuzz_state import State, Tile, sum_dtype
from fuzz_statements import box, load_tile, parallel

GEMM_DTYPES = ("float32", "float16", "bfloat16", "int8", "uint8", "float64", "float8_e4m3fn")
SUM_DTYPES = ("int32", "float32", "int8", "float16", "int64", "bfloat16")
BIT_DTYPES = ("int32", "uint8", "int64")
#: Kinds of reductions with the types that each is reached with.
REDUCTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sum", "abssum", "max", "min", "absmax"), SUM_DTYPES),
    **dict.fromkeys(("bitand", "bitor", "bitxor"), BIT_DTYPES),
}
SCAN_DTYPES = ("int32", "float32", "int64", "float16")
ATOMIC_DTYPES = ("int32", "float32", "int64", "uint32", "float64")


def operand(
    state: State, axes: tuple[str, str], dims: tuple[str, str], dtype: str, step: str
) -> tuple[Tile, Node]:
    """A tile for T.gemm and its copy inside the loop over K."""
    tile = state.tile(dims, dtype, "shared")
    tensor = state.input(axes, dtype)
    where = [f"{step} * BK" if axis == "K" else state.origin(axis) for axis in axes]
    state.hit("copy", dtype)
    return tile, Node(f"T.copy({tensor.name}[{state.batch}{', '.join(where)}], {tile.name})")


def policy(state: State) -> str:
    """Now and then, how warps share the result of T.gemm."""
    if state.rng.random() < 0.5:
        return ""
    name = state.rng.choice(["Square", "FullRow", "FullCol"])
    state.hit(f"gemm_{name}", "-")
    return f", policy=T.GemmWarpPolicy.{name}"


def gemm(state: State, dtype: str) -> tuple[Tile, list[Node]]:
    """A pipelined loop over K around T.gemm."""
    rng = state.rng
    acc = state.tile(("BM", "BN"), sum_dtype(dtype), "fragment")
    trans_a, trans_b, step = rng.random() < 0.4, rng.random() < 0.4, state.fresh("k")
    a, copy_a = operand(
        state,
        ("K", "M") if trans_a else ("M", "K"),
        ("BK", "BM") if trans_a else ("BM", "BK"),
        dtype,
        step,
    )
    b, copy_b = operand(
        state,
        ("N", "K") if trans_b else ("K", "N"),
        ("BN", "BK") if trans_b else ("BK", "BN"),
        dtype,
        step,
    )
    options = f", transpose_A={trans_a}, transpose_B={trans_b}{policy(state)}"
    if rng.random() < 0.2:
        options += ", clear_accum=True"
        state.hit("gemm_clear", dtype)
    state.hit("gemm", dtype)
    state.hit("pipelined", "-")
    body = [copy_a, copy_b]
    nodes = [Node(f"T.clear({acc.name})")]
    if rng.random() < 0.25:
        # A load under a condition keeps the tile of the iteration before.
        nodes.append(Node(f"T.clear({b.name})"))
        body[1] = Node(f"if {step} % 2 == 0:", [copy_b])
    state.defined |= {acc.name, a.name, b.name}
    with state.may_not_run(), state.index(step):
        if rng.random() < 0.3:
            body += parallel(state, a.dims, dtype)
    state.defined -= {a.name, b.name}
    body.append(Node(f"T.gemm({a.name}, {b.name}, {acc.name}{options})"))
    loop = f"for {step} in T.Pipelined(T.ceildiv(K, BK), num_stages={rng.randint(0, 4)}):"
    return acc, [*nodes, Node(loop, body)]


def _source(state: State, dtype: str) -> tuple[Tile, list[Node]]:
    """A defined tile of two dimensions."""
    ready = [t for t in state.ready(None, dtype) if len(t.dims) == 2]
    if ready and state.rng.random() < 0.6:
        return state.rng.choice(ready), []
    return load_tile(state, ("BM", "BN"), dtype)


def reduce(state: State, kind: str, dtype: str) -> tuple[Tile, list[Node]]:
    """A reduction of a tile, or of a part of one, into a vector."""
    rng = state.rng
    source, nodes = _source(state, dtype)
    dim = rng.randint(0, 1)
    kept = source.dims[1 - dim]
    out_dtype = sum_dtype(dtype) if kind in ("sum", "abssum") else dtype
    target = state.target((kept,), out_dtype)
    options = f", dim={rng.choice([dim, dim - 2])}"
    keep = rng.random() < 0.35
    if keep and target.name not in state.defined:
        nodes.append(Node(f'T.fill({target.name}, T.cast({rng.randint(1, 3)}, "{out_dtype}"))'))
    if keep:
        options += ", clear=False"
        state.hit("reduce_keep", dtype)
    text = source.name
    extent = source.dims[dim]
    if rng.random() < 0.35 and state.program.tiles[extent] > 1:
        part = [f"0:{d}" for d in source.dims]
        part[dim] = rng.choice([f"1:{extent}", f"0:{extent} - 1"])
        text += f"[{', '.join(part)}]"
    state.defined.add(target.name)
    state.hit(f"reduce_{kind}", dtype)
    return target, [*nodes, Node(f"T.reduce_{kind}({text}, {target.name}{options})")]


def scan(state: State, kind: str, dtype: str) -> tuple[Tile, list[Node]]:
    """A prefix sum or maximum, in place or into another tile."""
    rng = state.rng
    source, nodes = _source(state, dtype)
    options = f"dim={rng.randint(0, 1)}, reverse={rng.random() < 0.5}"
    state.hit(kind, dtype)
    if rng.random() < 0.5:
        return source, [*nodes, Node(f"T.{kind}({source.name}, {options})")]
    target = state.target(source.dims, dtype)
    state.defined.add(target.name)
    return target, [*nodes, Node(f"T.{kind}({source.name}, {target.name}, {options})")]


def transpose(state: State, dtype: str) -> tuple[Tile, list[Node]]:
    """T.transpose between two tiles in shared memory."""
    source, nodes = load_tile(state, ("BM", "BN"), dtype)
    shared = state.tile(source.dims, dtype, "shared")
    target = state.tile((source.dims[1], source.dims[0]), dtype, "shared")
    nodes.append(Node(f"T.copy({source.name}, {shared.name})"))
    nodes.append(Node(f"T.transpose({shared.name}, {target.name})"))
    state.defined |= {shared.name, target.name}
    state.hit("transpose", dtype)
    return target, nodes


def _atomic_tensor(state: State, kind: str, dtype: str) -> Tensor:
    known = [
        t
        for t in state.program.tensors
        if state.atomic_kinds.get(t.name) == kind and t.dtype == dtype
    ]
    if known:
        return state.rng.choice(known)
    tensor = Tensor(state.fresh("Sum"), ("H",), dtype)
    state.program.tensors.append(tensor)
    state.atomic_kinds[tensor.name] = kind
    return tensor


def atomic(state: State, kind: str, dtype: str) -> list[Node]:
    """Atomic updates of a tensor by all programs: elementwise, or a tile at once."""
    rng = state.rng
    tensor = _atomic_tensor(state, kind, dtype)
    state.hit(f"atomic_{kind}", dtype)
    if rng.random() < 0.4:
        tile, nodes = load_tile(state, rng.choice([("BM",), ("BN",)]), dtype)
        place = f"{tensor.name}[{rng.choice(['0', 'bx', 'bx * 2'])}]"
        state.hit("atomic_tile", dtype)
        return [*nodes, Node(f"T.atomic_{kind}({place}, {tile.name})")]
    dims = rng.choice([("BM", "BN"), ("BM",)])
    target, extents, names = box(state, dims)
    expressions = state.expressions(dims, names)
    place = expressions.value("int32", 1)
    if rng.random() < 0.7:
        place = f"({names[0]} + {place}) % {rng.choice([3, 5, 7])}"
    else:
        place = f"{names[0]} + {place} % 3"
    update = Node(f"T.atomic_{kind}({tensor.name}[{place}], {expressions.value(dtype, 1)})")
    body = [Node(f"if {expressions.condition()}:", [update])] if rng.random() < 0.3 else [update]
    return [Node(f"for {target} in T.Parallel({extents}):", body)]


def reducer(state: State, kind: str, dtype: str) -> tuple[Tile, list[Node]]:
    """An epoch of a reducer that a Parallel loop updates."""
    name, target_tile = state.fresh("acc"), state.target(("BM",), dtype)
    state.allocs.append(Node(f'{name} = T.alloc_reducer((BM,), "{dtype}", op="{kind}")'))
    target, extents, names = box(state, ("BM", "BN"))
    value = state.expressions(("BM", "BN"), names).value(dtype, 1)
    update = Node(f"T.reducer_update({name}[{names[0]}], {value})")
    state.defined.add(target_tile.name)
    state.hit(f"reducer_{kind}", dtype)
    return target_tile, [
        Node(f"T.reducer_init({name})"),
        Node(f"for {target} in T.Parallel({extents}):", [update]),
        Node(f"T.finalize_reducer({name}, {target_tile.name})"),
    ]


ROUNDING_DTYPES = ("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int8", "uint32")


def rounding(state: State, dtype: str) -> tuple[Tile, list[Node]]:
    """Conversions of values that the narrow type cannot represent."""
    source, nodes = load_tile(state, ("BM", "BN"), "float32")
    target = state.tile(source.dims, dtype)
    names, extents, (row, col) = box(state, source.dims)
    factors = [1027.0, -1027.0, 4099.0] if dtype.endswith("float16") else [5.0, 77.0, 30000.0]
    value = f"{source.name}[{row}, {col}] * {state.rng.choice(factors)}"
    if "int" in dtype and state.rng.random() < 0.5:
        value = f"{source.name}[{row}, {col}] * {2.0**31}"
    else:
        value += f' + T.cast({col} % 5, "float32")'
    store = Node(f'{target.name}[{row}, {col}] = T.cast({value}, "{dtype}")')
    nodes.append(Node(f"for {names} in T.Parallel({extents}):", [store]))
    state.hit("rounding", dtype)
    # Not defined for the statements that follow: sums of such values would round.
    return target, nodes


_SAME_WIDTH = {"float32": "int32", "float16": "uint16", "int32": "float32", "int64": "float64"}
VIEW_DTYPES = tuple(_SAME_WIDTH)


def view(state: State, kind: str, dtype: str) -> tuple[Tile, list[Node]]:
    """Reads a tile through T.reshape or T.view, and perhaps writes it through it."""
    rng = state.rng
    state.hit(kind, dtype)
    source, nodes = load_tile(state, ("BM", "BN"), dtype)
    name, other = state.fresh("view"), dtype
    if kind == "reshape":
        nodes.append(Node(f"{name} = T.reshape({source.name}, (BN * BM,))"))
    else:
        other = _SAME_WIDTH[dtype]
        nodes.append(Node(f'{name} = T.view({source.name}, (BN * BM,), "{other}")'))
    if other in INTS and rng.random() < 0.5:
        index = state.fresh("i")
        change = Node(f'{name}[{index}] = {name}[{index}] ^ T.cast(1, "{other}")')
        nodes.append(Node(f"for {index} in T.Parallel(BM * BN):", [change]))
    target = state.tile(("BN", "BM"), other)
    names, extents, (row, col) = box(state, target.dims)
    read = Node(f"{target.name}[{row}, {col}] = {name}[{row} * BM + {col}]")
    nodes.append(Node(f"for {names} in T.Parallel({extents}):", [read]))
    state.defined.add(target.name)
    if is_float(other) and not is_float(dtype):
        # Bits of integers make odd floats: they are only copied to the output.
        state.defined.discard(target.name)
        state.tiles.remove(target)
    return target, nodes
