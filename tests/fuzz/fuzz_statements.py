"""Random statements: copies, fills, elementwise loops and control flow."""

from __future__ import annotations

from fuzz_expressions import FLOATS, INTS
from fuzz_program import Node
from fuzz_state import State, Tile

SHAPE_2D = ("BM", "BN")
SHAPES = (SHAPE_2D, SHAPE_2D, SHAPE_2D, ("BM",), ("BN",), ("BN", "BM"), ("BM", "BK"))
DTYPES = (*INTS, *FLOATS, "bool")
_TENSOR_DIM = {"BM": "M", "BN": "N", "BK": "K"}


def box(state: State, dims: tuple[str, ...]) -> tuple[str, str, list[str]]:
    """Target names, extents and variables of a Parallel loop over a box."""
    names = [state.fresh("i") for _ in dims]
    return ", ".join(names), ", ".join(dims), names


def load_tile(state: State, dims: tuple[str, ...], dtype: str) -> tuple[Tile, list[Node]]:
    """A copy of a part of a tensor into a new or existing tile."""
    rng = state.rng
    source_dtype = dtype
    if dtype != "bool" and rng.random() < 0.3:
        same_kind = FLOATS if dtype in FLOATS else (*INTS, "int4")
        source_dtype = rng.choice([d for d in same_kind if not d.startswith("float8")])
    axes = tuple(_TENSOR_DIM[d] for d in dims)
    if source_dtype == "int4":
        axes = (*axes[:-1], "Q")
    tensor = state.input(axes, source_dtype)
    tile = state.target(dims, dtype)
    starts = [state.origin(axis) for axis in axes]
    # A constant index would be checked against the extent while the kernel is traced.
    if starts[0] != "0":
        starts[0] += rng.choice(["", "", " + 1", " - 1"])
    if rng.random() < 0.5:
        where = ", ".join(starts)
    else:
        where = ", ".join(f"{s}:{s} + {d}" for s, d in zip(starts, dims, strict=True))
    state.defined.add(tile.name)
    state.hit("copy", source_dtype)
    state.hit("copy", dtype)
    return tile, [Node(f"T.copy({tensor.name}[{state.batch}{where}], {tile.name})")]


def store_tile(state: State, tile: Tile) -> list[Node]:
    """Writes a tile to a new output, by T.copy or elementwise."""
    rng = state.rng
    axes = tuple(_TENSOR_DIM[d] for d in tile.dims)
    dtype = tile.dtype
    if axes not in (("M", "N"), ("M",), ("N", "M")):
        return store_by_one_program(state, tile)
    if len(axes) == 1 and len(state.program.grid) > 1:
        return store_by_one_program(state, tile)
    out = state.tensor(axes, dtype, output=True)
    starts = [state.origin(axis) for axis in axes]
    state.hit("copy", dtype)
    if rng.random() < 0.7:
        return [Node(f"T.copy({tile.name}, {out.name}[{state.batch}{', '.join(starts)}])")]
    target, extents, names = box(state, tile.dims)
    where = ", ".join(f"{s} + {n}" for s, n in zip(starts, names, strict=True))
    store = Node(f"{out.name}[{state.batch}{where}] = {tile.name}[{', '.join(names)}]")
    return [Node(f"for {target} in T.Parallel({extents}):", [store])]


def store_by_one_program(state: State, tile: Tile) -> list[Node]:
    """Writes a tile that does not tile the grid from the first program only."""
    out = state.tensor(tuple(_TENSOR_DIM[d] for d in tile.dims), tile.dtype, output=True)
    state.hit("copy", tile.dtype)
    zeros = ", ".join("0" for _ in tile.dims)
    first = " and ".join(f"{name} == 0" for name in ["bx", "by"][: len(state.program.grid)])
    copy = Node(f"T.copy({tile.name}, {out.name}[{state.batch}{zeros}])")
    return [Node(f"if {first}:", [copy])]


def fill(state: State, dims: tuple[str, ...], dtype: str) -> list[Node]:
    """T.fill or T.clear of a tile or of a part of a defined one."""
    rng = state.rng
    tile = state.target(dims, dtype)
    state.hit("fill", dtype)
    if rng.random() < 0.5:
        node = Node(f"T.clear({tile.name})")
    else:
        value = rng.randint(0, 3)
        place = tile.name
        if tile.name in state.defined and len(dims) == 2 and rng.random() < 0.5:
            place += f"[0:{dims[0]}, 0:({dims[1]} + 1) // 2]"
        node = Node(f'T.fill({place}, T.cast({value}, "{dtype}"))')
    state.defined.add(tile.name)
    return [node]


def copy_tile(state: State) -> list[Node]:
    """A copy between tiles, whole or in part, perhaps with a conversion."""
    rng = state.rng
    candidates = [t for t in state.ready() if t.dtype not in ("bool", "int4")]
    if not candidates:
        return []
    source = rng.choice(candidates)
    family = FLOATS if source.dtype in FLOATS else INTS
    target = state.target(source.dims, rng.choice([source.dtype, rng.choice(family)]))
    if target == source:
        return []
    state.hit("copy", source.dtype)
    if target.name in state.defined and len(source.dims) == 2 and rng.random() < 0.4:
        rows, cols = source.dims
        part = f"[{rows} // 2:{rows}, 0:({cols} + 1) // 2]"
        return [Node(f"T.copy({source.name}{part}, {target.name}{part})")]
    state.defined.add(target.name)
    return [Node(f"T.copy({source.name}, {target.name})")]


