"""Tiles spread over the registers of threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import tvm_ffi

from tilescale import _ffi, ir
from tilescale.layout import cute
from tilescale.layout._value import Value, call
from tilescale.layout.layout import as_exprs, index_var, index_vars, static_extents

Forward = Callable[..., Any]


@tvm_ffi.register_object("tilescale.layout.Fragment", init=False)
class Fragment(Value):
    """Which thread holds which element of a tile, and as which of its values.

    Args:
        shape: extents of the tile, constants.
        forward_fn: takes the index variables (and a replica variable if `replicate` > 1), returns
            ``(thread, index)``.
        forward_thread_fn: instead of `forward_fn`, the thread alone.
        replicate: how many threads hold each element.
        forward_index_fn: the index (or list of indices) that goes with `forward_thread_fn`;
            default: the elements of a thread in row-major order.

    Raises:
        ValueError: two elements on one value of a thread, or a function that is no integer
            arithmetic.
        TypeError: neither `forward_fn` nor `forward_thread_fn`.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        shape: Sequence[int]
        num_threads: int
        num_values: int
        thread_value: cute.Layout | None
        vars: Sequence[ir.Var]

    def __init__(
        self,
        shape: Sequence[Any],
        forward_fn: Forward | None = None,
        forward_thread_fn: Forward | None = None,
        replicate: int = 1,
        forward_index_fn: Forward | None = None,
    ) -> None:
        extents = static_extents(shape)
        variables = index_vars(len(extents))
        rep = [index_var("rep")] if replicate > 1 else []
        if forward_fn is not None:
            thread, index = forward_fn(*variables, *rep)
        elif forward_thread_fn is not None:
            thread = forward_thread_fn(*variables, *rep)
            index = forward_index_fn(*variables) if forward_index_fn is not None else None
        else:
            raise TypeError("Fragment needs forward_fn or forward_thread_fn")
        outputs = [thread] if index is None else [thread, *as_exprs(index)]
        self.__init_handle_by_constructor__(
            _ffi.get("layout.FragmentFromForward"),
            [*rep, *variables],
            tvm_ffi.Shape(extents),
            replicate,
            as_exprs(outputs),
        )

    @staticmethod
    def from_thread_value(
        shape: Sequence[int], thread_value: cute.Layout, padded: Sequence[int] | None = None
    ) -> Fragment:
        """A fragment from its (thread, value) layout.

        Args:
            shape: extents of the tile.
            thread_value: two modes, (thread, value) -> flat coordinate, first dimension fastest.
            padded: the box that flat coordinates count, at least as large as `shape`; what lies
                outside `shape` belongs to no element.

        Raises:
            ValueError: a layout that leaves the box, or an element that no thread owns.
        """
        box = tvm_ffi.Shape(tuple(shape if padded is None else padded))
        out: Fragment = call("MakeFragment", tvm_ffi.Shape(tuple(shape)), thread_value, box)
        return out

    def map_forward(self, indices: Sequence[Any]) -> list[ir.Expr]:
        """The thread and the value indices of the element at `indices`, as expressions.

        Of an element with several owners: as the functions say that the fragment was made from (in
        terms of the variable ``rep``), else the first owner.

        Raises:
            ValueError: another number of indices, or a fragment without such a closed form.
        """
        return list(call("FragmentMapForward", self, as_exprs(list(indices))))

    def map_forward_thread(self, indices: Sequence[Any]) -> ir.Expr:
        """The thread that holds the element at `indices`; see `map_forward`."""
        return self.map_forward(indices)[0]

    def map_forward_index(self, indices: Sequence[Any]) -> list[ir.Expr]:
        """The value indices of the element at `indices`; see `map_forward`."""
        return self.map_forward(indices)[1:]

    def map_slot(self, thread: Any, value: Any) -> list[ir.Expr]:
        """The coordinate of the element in a slot, as expressions of thread and value.

        Of a padded fragment it lies in the box: outside the tile the slot holds nothing.

        Raises:
            ValueError: the fragment is no shape:stride map.
        """
        return list(call("FragmentMapSlot", self, *as_exprs([thread, value])))

    @property
    def thread(self) -> ir.Expr:
        """The thread in terms of ``i0, i1, ...``; see `map_forward`."""
        return self.map_forward_thread(self._index_vars())

    @property
    def index(self) -> list[ir.Expr]:
        """The value indices in terms of ``i0, i1, ...``; see `map_forward`."""
        return self.map_forward_index(self._index_vars())

    def _index_vars(self) -> list[ir.Var]:
        rank = len(self.shape)
        return list(self.vars)[-rank:] if self.vars else index_vars(rank)

    def get_thread_size(self) -> int:
        """Number of threads."""
        return self.num_threads

    @property
    def replication(self) -> int:
        """Owners of each element; 0 if elements differ in it."""
        return int(call("FragmentReplication", self))

    def element(self, thread: int, value: int) -> tuple[int, ...] | None:
        """The coordinate of the element that a thread holds as `value`, None if none."""
        if not (0 <= thread < self.num_threads and 0 <= value < self.num_values):
            raise IndexError(f"thread {thread}, value {value} of {self}")
        flat = call("FragmentTable", self)[thread * self.num_values + value]
        return None if flat < 0 else _coordinate(flat, self.shape)

    def owners(self, *coord: int) -> tuple[tuple[int, int], ...]:
        """All (thread, value) that hold the element at `coord`."""
        flat = _flat_index(coord, self.shape)
        slots = call("FragmentOwners", self)[flat]
        return tuple((slots[k], slots[k + 1]) for k in range(0, len(slots), 2))

    def replicate(self, times: int) -> Fragment:
        """`times` groups of threads, each holding the whole tile."""
        out: Fragment = call("FragmentReplicate", self, times)
        return out

    def repeat(
        self,
        repeats: Sequence[int],
        repeat_on_thread: bool = False,
        lower_dim_first: bool = True,
    ) -> Fragment:
        """Tiles the fragment along each dimension.

        Args:
            repeats: copies along each dimension.
            repeat_on_thread: copies take more threads instead of more values.
            lower_dim_first: copies are numbered with the last dimension fastest.
        """
        counts = tvm_ffi.Shape(tuple(repeats))
        out: Fragment = call("FragmentRepeat", self, counts, repeat_on_thread, lower_dim_first)
        return out

    def condense_rep_var(self) -> Fragment:
        """The fragment itself: replicas are kept as plain owners, there is nothing to fold."""
        return self

    def is_equal(self, other: Fragment) -> bool:
        """Whether both hold every element in the same places."""
        same = isinstance(other, Fragment) and tuple(self.shape) == tuple(other.shape)
        return same and list(call("FragmentTable", self)) == list(call("FragmentTable", other))

    def convert_to(self, destination: Fragment) -> FragmentConversion:
        """What it takes to bring this fragment into the form `destination`.

        Raises:
            ValueError: the shapes differ.
        """
        out: FragmentConversion = call("ConvertFragment", self, destination)
        return out


