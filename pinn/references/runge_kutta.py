"""Solutions of ordinary differential equations by Runge–Kutta."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class RungeKutta:
    """y' = `rate`(y), y(0) = `initial`, at t in [0, duration]: x of shape (…, 1) gives (…, m).

    The classical method of fourth order with `steps` equal steps in float64 (Kutta 1901), and between them Hermite's
    cubic through values and rates, of fourth order too. `error` is the relative L2 difference to half as many steps,
    over 15, by Richardson. Raises ValueError unless duration > 0 and steps >= 2.
    """

    rate: Callable[[Tensor], Tensor]
    initial: Sequence[float]
    duration: float = 1.0
    steps: int = 4000

    def __post_init__(self) -> None:
        if not self.duration > 0 or self.steps < 2:
            raise ValueError(f"RungeKutta needs duration > 0 and steps >= 2, got {self.duration} and {self.steps}.")

    @cached_property
    def error(self) -> float:
        coarse = _integrated(self.rate, self.initial, self.duration, self.steps // 2)[0]
        fine = self._nodes[0][: 2 * (self.steps // 2) + 1 : 2]
        return float((fine - coarse).norm() / fine.norm()) / 15

    def __call__(self, x: Tensor) -> Tensor:
        values, rates = (table.to(x) for table in self._nodes)
        step = self.duration / self.steps
        index = (x[..., 0].detach() / step).floor().long().clamp(0, self.steps - 1)
        s = (x[..., :1] - index.unsqueeze(-1) * step) / step
        (y0, y1), (r0, r1) = (_pair(values, index), _pair(rates, index))
        rise = y1 - y0
        return y0 + s * (step * r0 + s * (3 * rise - step * (2 * r0 + r1) + s * (step * (r0 + r1) - 2 * rise)))

    @cached_property
    def _nodes(self) -> tuple[Tensor, Tensor]:
        return _integrated(self.rate, self.initial, self.duration, self.steps)


def _pair(table: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Rows `index` and `index` + 1."""
    near, far = (table.index_select(0, (index + k).reshape(-1)) for k in (0, 1))  # t[i] of one i fails under vmap
    return near.reshape(*index.shape, -1), far.reshape(*index.shape, -1)


def _integrated(
    rate: Callable[[Tensor], Tensor], initial: Sequence[float], duration: float, steps: int
) -> tuple[Tensor, Tensor]:
    """Values and rates at all steps, shape (steps + 1, m)."""
    h, y = duration / steps, torch.tensor(tuple(initial), dtype=torch.float64)
    values, rates = [], []
    for _ in range(steps):
        k1 = rate(y)
        values.append(y)
        rates.append(k1)
        k2 = rate(y + h / 2 * k1)
        k3 = rate(y + h / 2 * k2)
        k4 = rate(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return torch.stack([*values, y]), torch.stack([*rates, rate(y)])
