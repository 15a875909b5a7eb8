"""What becomes of the keyword arguments that steer TileLang's compiler, for `docs/porting.md`."""

from __future__ import annotations

import dataclasses

_HINT = "a hint: checked, and without effect on any target"


@dataclasses.dataclass(frozen=True)
class Keyword:
    """Keyword arguments of some names of the language.

    Attributes:
        names: the names that take them, separated by blanks.
        arguments: the arguments, separated by blanks.
        status: what they do.
    """

    names: str
    arguments: str
    status: str

    def render(self) -> str:
        """Returns the row of the table."""
        names = ", ".join(f"`T.{name}`" for name in self.names.split())
        arguments = ", ".join(f"`{argument}`" for argument in self.arguments.split())
        return f"| {names} | {arguments} | {self.status} |"


KEYWORDS = (
    Keyword("copy Parallel", "coalesced_width", "at most so many elements per access, on CUDA"),
    Keyword(
        "copy Parallel",
        "loop_layout",
        "a `Fragment` that says which thread does what, on CUDA; one that does not fit is"
        " `LayoutConflictError`; a copy is then synchronous",
    ),
    Keyword(
        "copy",
        "prefer_instruction",
        '`"cp_async"` and `"sync"` are obeyed on CUDA or an error; `"tma"` is an error there',
    ),
    Keyword("copy", "disable_tma eviction_policy", _HINT),
    Keyword("Parallel", "prefer_async", _HINT),
    Keyword("unroll", "unroll_factor", "obeyed"),
    Keyword("unroll", "explicit", _HINT),
    Keyword("Persistent", "num_stages", _HINT),
    Keyword(
        "copy Parallel unroll Pipelined",
        "annotations",
        "the other arguments under their names; anything else is refused",
    ),
    Keyword("serial vectorized", "annotations", "refused"),
    Keyword("gemm", "annotations", "`instruction` only; anything else is refused"),
    Keyword("gemm", "k_pack", f"1 or 2: {_HINT}"),
    Keyword("gemm", "mbar", "refused: comes with sm_100"),
    Keyword("gemm", "policy", "obeyed on CUDA where the tile allows it; results do not change"),
    Keyword(
        "alloc_shared alloc_fragment alloc_local alloc_var",
        "scope",
        "the scope that the name implies; another one is refused",
    ),
    Keyword("alloc_reducer", "replication", f'`"all"` or `"none"`: {_HINT}'),
    Keyword("reduce finalize_reducer", "batch", _HINT),
    Keyword("atomic_add", "use_tma", _HINT),
    Keyword("cast", "sat", "False is refused for fp8, which always saturates"),
    Keyword("print", "warp_id warp_group_id", "the warp that prints, on CUDA"),
    Keyword("annotate_layout", "allow_reannotation", "replaces the layout annotated before"),
    Keyword("BaseTileScheduler PersistentTileScheduler", "cluster_size", "other than 1: refused"),
    Keyword("access_ptr", "extent", f"an integer: {_HINT}"),
    Keyword("const", "dtype", f"an integer type: {_HINT}"),
    Keyword(
        "annotate_producer_reg_dealloc annotate_consumer_reg_alloc",
        "count",
        f"a multiple of 8 from 24 to 256: {_HINT}",
    ),
)


def render_keywords() -> str:
    """Returns the section of the page."""
    head = """## Keyword arguments

None is ignored silently: an argument is obeyed, refused by an error, or one of the hints below.

| names | arguments | what becomes of them |
|---|---|---|
"""
    return head + "".join(f"{keyword.render()}\n" for keyword in KEYWORDS)