def parallel(state: State, dims: tuple[str, ...], dtype: str) -> list[Node]:
    """An elementwise loop that writes a tile."""
    rng = state.rng
    tile = state.target(dims, dtype)
    target, extents, names = box(state, dims)
    expressions = state.expressions(dims, names, tile)
    element = f"{tile.name}[{', '.join(names)}]"
    state.hit("parallel", dtype)
    store = Node(f"{element} = {expressions.value(dtype)}")
    body = [store]
    form = rng.random()
    if tile.name in state.defined and form < 0.35:
        body = [Node(f"if {expressions.condition()}:", [store])]
        if rng.random() < 0.4:
            body += [Node("else:", [Node(f"{element} = {expressions.value(dtype)}")])]
    elif form < 0.45 and dtype not in ("bool",):
        step = state.fresh("r")
        update = Node(f"{element} = T.min({element} + {expressions.value(dtype, 1)}, {element})")
        body = [store, Node(f"for {step} in T.serial({rng.randint(0, 3)}):", [update])]
    state.defined.add(tile.name)
    return [Node(f"for {target} in T.Parallel({extents}):", body)]


def serial_elementwise(state: State, dims: tuple[str, ...], dtype: str) -> list[Node]:
    """The same by serial, unrolled or vectorised loops."""
    rng = state.rng
    tile = state.target(dims, dtype)
    names = [state.fresh("i") for _ in dims]
    expressions = state.expressions(dims, names, tile)
    node = Node(f"{tile.name}[{', '.join(names)}] = {expressions.value(dtype)}")
    kinds = ["serial", "unroll"]
    for depth, (name, extent) in enumerate(zip(reversed(names), reversed(dims), strict=True)):
        kind = rng.choice([*kinds, "vectorized"] if depth == 0 else kinds)
        state.hit(kind, dtype)
        node = Node(f"for {name} in T.{kind}({extent}):", [node])
    state.defined.add(tile.name)
    return [node]


def quantifier(state: State) -> list[Node]:
    """A statement under T.any_of or T.all_of of a tile."""
    tiles = [t for t in state.ready() if t.dtype in ("bool", "int32")]
    if not tiles:
        return []
    rng = state.rng
    name, tile = rng.choice(["any_of", "all_of"]), rng.choice(tiles)
    state.hit(name, tile.dtype)
    with state.may_not_run():
        body = fill(state, SHAPE_2D, rng.choice(DTYPES))
    return [Node(f"if T.{name}({tile.name}):", body)]


def variable(state: State) -> list[Node]:
    """A mutable scalar: a new one, or an update of an old one."""
    rng = state.rng
    if state.scalars and rng.random() < 0.7:
        name = rng.choice(state.scalars)
        expressions = state.expressions()
        return [Node(f"{name} = {expressions.value('int32', 1)}")]
    name = state.fresh("v")
    state.hit("var", "int32")
    state.allocs.append(Node(f'{name} = T.alloc_var("int32", init={rng.randint(-3, 9)})'))
    state.scalars.append(name)
    return []


def loop(state: State, body_of: object) -> list[Node]:
    """A serial, unrolled or pipelined loop, with break and continue now and then."""
    rng = state.rng
    kind = rng.choice(["serial", "unroll", "Pipelined", "Pipelined"])
    name = state.fresh("k")
    trips = rng.choice(["0", "1", "2", "3", "5", "T.ceildiv(K, BK)", "bx + 1"])
    if kind == "unroll":
        trips = str(rng.randint(0, 3))
    head = f"T.{kind}({trips})"
    if kind == "Pipelined":
        head = f"T.Pipelined({trips}, num_stages={rng.randint(0, 4)})"
    elif kind == "serial" and rng.random() < 0.3:
        head = f"T.serial({rng.randint(-2, 2)}, {rng.randint(0, 5)}, {rng.randint(1, 3)})"
    state.hit(kind.lower(), "-")
    with state.may_not_run(), state.index(name):
        body = body_of(rng.randint(1, 3))  # type: ignore[operator]
        if kind == "serial" and rng.random() < 0.3:
            word = rng.choice(["break", "continue"])
            state.hit(word, "-")
            guard = Node(f"if {name} == {rng.randint(0, 2)}:", [Node(word)])
            body.insert(rng.randint(0, len(body)), guard)
    return [Node(f"for {name} in {head}:", body)]


def condition(state: State, body_of: object) -> list[Node]:
    """An `if` that is the same for a whole program."""
    rng = state.rng
    index = rng.choice([*state.indices, *state.scalars])
    state.hit("if", "-")
    with state.may_not_run():
        then = body_of(rng.randint(1, 2))  # type: ignore[operator]
    nodes = [Node(f"if {index} % 2 == {rng.randint(0, 1)}:", then)]
    if rng.random() < 0.4:
        with state.may_not_run():
            nodes.append(Node("else:", body_of(1)))  # type: ignore[operator]
    return nodes


def while_loop(state: State, body_of: object) -> list[Node]:
    """A `while` that counts a variable up."""
    rng = state.rng
    name = state.fresh("w")
    state.allocs.append(Node(f'{name} = T.alloc_var("int32", init=0)'))
    state.hit("while", "-")
    with state.may_not_run(), state.index(name):
        body = body_of(rng.randint(1, 2))  # type: ignore[operator]
    step = Node(f"{name} = {name} + {rng.randint(1, 2)}")
    reset = Node(f"{name} = {rng.randint(-1, 1)}")
    return [reset, Node(f"while {name} < {rng.randint(0, 4)}:", [step, *body])]
