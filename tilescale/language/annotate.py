"""Annotations and hints about buffers and the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import as_typed, const_int, describe
from tilescale.language import hints

_ORDERS = ("row", "column", "mlx")
# What the instruction that moves registers between warp groups can be given.
_MIN_REGISTERS, _MAX_REGISTERS, _REGISTER_STEP = 24, 256, 8


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
        allow_reannotation: replace layouts that this or an enclosing block annotated before;
            without it, two different layouts of a buffer are an error on the CUDA target.

    Raises:
        NotABufferError: a key is not a buffer.
        OperatorArgumentError: a value is no layout of its buffer.
    """
    hints.flag("T.annotate_layout", "allow_reannotation", allow_reannotation)
    for buffer, value in _items("T.annotate_layout", layouts):
        _place(buffer, _layout(buffer, value), allow_reannotation)


def _place(buffer: Buffer, layout: Any, replace: bool) -> None:
    """Annotates the buffer, in the place of what an open block says about it if `replace`."""
    builder = context.current("T.annotate_layout")
    stmt = ir.Annotate("layout", buffer.node, layout, builder.span())
    block, index = builder.layouts.get(hash(buffer.node), (builder.block, None))
    if replace and index is not None and not block.closed:
        block.stmts[index] = stmt
        return
    builder.layouts[hash(buffer.node)] = builder.block, len(builder.block.stmts)
    builder.emit(stmt)


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
    """A hint without effect so far: which share of a tensor should stay in the L2 cache.

    Raises:
        OperatorArgumentError: a share is not a number from 0 to 1.
    """
    what = "T.annotate_l2_hit_ratio"
    for buffer, ratio in _items(what, ratios):
        if not isinstance(ratio, (int, float)) or not 0 <= ratio <= 1:
            raise hints.refused(what, "ratio", ratio, "a number from 0 to 1", "use 0.5")
        _annotate("l2_hit_ratio", buffer, float(ratio))


def annotate_restrict_buffers(*buffers: Buffer) -> None:
    """Says that these tensors may overlap others."""
    for buffer in buffers:
        _annotate("may_alias", buffer, True)


def annotate_min_blocks_per_sm(count: int) -> None:
    """Asks that so many programs fit on one multiprocessor (GPUs): it limits their registers.

    Raises:
        OperatorArgumentError: not a constant of at least 1.
    """
    number = hints.count("T.annotate_min_blocks_per_sm", "count", count, 1)
    _annotate("min_blocks_per_sm", None, number)


def _registers(what: str, key: str, count: Any) -> None:
    number = hints.count(what, "count", count, _MIN_REGISTERS, _MAX_REGISTERS)
    if number % _REGISTER_STEP != 0:
        raise hints.refused(what, "count", count, f"a multiple of {_REGISTER_STEP}", "round it")
    _annotate(key, None, number)


def annotate_producer_reg_dealloc(count: int = 24) -> None:
    """A hint without effect so far: how many registers a producer warp group keeps.

    Raises:
        OperatorArgumentError: not a constant multiple of 8 from 24 to 256.
    """
    _registers("T.annotate_producer_reg_dealloc", "producer_registers", count)


def annotate_consumer_reg_alloc(count: int = 240) -> None:
    """A hint without effect so far: how many registers a consumer warp group takes.

    Raises:
        OperatorArgumentError: not a constant multiple of 8 from 24 to 256.
    """
    _registers("T.annotate_consumer_reg_alloc", "consumer_registers", count)


def no_set_max_nreg() -> None:
    """A hint without effect so far: registers are not moved between warp groups."""
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
