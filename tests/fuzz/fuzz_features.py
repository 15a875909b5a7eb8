"""Less common constructs: special floats, dynamic loops, in-place tensors, packed outputs."""

from __future__ import annotations

from fuzz_program import Node, Tensor
from fuzz_state import State, Tile
from fuzz_statements import box, load_tile, store_tile

Made = tuple[Tile | None, list[Node]]

SPECIAL_DTYPES = ("float32", "float16", "bfloat16", "float64")
WIDE_DTYPES = ("int8", "uint8", "int32", "int64", "bool", "float16", "bfloat16", "float8_e4m3fn")
ACCUMULATORS = ("float32", "int32", "float16")


def special(state: State, dtype: str) -> Made:
    """Infinities and NaN through comparisons, minima, selections and conversions to integers."""
    rng = state.rng
    source, nodes = load_tile(state, ("BM", "BN"), dtype)
    quotient, target = state.tile(source.dims, dtype), state.tile(source.dims, "int32")
    best = state.tile(("BM",), dtype)
    names, extents, (row, col) = box(state, source.dims)
    zero = f'T.cast({col} % 2, "{dtype}")'
    divide = Node(f"{quotient.name}[{row}, {col}] = {source.name}[{row}, {col}] / {zero}")
    element = f"{quotient.name}[{row}, {col}]"
    reads = [
        f'T.cast({element}, "int32")',
        f"T.if_then_else({element} > {source.name}[{row}, {col}], 1, 2)",
        f'T.cast(T.{rng.choice(["min", "max"])}({element}, T.cast(1, "{dtype}")), "int32")',
        f"T.if_then_else(T.isnan({element}), 7, T.if_then_else(T.isinf({element}), 8, 9))",
    ]
    nodes.append(Node(f"for {names} in T.Parallel({extents}):", [divide]))
    nodes.append(
        Node(f"T.reduce_{rng.choice(['max', 'min', 'absmax'])}({quotient.name}, {best.name})")
    )
    read = Node(f"{target.name}[{row}, {col}] = {rng.choice(reads)}")
    nodes.append(Node(f"for {names} in T.Parallel({extents}):", [read]))
    nodes += store_tile(state, best)
    state.defined.add(target.name)
    return target, nodes


def wide(state: State, dtype: str) -> Made:
    """Conversions between types far apart, with values at the ends of their ranges."""
    rng = state.rng
    source, nodes = load_tile(state, ("BM", "BN"), "int32")
    target = state.tile(source.dims, dtype)
    names, extents, (row, col) = box(state, source.dims)
    element = f"{source.name}[{row}, {col}]"
    middle = rng.choice(["float32", "float64", "int64", "uint32", "int8", "uint16", "float16"])
    factor = rng.choice([1, 77, 70001, 1 << 29])
    value = f'T.cast(T.cast({element} * {factor}, "{middle}"), "{dtype}")'
    store = Node(f"{target.name}[{row}, {col}] = {value}")
    return target, [*nodes, Node(f"for {names} in T.Parallel({extents}):", [store])]


def dynamic_loop(state: State, dtype: str) -> Made:
    """Sums over a whole extent of a tensor, read element by element."""
    rng = state.rng
    tensor = state.input(("M", "K"), dtype)
    target = state.tile(("BM",), dtype, "fragment")
    index, step = state.fresh("i"), state.fresh("k")
    element = f"{tensor.name}[{state.batch}{state.row0} + {index}, {step}]"
    update = Node(f"{target.name}[{index}] = {target.name}[{index}] + {element}")
    head = rng.choice(["T.serial(K)", "T.serial(1, K)", "T.serial(0, K, 2)"])
    loop = f"for {step} in {head}:"
    parallel = f"for {index} in T.Parallel(BM):"
    if rng.random() < 0.5:
        nodes = [Node(loop, [Node(parallel, [update])])]
    else:
        nodes = [Node(parallel, [Node(loop, [update])])]
    state.defined.add(target.name)
    return target, [Node(f"T.clear({target.name})"), *nodes]


