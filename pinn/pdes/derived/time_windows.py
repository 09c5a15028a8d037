"""Time windows: an evolution equation solved slab by slab, each from the end of the one before."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from pinn.domains import Initial, InitialCauchy, TimeDomain
from pinn.pdes.ansatz import Ansatz, only
from pinn.pdes.condition import Condition, cauchy, dirichlet
from pinn.pdes.derived.scaled import Scaled
from pinn.pdes.derived.wrapper import Wrapper
from pinn.pdes.pde import PDE
from pinn.typing import Field


@dataclass(frozen=True)
class Window(Wrapper):
    """`pde`, whose domain is a slab of time, with initial data from `previous`, a field that ends where it begins.

    These data are penalised: built in they would take derivatives of one network more for each window.
    """

    previous: Field | None = None

    @property
    def domain(self) -> TimeDomain:
        assert isinstance(self.pde.domain, TimeDomain)
        return self.pde.domain

    def conditions(self) -> tuple[Condition, ...]:
        return tuple(self._continued(condition) for condition in self.pde.conditions())

    def _continued(self, condition: Condition) -> Condition:
        if self.previous is None:
            return condition
        if isinstance(condition.region, Initial):
            continued = dirichlet(Initial(self.domain), self.previous, name=condition.name, weight=condition.weight)
        elif isinstance(condition.region, InitialCauchy):
            continued = cauchy(self.domain, self.previous, name=condition.name, weight=condition.weight)
        else:
            return condition
        continued = dataclasses.replace(continued, prescribed=None)
        return self.pde.rewritten(continued) if isinstance(self.pde, Scaled) else continued


_MOST_WINDOWS = 1000  # each has a network of its own


@dataclass(frozen=True)
class TimeWindowed(Wrapper):
    """`pde` on its whole time, to be solved in `windows` slabs of equal length (`train_windows`).

    Raises ValueError for less than two windows or too many, and for a PDE without time or with unknowns.
    """

    windows: int = 2

    def __post_init__(self) -> None:
        if not 2 <= self.windows <= _MOST_WINDOWS:
            raise ValueError(f"Time windows need 2 <= windows <= {_MOST_WINDOWS}, got windows={self.windows}.")
        if not isinstance(self.pde.domain, TimeDomain):
            raise ValueError(
                f"Time windows (windows={self.windows}) need a PDE whose domain has time, got {self.pde.domain}."
            )
        inner = self.pde.pde if isinstance(self.pde, Scaled) else self.pde
        if "domain" not in {field.name for field in dataclasses.fields(inner)}:  # pyright: ignore[reportArgumentType]
            kind = type(inner).__name__
            raise ValueError(f"Time windows (windows={self.windows}) are not for {kind}, which takes all time at once.")

    @property
    def domain(self) -> TimeDomain:
        assert isinstance(self.pde.domain, TimeDomain)
        return self.pde.domain

    @property
    def starts(self) -> tuple[float, ...]:
        """The first instant of each window."""
        return tuple(self.domain.start + k * self.domain.duration / self.windows for k in range(self.windows))

    def window(self, k: int, previous: Field | None = None) -> Window:
        """The k-th window, from 0 on; `previous` gives its initial data, by default those of the PDE."""
        slab = dataclasses.replace(self.domain, start=self.starts[k], duration=self.domain.duration / self.windows)
        return Window(_on(self.pde, slab), previous)

    def conditions(self) -> tuple[Condition, ...]:
        return self.pde.conditions()

    @property
    def softened(self) -> Mapping[str, str]:
        return self.pde.softened

    def soft_conditions(self) -> tuple[Condition, ...]:
        return self.pde.soft_conditions()

    def ansatz(self) -> Ansatz:
        """In each window its own: the first one may have its initial data built in, the others have not."""
        each = self._ansatzes()

        def whole(network: Field) -> Field:
            fields = [ansatz(network) for ansatz in each]
            return lambda x: by_window(x, self.starts, [u(x) for u in fields])

        return whole

    def fields(self, networks: Sequence[Field]) -> list[Field]:
        """The field of each window, on all of the time, from a network for each."""
        return [ansatz(network) for ansatz, network in zip(self._ansatzes(), networks, strict=True)]

    def _ansatzes(self) -> list[Ansatz]:
        later = (self.window(k, lambda x: x[..., 0]) for k in range(1, self.windows))
        return [window.ansatz() for window in (self.window(0), *later)]

    def without_jumps(self, fields: Sequence[Field]) -> Field:
        """The fields of the windows as one that goes on where they jump.

        With u_k the field of the k-th window, from t_k on, it is u_k − Σ_j≤k P_j[u_j − u_j−1], where P_j extends what
        is initial data, a value or value and velocity, from t_j on.
        """
        jumps = [self._jump(k, fields[k], fields[k - 1]) for k in range(1, self.windows)]

        def unbroken(x: Tensor) -> Tensor:
            values, total = [fields[0](x)], torch.zeros_like(fields[0](x))
            for u, jump in zip(fields[1:], jumps, strict=True):
                total = total + jump(x)
                values.append(u(x) - total)
            return by_window(x, self.starts, values)

        return unbroken

    def _jump(self, k: int, later: Field, earlier: Field) -> Field:
        """What the k-th window does not take over from the one before, as a field from t_k on."""
        slab = self.window(k).domain
        jump = partial(_difference, later, earlier)
        parts: list[Field] = []
        for condition in self.conditions():
            region, g = condition.region, only(jump, condition.components, self.components)
            if isinstance(region, (Initial, InitialCauchy)):
                parts.append((Initial(slab) if isinstance(region, Initial) else InitialCauchy(slab)).extend(g))
        return lambda x: torch.stack([part(x) for part in parts]).sum(0)


def _difference(later: Field, earlier: Field, x: Tensor) -> Tensor:
    return later(x) - earlier(x)


def _on(pde: PDE, domain: TimeDomain) -> PDE:
    if isinstance(pde, Scaled):
        return dataclasses.replace(pde, pde=_on(pde.pde, domain))
    return dataclasses.replace(pde, domain=domain)  # pyright: ignore[reportArgumentType]


def by_window(x: Tensor, starts: tuple[float, ...], values: list[Tensor]) -> Tensor:
    """The value of the window in which the time of x lies."""
    chosen = values[0]
    for start, value in zip(starts[1:], values[1:], strict=True):
        chosen = torch.where(x[..., 0] >= start, value, chosen)
    return chosen