@tvm_ffi.register_object("tilescale.layout.FragmentConversion", init=False)
class FragmentConversion(Value):
    """The moves between two fragments of one tile."""

    __slots__ = ()
    if TYPE_CHECKING:
        moves: Sequence[int]
        """Four numbers per slot of the destination: its thread and value, those of the source."""
        num_exchanged: int
        """Slots whose element comes from another thread."""
        shuffle_rounds: int
        """Warp shuffles that suffice, where no element leaves its warp."""

    @property
    def method(self) -> str:
        """The cheapest means: "identity", "register", "shuffle" or "shared"."""
        return str(call("ConversionKindName", self))

    def moves_list(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Pairs (destination, source) of (thread, value), one per destination slot."""
        flat = list(self.moves)
        quads = [flat[k : k + 4] for k in range(0, len(flat), 4)]
        return [((a, b), (c, d)) for a, b, c, d in quads]


def _coordinate(flat: int, shape: Sequence[int]) -> tuple[int, ...]:
    coord = []
    for extent in shape:
        coord.append(flat % extent)
        flat //= extent
    return tuple(coord)


def _flat_index(coord: Sequence[int], shape: Sequence[int]) -> int:
    if len(coord) != len(shape) or any(not 0 <= c < n for c, n in zip(coord, shape, strict=False)):
        raise IndexError(f"coordinate {tuple(coord)} of a tile of shape {tuple(shape)}")
    flat, stride = 0, 1
    for c, n in zip(coord, shape, strict=True):
        flat += c * stride
        stride *= n
    return flat


def make_fully_replicated_layout_fragment(buffer_or_shape: Any, threads: int) -> Fragment:
    """Every thread holds the whole tile, elements in row-major order."""
    shape = static_extents(getattr(buffer_or_shape, "shape", buffer_or_shape))
    strides = cute.make_row_major_layout(shape).stride
    whole = cute.right_inverse(cute.Layout(shape, strides))
    return Fragment.from_thread_value(shape, cute.make_layout(cute.Layout(threads, 0), whole))


def make_gemm_fragment_8x8() -> Fragment:
    """An 8 x 8 tile over a warp: thread ``4 * i + j // 2``, value ``j % 2``."""
    return Fragment([8, 8], forward_fn=lambda i, j: (4 * i + j // 2, j % 2))


def make_gemm_fragment_8x8_transposed() -> Fragment:
    """The transpose: thread ``4 * j + i // 2``, value ``i % 2``."""
    return Fragment([8, 8], forward_fn=lambda i, j: (4 * j + i // 2, i % 2))