def in_place(state: State, dtype: str) -> Made:
    """A tensor that is read and written where each program stands, once or twice."""
    rng = state.rng
    if len(state.program.grid) == 1:
        dims, where = ("M",), [state.row0]
    else:
        dims, where = ("M", "N"), [state.row0, state.col0]
    tensor = state.tensor(dims, dtype, output=True)
    names, extents, each = box(state, ("BM", "BN")[: len(dims)])
    place = ", ".join(f"{w} + {n}" for w, n in zip(where, each, strict=True))
    element = f"{tensor.name}[{state.batch}{place}]"
    body = [Node(f'{element} = {element} + T.cast({rng.randint(1, 3)}, "{dtype}")')]
    if rng.random() < 0.5:
        body = [Node(f"if {each[0]} % 2 == {rng.randint(0, 1)}:", body)]
    nodes = [Node(f"for {names} in T.Parallel({extents}):", body)]
    if rng.random() < 0.5:
        nodes = [Node(f"for {state.fresh('k')} in T.{rng.choice(['serial', 'unroll'])}(2):", nodes)]
    return None, nodes


def small_gemm(state: State, dtype: str) -> Made:
    """T.gemm on parts of tiles, with an accumulator of its own type."""
    rng = state.rng
    operand = "int8" if dtype == "int32" else dtype
    a, nodes = load_tile(state, ("BM", "BK"), operand)
    b = state.tile(("BN", "BK"), operand, "shared")
    tensor = state.input(("N", "K"), operand)
    nodes.append(Node(f"T.copy({tensor.name}[{state.batch}{state.origin('N')}, 0], {b.name})"))
    acc = state.tile(("BM", "BN"), dtype, "fragment")
    nodes.append(Node(f'T.fill({acc.name}, T.cast({rng.randint(0, 2)}, "{dtype}"))'))
    tail = rng.choice(["", "", "[0:BM, 0:(BK + 1) // 2]"])
    right = tail.replace("BM", "BN")
    nodes.append(Node(f"T.gemm({a.name}{tail}, {b.name}{right}, {acc.name}, transpose_B=True)"))
    state.defined |= {b.name, acc.name}
    return acc, nodes


def packed_output(state: State, dtype: str) -> Made:
    """Writes 4-bit integers; one program owns whole rows, so that no two share a byte."""
    source, nodes = load_tile(state, ("BM", "BN"), "int8")
    out = Tensor(state.fresh("Out"), ("M", "Q"), dtype)
    state.program.tensors.append(out)
    row, col = state.fresh("i"), state.fresh("i")
    value = f'T.cast({source.name}[{row}, {col} % BN], "{dtype}")'
    store = Node(f"{out.name}[{state.row0} + {row}, {col}] = {value}")
    loop = Node(f"for {row}, {col} in T.Parallel(BM, Q):", [store])
    if len(state.program.grid) == 1:
        return None, [*nodes, loop]
    first = {2: "bx == 0", 3: "bx == 0 and bz == 0"}[len(state.program.grid)]
    return None, [*nodes, Node(f"if {first}:", [loop])]


def persistent(state: State, dtype: str) -> Made:
    """All tiles of a matrix dealt out to the programs of the first row of the grid."""
    source = state.input(("K", "N"), dtype)
    out = state.tensor(("K", "N"), dtype, output=True)
    tile = state.tile(("BK", "BN"), dtype)
    row, col = state.fresh("r"), state.fresh("c")
    place = f"[{state.batch}{row} * BK, {col} * BN]"
    body = [
        Node(f"T.copy({source.name}{place}, {tile.name})"),
        Node(f"T.copy({tile.name}, {out.name}{place})"),
    ]
    waves = state.program.grid[0]
    domain = "[T.ceildiv(K, BK), T.ceildiv(N, BN)]"
    loop = Node(f"for {row}, {col} in T.Persistent({domain}, {waves}, bx):", body)
    return None, [loop if len(state.program.grid) == 1 else Node("if by == 0:", [loop])]


def local_array(state: State, dtype: str) -> Made:
    """A small array of each iteration, filled by a vectorised loop."""
    rng = state.rng
    tensor = state.input(("M", "N"), dtype)
    target = state.tile(("BM",), dtype)
    row, step, buf = state.fresh("i"), state.fresh("v"), state.fresh("l")
    length = rng.randint(1, 5)
    read = f"{tensor.name}[{state.batch}{state.row0} + {row}, {step}]"
    body = [
        Node(f'{buf} = T.alloc_local(({length},), "{dtype}")'),
        Node(f"for {step} in T.vectorized({length}):", [Node(f"{buf}[{step}] = {read}")]),
        Node(f"{target.name}[{row}] = {buf}[{length - 1}]"),
        Node(
            f"for {step} in T.serial({length - 1}):",
            [Node(f"{target.name}[{row}] = T.max({target.name}[{row}], {buf}[{step}])")],
        ),
    ]
    state.defined.add(target.name)
    return target, [Node(f"for {row} in T.Parallel(BM):", body)]
