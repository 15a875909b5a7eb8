"""Annotations and hints about buffers and the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import as_typed, const_int, describe

_ORDERS = ("row", "column", "mlx")


def _annotate(key: str, target: Buffer | None, value: Any) -> None:
    builder = context.current(f"T.annotate_{key}")
    node = None if target is None else target.node
    builder.emit(ir.Annotate(key, node, value, builder.span()))


def _items(what: str, values: Any) -> list[tuple[Buffer, Any]]:
    if not isinstance(values, Mapping) or not all(isinstance(b, Buffer) for b in values):
        raise mistake(
            errors.NotABufferError,
            f"{what} needs a dictionary whose keys are buffers",
            expected="{buffer: value, ...}",
            got=describe(values),
            remedy="write `{A_shared: ...}`",
        )
    return list(values.items())


def annotate_layout(layouts: Mapping[Buffer, Any], allow_reannotation: bool = False) -> None:
    """Fixes how buffers lie in memory or are spread over threads.

    Args:
        layouts: for each buffer a `Layout`, a `Fragment`, or a function from indices to indices.
        allow_reannotation: accepted for compatibility.
    """
    del allow_reannotation
    for buffer, value in _items("T.annotate_layout", layouts):
        _annotate("layout", buffer, _layout(buffer, value))


def _layout(buffer: Buffer, value: Any) -> Any:
    from tilescale.layout import Fragment, Layout

    if not isinstance(value, (Layout, Fragment)):
        value = _layout_of_function(buffer, value)
    extents = tuple(value.shape if isinstance(value, Fragment) else value.get_input_shape())
    if extents != buffer.shape:
        raise mistake(
            errors.OperatorArgumentError,
            f"the layout of `{buffer.name}` has another shape than the buffer",
            expected=f"a layout of {buffer.shape}",
            got=f"a layout of {extents}",
            remedy="make the layout from the buffer: make_swizzled_layout(buffer)",
        )
    if isinstance(value, Fragment) != (buffer.space == "fragment"):
        raise mistake(
            errors.OperatorArgumentError,
            f"`{buffer.name}` is in {buffer.space} memory, which takes another kind of layout",
            expected="a Fragment for fragments, a Layout for all other buffers",
            got=f"a {type(value).__name__}",
            remedy="use Fragment(shape, forward_fn) for what is spread over threads",
        )
    return value


def _layout_of_function(buffer: Buffer, value: Any) -> Any:
    from tilescale.layout import Layout

    if not callable(value):
        raise mistake(
            errors.OperatorArgumentError,
            f"the layout of `{buffer.name}` is neither a layout nor a function",
            expected="a Layout, a Fragment, or a function from indices to indices",
            got=describe(value),
            remedy="use tilescale.layout.make_swizzled_layout(buffer)",
        )
    try:
        return Layout(buffer.shape, value)
    except (ValueError, TypeError) as error:
        if isinstance(error, errors.TileScaleError):
            raise
        raise mistake(
            errors.OperatorArgumentError,
            f"the layout function of `{buffer.name}` gives no layout",
            expected="integer arithmetic on the indices that is nowhere negative",
            got=str(error),
            remedy="compute each physical index from the logical ones with + - * // % ^ << >>",
        ) from error


def annotate_safe_value(values: Mapping[Buffer, Any]) -> None:
    """Sets what reads outside of global tensors give instead of 0."""
    for buffer, value in _items("T.annotate_safe_value", values):
        _annotate("safe_value", buffer, as_typed(value, buffer.dtype))


def annotate_l2_hit_ratio(ratios: Mapping[Buffer, float]) -> None:
    """Hints which share of a tensor should stay in the L2 cache (GPUs)."""
    for buffer, ratio in _items("T.annotate_l2_hit_ratio", ratios):
        _annotate("l2_hit_ratio", buffer, float(ratio))


def annotate_restrict_buffers(*buffers: Buffer) -> None:
    """Says that these tensors may overlap others."""
    for buffer in buffers:
        _annotate("may_alias", buffer, True)


def annotate_min_blocks_per_sm(count: int) -> None:
    """Hints how many programs should fit on one multiprocessor (GPUs)."""
    _annotate("min_blocks_per_sm", None, int(count))


def annotate_producer_reg_dealloc(count: int = 24) -> None:
    """Hints how many registers a producer warp group keeps (GPUs)."""
    _annotate("producer_registers", None, int(count))


def annotate_consumer_reg_alloc(count: int = 240) -> None:
    """Hints how many registers a consumer warp group takes (GPUs)."""
    _annotate("consumer_registers", None, int(count))


def no_set_max_nreg() -> None:
    """Hints that registers are not moved between warp groups (GPUs)."""
    _annotate("fixed_registers", None, True)


def disable_warp_group_reg_alloc() -> None:
    """The same as `no_set_max_nreg`."""
    no_set_max_nreg()


def use_swizzle(panel_size: int, order: str = "row", enable: bool = True) -> None:
    """Orders programs in panels so that neighbours share cache lines: results do not change.

    Args:
        panel_size: programs along the panel's short side.
        order: "row", "column" or "mlx".
        enable: False switches the hint off.

    Raises:
        OperatorArgumentError: no such order, or a panel below 1.
    """
    size = const_int(panel_size)
    if order not in _ORDERS or size is None or size < 1:
        raise mistake(
            errors.OperatorArgumentError,
            "T.use_swizzle is given a panel that does not exist",
            expected=f"a panel size of 1 or more, and one of {', '.join(_ORDERS)}",
            got=f"panel_size={panel_size}, order={order!r}",
            remedy="T.use_swizzle(panel_size=8) suits most kernels",
        )
    if enable:
        _annotate("swizzle", None, {"panel_size": size, "order": order})


def annotate_compile_flags(flags: str | list[str]) -> None:
    """Adds flags for the compiler of the generated source."""
    builder = context.current("T.annotate_compile_flags")
    listed = [flags] if isinstance(flags, str) else list(flags)
    builder.attrs["compile_flags"] = [*builder.attrs.get("compile_flags", []), *listed]


def annotate_pass_configs(configs: Mapping[Any, Any]) -> None:
    """Sets pass configurations of this kernel; those of the decorator win."""
    builder = context.current("T.annotate_pass_configs")
    plain = {str(getattr(key, "value", key)): value for key, value in configs.items()}
    builder.attrs["pass_configs"] = {**builder.attrs.get("pass_configs", {}), **plain}


def annotate_schedule(schedule: str | ir.Schedule) -> None:
    """Sets how the pipelined loops of this kernel overlap, instead of what the compiler chooses.

    Args:
        schedule: a schedule of all pipelined loops, or its text. Stages and order are obeyed; atoms
            and the number of versions of each buffer follow from them.

    Raises:
        IrSyntaxError: the text is not legal.
    """
    parsed = ir.Schedule.parse(schedule) if isinstance(schedule, str) else schedule
    context.current("T.annotate_schedule").attrs["user_schedule"] = str(parsed)


def import_source(code: str) -> None:
    """Puts C source before the kernel."""
    builder = context.current("T.import_source")
    builder.attrs["prelude"] = builder.attrs.get("prelude", "") + str(code)


__all__ = [
    "annotate_compile_flags",
    "annotate_consumer_reg_alloc",
    "annotate_l2_hit_ratio",
    "annotate_layout",
    "annotate_min_blocks_per_sm",
    "annotate_pass_configs",
    "annotate_producer_reg_dealloc",
    "annotate_restrict_buffers",
    "annotate_safe_value",
    "annotate_schedule",
    "disable_warp_group_reg_alloc",
    "import_source",
    "no_set_max_nreg",
    "use_swizzle",
]
