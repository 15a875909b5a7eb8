"""Random legal kernels, each built around one required cell: operator x dtype x shape."""

from __future__ import annotations

import random
from collections.abc import Callable

import fuzz_chains as chains
import fuzz_features as features
import fuzz_operators as ops
import fuzz_statements as stmts
from fuzz_program import SHAPES, Node, Program
from fuzz_sizes import THREADS, choose_sizes, make_empty, make_ragged, shown_shapes
from fuzz_state import State, Tile

Maker = Callable[[State, str], "tuple[Tile | None, list[Node]] | list[Node]"]

_COPY_DTYPES = (*stmts.DTYPES, "int4")


def _copy(state: State, dtype: str) -> tuple[Tile, list[Node]] | list[Node]:
    if dtype == "int4":
        tile, nodes = stmts.load_tile(state, ("BM", "BN"), "int8")
        tensor = state.input(("M", "Q"), "int4")
        where = f"{state.batch}{state.row0}, 0"
        state.hit("copy", "int4")
        return tile, [*nodes, Node(f"T.copy({tensor.name}[{where}], {tile.name})")]
    return stmts.load_tile(state, state.rng.choice(stmts.SHAPES), dtype)


def _fill(state: State, dtype: str) -> list[Node]:
    return stmts.fill(state, state.rng.choice(stmts.SHAPES), dtype)


def _parallel(state: State, dtype: str) -> list[Node]:
    _, nodes = stmts.load_tile(state, ("BM", "BN"), dtype)
    return [*nodes, *stmts.parallel(state, state.rng.choice(stmts.SHAPES), dtype)]


def _safe_value(state: State, dtype: str) -> tuple[Tile, list[Node]]:
    tile, nodes = stmts.load_tile(state, ("BM", "BN"), dtype)
    source = nodes[0].text.removeprefix("T.copy(").split("[")[0]
    state.hit("safe_value", dtype)
    annotation = Node(f'T.annotate_safe_value({{{source}: T.cast(5, "{dtype}")}})')
    return tile, [annotation, *nodes]


def _strided(state: State, dtype: str) -> tuple[Tile, list[Node]]:
    tensor = state.tensor(("M", "N"), dtype)
    tensor.padding = max(1, tensor.padding)
    state.hit("strided", dtype)
    tile = state.target(("BM", "BN"), dtype)
    state.defined.add(tile.name)
    where = f"{state.batch}{state.row0}, {state.col0}"
    return tile, [Node(f"T.copy({tensor.name}[{where}], {tile.name})")]


def _hit(make: Maker, name: str) -> Maker:
    def maker(state: State, dtype: str) -> tuple[Tile | None, list[Node]] | list[Node]:
        state.hit(name, dtype)
        return make(state, dtype)

    return maker


def _with(make: Callable[..., object], kind: str) -> Maker:
    return lambda state, dtype: make(state, kind, dtype)  # type: ignore[return-value]


def _loaded(make: Callable[..., object], kind: str) -> Maker:
    """The operator behind a load, so that it has values of a tensor to work on."""

    def maker(state: State, dtype: str) -> tuple[Tile | None, list[Node]] | list[Node]:
        tile, nodes = stmts.load_tile(state, ("BM", "BN"), dtype)
        made = make(state, kind, dtype)
        tile, more = made if isinstance(made, tuple) else (tile, made)
        return tile, [*nodes, *more]

    return maker


#: Every operator that the slice must reach, with the dtypes that it must be reached with.
OPERATORS: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "copy": (_copy, _COPY_DTYPES),
    "fill": (_fill, stmts.DTYPES),
    "parallel": (_parallel, stmts.DTYPES),
    "gemm": (ops.gemm, ops.GEMM_DTYPES),
    "transpose": (ops.transpose, ("float32", "float16", "int8", "int64")),
    "safe_value": (_safe_value, ("float32", "int32", "float16")),
    "strided": (_strided, ("float32", "int8")),
    "special": (_hit(features.special, "special"), features.SPECIAL_DTYPES),
    "wide": (_hit(features.wide, "wide"), features.WIDE_DTYPES),
    "dynamic_loop": (_hit(features.dynamic_loop, "dynamic_loop"), ("int32", "float32", "int8")),
    "in_place": (_hit(features.in_place, "in_place"), ("int32", "float32", "bfloat16")),
    "small_gemm": (_hit(features.small_gemm, "small_gemm"), features.ACCUMULATORS),
    "packed_output": (_hit(features.packed_output, "packed_output"), ("int4", "uint4")),
    "persistent": (_hit(features.persistent, "persistent"), ("float32", "int8")),
    "local_array": (_hit(features.local_array, "local_array"), ("float32", "int16")),
    "rounding": (ops.rounding, ops.ROUNDING_DTYPES),
    "reshape": (_with(ops.view, "reshape"), ("float32", "int32")),
    "view": (_with(ops.view, "view"), ops.VIEW_DTYPES),
    **{f"reduce_{k}": (_with(ops.reduce, k), t) for k, t in ops.REDUCTIONS.items()},
    **{k: (_with(ops.scan, k), ops.SCAN_DTYPES) for k in ("cumsum", "cummax")},
    **{f"atomic_{k}": (_loaded(ops.atomic, k), ops.ATOMIC_DTYPES) for k in ("add", "max", "min")},
    "atomic_or": (_loaded(ops.atomic, "or"), ("int32", "uint32")),
    **{f"reducer_{k}": (_loaded(ops.reducer, k), ("int32", "float32")) for k in ("sum", "max")},
    "tile_gemm": (_hit(ops.gemm, "tile_gemm"), ops.GEMM_DTYPES),
    "chain": (_hit(chains.chain, "chain"), chains.CHAIN_DTYPES),
    "epilogue": (_hit(chains.epilogue, "epilogue"), ("float16", "bfloat16", "int8", "float32")),
    "persistent_gemm": (_hit(chains.persistent_gemm, "persistent_gemm"), ("float16", "bfloat16")),
    "pipeline": (_hit(chains.pipeline, "pipeline"), chains.PIPELINE_DTYPES),
    "reduce_wide": (_hit(chains.reduce_wide, "reduce_wide"), chains.WIDE_DTYPES),
    "scan_wide": (_hit(chains.scan_wide, "scan_wide"), chains.WIDE_DTYPES),
    "cube": (_hit(chains.cube, "cube"), ("float32", "int16", "float16")),
}

