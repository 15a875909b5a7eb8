"""Several operators that depend on each other: chains of products, epilogues, pipelines."""

from __future__ import annotations

from fuzz_operators import REDUCTIONS, gemm, operand, policy, reduce, scan
from fuzz_program import Node
from fuzz_state import State, Tile
from fuzz_statements import box, load_tile, parallel

Made = tuple[Tile | None, list[Node]]

CHAIN_DTYPES = ("float16", "bfloat16", "float8_e4m3fn")
PIPELINE_DTYPES = ("float32", "float16", "int8", "int32", "bfloat16", "float64")
WIDE_DTYPES = ("float32", "int32", "float16", "int64")


def _small(value: str, dtype: str) -> str:
    """A value between -3 and 3, which every type holds."""
    return f'T.max(T.min({value}, T.cast(3, "{dtype}")), T.cast(-3, "{dtype}"))'


def chain(state: State, dtype: str) -> Made:
    """Product, maximum of rows that is kept over a loop, elementwise, product: as attention has."""
    rng = state.rng
    step = state.fresh("k")
    query, load_query = operand(state, ("M", "K"), ("BM", "BK"), dtype, "0")
    keys, load_keys = operand(state, ("N", "K"), ("BN", "BK"), dtype, "0")
    values, load_values = operand(state, ("N", "K"), ("BN", "BK"), dtype, "0")
    for node in (load_keys, load_values):
        node.text = node.text.replace(f"{state.col0}, 0 * BK", f"{step} * BN, 0 * BK", 1)
    scores = state.tile(("BM", "BN"), "float32", "fragment")
    weights = state.tile(("BM", "BN"), dtype, rng.choice(["fragment", "fragment", "shared"]))
    largest = state.tile(("BM",), "float32", rng.choice(["fragment", "shared"]))
    acc = state.tile(("BM", "BK"), "float32", "fragment")
    names, extents, (row, col) = box(state, scores.dims)
    element = f"{scores.name}[{row}, {col}]"
    shifted = Node(f"{element} = {_small(f'{element} - {largest.name}[{row}]', 'float32')}")
    body = [
        load_keys,
        Node(f"T.clear({scores.name})"),
        Node(f"T.gemm({query.name}, {keys.name}, {scores.name}, transpose_B=True{policy(state)})"),
        load_values,
        Node(f"T.reduce_max({scores.name}, {largest.name}, dim=1, clear={rng.random() < 0.5})"),
        Node(f"for {names} in T.Parallel({extents}):", [shifted]),
        Node(f"T.copy({scores.name}, {weights.name})"),
        Node(f"T.gemm({weights.name}, {values.name}, {acc.name}{policy(state)})"),
    ]
    head = f"for {step} in T.Pipelined(T.ceildiv(N, BN), num_stages={rng.randint(0, 4)}):"
    nodes = [load_query, Node(f"T.clear({acc.name})")]
    nodes += [Node(f'T.fill({largest.name}, T.cast(-5, "float32"))'), Node(head, body)]
    state.defined |= {query.name, acc.name, largest.name}
    return acc, nodes


def epilogue(state: State, dtype: str) -> Made:
    """A product whose result meets a vector of rows and one of columns, and is reduced."""
    rng = state.rng
    acc, nodes = gemm(state, dtype)
    vectors = []
    for axis, dim in (("M", "BM"), ("N", "BN")):
        tile = state.tile((dim,), acc.dtype, rng.choice(["fragment", "shared"]))
        tensor = state.input((axis,), acc.dtype)
        nodes.append(Node(f"T.copy({tensor.name}[{state.batch}{state.origin(axis)}], {tile.name})"))
        state.defined.add(tile.name)
        vectors.append(tile)
    names, extents, (row, col) = box(state, acc.dims)
    element = f"{acc.name}[{row}, {col}]"
    value = f"{element} * {vectors[0].name}[{row}] + {vectors[1].name}[{col}]"
    store = Node(f"{element} = {_small(value, acc.dtype)}")
    nodes.append(Node(f"for {names} in T.Parallel({extents}):", [store]))
    for reduced in (0, 1):
        kind = rng.choice(["max", "sum"])
        target = vectors[1 - reduced].name
        nodes.append(Node(f"T.reduce_{kind}({acc.name}, {target}, dim={reduced})"))
    store = Node(f"{element} = {element} + {vectors[0].name}[{row}] - {vectors[1].name}[{col}]")
    nodes.append(Node(f"for {names} in T.Parallel({extents}):", [store]))
    return acc, nodes


def _stage_loads(state: State, step: str, dtype: str) -> tuple[list[Tile], list[Node], list[Node]]:
    """Tiles that each iteration loads; nodes before the loop and in it."""
    rng = state.rng
    tiles, before, body = [], [], []
    for _ in range(rng.randint(1, 3)):
        tile = state.tile(("BM", "BK"), dtype, rng.choice(["shared", "shared", "fragment"]))
        tensor = state.input(("M", "K"), dtype)
        place = f"{state.batch}{state.row0}, {step} * BK"
        load = Node(f"T.copy({tensor.name}[{place}], {tile.name})")
        if rng.random() < 0.3:
            # A load that does not happen keeps the tile of the iteration before.
            test = rng.choice([f"{step} % 2 == 0", f"{step} > 0", f"{step} % 3 != 1", "bx == 0"])
            before.append(Node(f"T.clear({tile.name})"))
            load = Node(f"if {test}:", [load])
        body.append(load)
        tiles.append(tile)
    return tiles, before, body


