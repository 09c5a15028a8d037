"""What an evaluation of an objective takes of memory, measured at a few of its points."""

import math
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from pinn.objective.free_memory import NotEnoughMemoryError, available_bytes
from pinn.objective.objective import Objective
from pinn.torch_private import TorchDispatchMode, tree_leaves
from pinn.typing import Params

FEW = 2, 4
"""Numbers of points at which the memory is measured; it grows in proportion to them."""
_FAR = 100
"""No derivative takes so many times the numbers of its widest layer, or of its rows."""


class AllocationWatch(TorchDispatchMode):
    """While it lasts, the bytes of all tensors that torch makes are counted: those alive now, and after each operation.

    Raises NotEnoughMemoryError as soon as there are more than `most`.
    """

    def __init__(self, most: float = math.inf) -> None:
        super().__init__()
        self.live, self.course = 0, [0]
        self._most, self._sizes = most, dict[int, int]()

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        for leaf in tree_leaves((args, kwargs)):
            if isinstance(leaf, Tensor):
                self._see(leaf, new=False)
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._see(leaf, new=True)
        self.course.append(self.live)
        if self.live > self._most:
            raise NotEnoughMemoryError(f"{self.live / 1e9:.3g} GB")
        return result

    def _see(self, tensor: Tensor, *, new: bool) -> None:
        """Count the memory of a tensor once, until it is freed; that of an input which was there before as nothing."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._sizes:
            return
        self._sizes[key] = storage.nbytes() if new else 0
        self.live += self._sizes[key]
        weakref.finalize(storage, self._freed, key)

    def _freed(self, key: int) -> None:
        self.live -= self._sizes.pop(key, 0)


def derivative_bytes(
    objective: Objective, params: Params, *, jacobian: bool, most: float = math.inf
) -> tuple[float, int]:
    """What ∂L/∂θ takes beside `params`, or r and ∂r/∂θ without the rows of ∂r/∂θ itself, and the number M of rows of r.

    It is measured at a few points of each condition, by differentiating there, and scaled up to all of them, of which
    only `chunk_size` of one condition are taken at a time. Raises NotEnoughMemoryError if even the few take more than
    `most` bytes.
    """
    plain = objective.weighted({}).on_one_process().eager()
    P, itemsize = size_of(params), next(iter(params.values())).element_size()
    by_condition, M, chunks = list[float](), 0, 0
    for condition in plain.conditions:
        N, courses, rows = len(plain.samples[condition.name][0]), list[list[int]](), 1
        few = [min(n, N) for n in FEW]
        for n in few:
            there = _at_first(plain, condition.name, n)
            call = there.linearize if jacobian else there.gradient
            courses.append(_course(lambda call=call: call(params), most))
            if condition.energy is None:
                with torch.no_grad():
                    rows = there.residual(params).numel() // n
        at_once = min(N, objective.chunk_size or N)
        own = rows * P * itemsize * at_once if jacobian else 0
        by_condition.append(max(_extrapolated(few, courses, at_once) - own, 0))
        M, chunks = M + rows * N, chunks + math.ceil(N / at_once)
    if jacobian:  # condition after condition
        return max(by_condition), M
    if objective.chunk_size is None:
        return sum(by_condition), M
    return max(by_condition) + min(chunks - 1, 2) * P * itemsize, M  # the sum so far, and that with one chunk more


def refuse_derivative(objective: Objective, params: Params) -> None:
    """Raise NotEnoughMemoryError if r and ∂r/∂θ do not fit into memory, by the rows of J alone or as measured."""
    first = next(iter(params.values()))
    available = available_bytes(first.device)
    if available is None:
        return
    P, points = size_of(params), sum(len(sample[0]) for sample in objective.samples.values())
    widest = max(value.shape[0] if value.dim() else 1 for value in objective.network.parameters())
    if _FAR * points * max(P, widest) * first.element_size() < available:
        return
    try:
        spent, M = derivative_bytes(objective, params, jacobian=True, most=available)
    except NotEnoughMemoryError as error:
        raise NotEnoughMemoryError(_words(points, P, f"more than {error}", available)) from None
    needed = max(spent + M * P * first.element_size(), 2 * M * P * first.element_size())
    if needed > available:
        raise NotEnoughMemoryError(_words(points, P, f"about {needed / 1e9:.3g} GB", available))


def residual_bytes(objective: Objective, params: Params, points: int, most: float = math.inf) -> float:
    """What the residual of the equation takes at so many points without any derivative by θ."""
    plain = objective.weighted({}).on_one_process().eager()
    name = plain.conditions[0].name
    few = [min(n, len(plain.samples[name][0])) for n in FEW]
    parts = [_at_first(plain, name, n) for n in few]
    with torch.no_grad():
        courses = [_course(lambda part=part: part.residuals(params), most) for part in parts]
    return _extrapolated(few, courses, min(points, objective.chunk_size or points))


def _words(points: int, P: int, need: str, available: int) -> str:
    return (
        f"Out of memory: derivatives by {P} parameters at {points} points need {need}, and "
        f"{available / 1e9:.3g} GB are free."
    )


def _at_first(objective: Objective, name: str, n: int) -> Objective:
    """The term of one condition at its first n points."""
    return objective.at({name: tuple(part[:n] for part in objective.samples[name])})


def _extrapolated(few: Sequence[int], courses: Sequence[Sequence[int]], points: int) -> float:
    """The peak at so many points, from the courses of memory at a few.

    The operations are the same, and after each of them memory is affine in the number of points: the peak at many may
    come at another time than that at few.
    """
    first, second = (torch.tensor(course, dtype=torch.float64) for course in courses)
    if few[0] == few[1]:  # there are no more points
        return float(second.max()) / few[1] * points
    if len(first) != len(second):
        return float((second.max() - first.max()) / (few[1] - few[0]) * (points - few[0]) + first.max())
    return float((first + (second - first) / (few[1] - few[0]) * (points - few[0])).max())


def _course(call: Callable[[], Any], most: float) -> list[int]:
    with AllocationWatch(most) as watch:
        call()
    return watch.course


def size_of(params: Params) -> int:
    """P, the number of parameters."""
    return sum(value.numel() for value in params.values())