CELLS: list[tuple[str, str, str]] = [
    (name, dtype, shape)
    for name, (_, dtypes) in OPERATORS.items()
    for dtype in dtypes
    for shape in SHAPES
]


def _block(state: State, count: int) -> list[Node]:
    """Some random statements."""
    nodes: list[Node] = []
    for _ in range(count):
        nodes += _statement(state)
    state.lines += len(nodes)
    return nodes


def _body_of(state: State) -> Callable[[int], list[Node]]:
    return lambda count: _block(state, count)


def _statement(state: State) -> list[Node]:
    rng = state.rng
    dtype, dims = rng.choice(stmts.DTYPES), rng.choice(stmts.SHAPES)
    choice = rng.random()
    if choice < 0.18:
        return stmts.load_tile(state, dims, dtype)[1]
    if choice < 0.42:
        return stmts.parallel(state, dims, dtype)
    if choice < 0.50:
        return stmts.copy_tile(state)
    if choice < 0.56:
        return stmts.fill(state, dims, dtype)
    if choice < 0.62:
        return stmts.variable(state)
    if choice < 0.66:
        return stmts.quantifier(state)
    if choice < 0.70:
        return stmts.serial_elementwise(state, dims, dtype)
    if choice < 0.86 and state.loop_depth < 2 and state.lines < 12:
        form = rng.choice([stmts.loop, stmts.loop, stmts.condition, stmts.while_loop])
        return form(state, _body_of(state))
    return _operator(state, rng.choice(list(OPERATORS)), None)[1]


def _operator(state: State, name: str, dtype: str | None) -> tuple[Tile | None, list[Node]]:
    make, dtypes = OPERATORS[name]
    made = make(state, dtype or state.rng.choice(dtypes))
    return made if isinstance(made, tuple) else (None, made)


def _assumptions(rng: random.Random, program: Program) -> list[Node]:
    """True promises about sizes, which the compiler may use."""
    nodes = []
    for name in program.dynamic:
        size = program.sizes[name]
        if rng.random() < 0.3 and size % 4 == 0:
            nodes.append(Node(f"T.assume({name} % 4 == 0)"))
        if rng.random() < 0.2:
            nodes.append(Node(f"T.assume({name} >= {size - rng.randint(0, 2)})"))
    return nodes


def _grid(rng: random.Random, shape: str) -> list[str]:
    if shape == "zero" and rng.random() < 0.6:
        # With one dimension of programs, an empty N leaves them something to do.
        return ["T.ceildiv(M, BM)"]
    rows, cols = "T.ceildiv(M, BM)", "T.ceildiv(N, BN)"
    return rng.choice([[cols, rows], [cols, rows], [rows], [cols, rows, "L"]])


def generate(seed: int) -> Program:
    """The program of a seed. Seeds 0, 1, 2, ... go through the required cells in turn."""
    rng = random.Random(seed)
    name, dtype, shape = CELLS[seed % len(CELLS)]
    sizes, tiles = choose_sizes(rng, name, shape)
    dynamic = [d for d in "MNK" if sizes[d] == 0 or rng.random() < 0.5]
    program = Program(seed, sizes, dynamic, tiles, [], _grid(rng, shape), [])
    program.threads = rng.choice(THREADS)
    state = State(rng, program)
    program.body = _block(state, rng.randint(0, 2))
    tile, nodes = _operator(state, name, dtype)
    program.body += nodes + _block(state, rng.randint(0, 3))
    results = [tile] if tile is not None else []
    results += rng.sample(state.ready(), min(2, len(state.ready())))
    for result in dict.fromkeys(results):
        program.body += stmts.store_tile(state, result)
    program.body = state.allocs + program.body
    used = {dim for tensor in program.tensors for dim in tensor.dims} | {"M", "N", "K", "L"}
    program.sizes = {k: v for k, v in sizes.items() if k in used}
    if shape == "zero" and "zero" not in shown_shapes(program):
        make_empty(program, rng)
    if shape == "ragged" and "ragged" not in shown_shapes(program):
        make_ragged(program, rng)
    dynamic += [d for d in "MNK" if program.sizes[d] == 0 and d not in dynamic]
    program.dynamic = [d for d in dynamic if any(d in t.dims for t in program.tensors)]
    program.body = _assumptions(rng, program) + program.body
    program.shapes = shown_shapes(program)
    return program