def pipeline(state: State, dtype: str) -> Made:
    """A pipelined loop with several loads, values carried from one iteration to the next, a sum."""
    rng = state.rng
    step, count = state.fresh("k"), state.fresh("v")
    state.allocs.append(Node(f'{count} = T.alloc_var("int32", init={rng.randint(-3, 3)})'))
    tiles, before, body = _stage_loads(state, step, dtype)
    before_this = state.tile(("BM", "BK"), dtype)
    total = state.tile(("BM",), dtype)
    names, extents, (row, col) = box(state, before_this.dims)
    place = f"[{row}, {col}]"
    sum_of = " + ".join(f"{tile.name}{place}" for tile in (*tiles, before_this))
    if rng.random() < 0.5:
        sum_of += f' + T.cast({count}, "{dtype}")'
    update = Node(f"{before_this.name}{place} = {_small(sum_of, dtype)}")
    body.append(Node(f"for {names} in T.Parallel({extents}):", [update]))
    kind = rng.choice(["max", "min"])
    body.append(Node(f"T.reduce_{kind}({before_this.name}, {total.name}, dim=1, clear=False)"))
    body.append(Node(f"{count} = {count} * 2 % 5 + {step} % 2"))
    if rng.random() < 0.3:
        body.append(body.pop(0))
        before.append(Node(f"T.clear({tiles[0].name})"))
    trips = rng.choice(["T.ceildiv(K, BK)", "T.ceildiv(K, BK)", "1", "2", "3", "5", "bx + 1"])
    head = f"for {step} in T.Pipelined({trips}, num_stages={rng.randint(0, 4)}):"
    state.defined |= {before_this.name, total.name}
    clears = [Node(f"T.clear({tile.name})") for tile in (before_this, total)]
    return total, [*before, *clears, Node(head, body)]


def reduce_wide(state: State, dtype: str) -> Made:
    """A reduction over 7, 48 or 100 elements, whose result is read by a loop over all of them."""
    rng = state.rng
    kinds = [kind for kind, dtypes in REDUCTIONS.items() if dtype in dtypes]
    load, nodes = load_tile(state, ("BM", "BN"), dtype)
    vector, more = reduce(state, rng.choice(kinds), dtype)
    state.defined.add(load.name)
    return vector, [*nodes, *more, *parallel(state, ("BM", "BN"), dtype)]


def scan_wide(state: State, dtype: str) -> Made:
    """A scan over 7, 48 or 100 elements."""
    _, nodes = load_tile(state, ("BM", "BN"), dtype)
    tile, more = scan(state, state.rng.choice(["cumsum", "cummax"]), dtype)
    return tile, [*nodes, *more]


def cube(state: State, dtype: str) -> Made:
    """A tile of three dimensions, reduced along one of them."""
    rng = state.rng
    big = state.tile(("BM", "BN", "BK"), dtype)
    names, extents, each = box(state, big.dims)
    value = state.expressions(big.dims, each).value(dtype, 1)
    store = Node(f"{big.name}[{', '.join(each)}] = {_small(value, dtype)}")
    dim = rng.randint(0, 2)
    target = state.tile(tuple(d for i, d in enumerate(big.dims) if i != dim), dtype)
    kind = rng.choice(["max", "min"])
    state.defined.add(target.name)
    state.tiles.remove(big)
    loop = Node(f"for {names} in T.Parallel({extents}):", [store])
    return target, [loop, Node(f"T.reduce_{kind}({big.name}, {target.name}, dim={dim})")]


def persistent_gemm(state: State, dtype: str) -> Made:
    """All tiles of a product dealt out to the programs of the first row of the grid."""
    rng = state.rng
    row, col, step = state.fresh("r"), state.fresh("c"), state.fresh("k")
    a = state.tile(("BM", "BK"), dtype, "shared")
    b = state.tile(("BN", "BK"), dtype, "shared")
    acc = state.tile(("BM", "BN"), "float32", "fragment")
    left, right = state.input(("M", "K"), dtype), state.input(("N", "K"), dtype)
    out = state.tensor(("M", "N"), "float32", output=True)
    product = f"T.gemm({a.name}, {b.name}, {acc.name}, transpose_B=True{policy(state)})"
    loads = [
        Node(f"T.copy({left.name}[{state.batch}{row} * BM, {step} * BK], {a.name})"),
        Node(f"T.copy({right.name}[{state.batch}{col} * BN, {step} * BK], {b.name})"),
    ]
    head = f"for {step} in T.Pipelined(T.ceildiv(K, BK), num_stages={rng.randint(0, 4)}):"
    body = [
        Node(f"T.clear({acc.name})"),
        Node(head, [*loads, Node(product)]),
        Node(f"T.copy({acc.name}, {out.name}[{state.batch}{row} * BM, {col} * BN])"),
    ]
    domain = "[T.ceildiv(M, BM), T.ceildiv(N, BN)]"
    loop = Node(f"for {row}, {col} in T.Persistent({domain}, {state.program.grid[0]}, bx):", body)
    return None, [loop if len(state.program.grid) == 1 else Node("if by == 0:", [loop])]
