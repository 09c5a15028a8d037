"""Systems of ordinary differential equations: a PDE whose only coordinate is time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Initial, SinglePoint, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.references import RungeKutta
from pinn.typing import Field


def _require_time_alone(pde: PDE) -> None:
    if pde.domain.dim != 1 or not isinstance(pde.domain, TimeDomain):
        raise ValueError(f"{type(pde).__name__} is an ODE and needs a domain of time alone, got {pde.domain}.")


def _initial_value_problem(pde: "LotkaVolterra | Pendulum | Lorenz", initial: Sequence[float]) -> tuple[Condition, ...]:
    """y' = F(y) on [t₀, t₀ + T], y(t₀) given."""

    def residual(y: Field, t: Tensor, *, strategy: Strategy) -> Tensor:
        value, rate = partials(y, t, [(), (0,)], strategy)
        return rate - pde.rate(value)

    given = dirichlet(Initial(pde.domain), lambda t: t.new_tensor(initial), name="initial", weight=pde.penalty)
    return interior(pde.domain, residual), given


@dataclass(frozen=True)
class LotkaVolterra(PDE):
    """x' = αx − βxy,  y' = δxy − γy: prey x and predators y (Lotka 1925; Volterra 1926).

    α = `growth`, β = `predation`, γ = `death`, δ = `gain`. `exact` is integrated numerically. Raises ValueError unless
    all are > 0, and for a domain with space.
    """

    domain: TimeDomain = TimeDomain(4.0, SinglePoint())
    growth: float = 1.5
    predation: float = 1.0
    death: float = 3.0
    gain: float = 1.0
    initial: Sequence[float] = (1.0, 1.0)
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 2

    def __post_init__(self) -> None:
        require_positive(self, "growth", "predation", "death", "gain", "penalty")
        _require_time_alone(self)
        if self.exact is None:
            object.__setattr__(self, "exact", RungeKutta(self.rate, self.initial, self.domain.duration))

    def rate(self, y: Tensor) -> Tensor:
        prey, predators = y[0], y[1]
        encounters = prey * predators
        return torch.stack(
            [self.growth * prey - self.predation * encounters, self.gain * encounters - self.death * predators]
        )

    @property
    def names(self) -> tuple[str, ...]:
        return ("x", "y")

    def conditions(self) -> tuple[Condition, ...]:
        return _initial_value_problem(self, self.initial)


@dataclass(frozen=True)
class Pendulum(PDE):
    """θ' = ω,  ω' = −(g/l) sin θ − cω: a pendulum with friction; angle θ and its rate ω.

    √(g/l) = `frequency`, c = `friction`. `exact` is integrated numerically. Raises ValueError unless frequency > 0 and
    friction >= 0, and for a domain with space.
    """

    domain: TimeDomain = TimeDomain(5.0, SinglePoint())
    frequency: float = 2.0
    friction: float = 0.1
    initial: Sequence[float] = (2.0, 0.0)
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 2

    def __post_init__(self) -> None:
        require_positive(self, "frequency", "penalty")
        if isinstance(self.friction, float) and self.friction < 0:
            raise ValueError(f"Pendulum needs friction >= 0, got friction={self.friction}.")
        _require_time_alone(self)
        if self.exact is None:
            object.__setattr__(self, "exact", RungeKutta(self.rate, self.initial, self.domain.duration))

    def rate(self, y: Tensor) -> Tensor:
        angle, velocity = y[0], y[1]
        return torch.stack([velocity, -(self.frequency**2) * torch.sin(angle) - self.friction * velocity])

    @property
    def names(self) -> tuple[str, ...]:
        return ("theta", "omega")

    def conditions(self) -> tuple[Condition, ...]:
        return _initial_value_problem(self, self.initial)


@dataclass(frozen=True)
class Lorenz(PDE):
    """x' = σ(y − x),  y' = x(ρ − z) − y,  z' = xy − βz (Lorenz 1963, eq. 25–27), on a short window of time.

    σ = `prandtl`, ρ = `rayleigh`, β = `beta`. `exact` is integrated numerically. Raises
    ValueError unless all are > 0, and for a domain with space.
    """

    domain: TimeDomain = TimeDomain(0.5, SinglePoint())
    prandtl: float = 10.0
    rayleigh: float = 28.0
    beta: float = 8 / 3
    initial: Sequence[float] = (1.0, 1.0, 1.0)
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 3

    def __post_init__(self) -> None:
        require_positive(self, "prandtl", "rayleigh", "beta", "penalty")
        _require_time_alone(self)
        if self.exact is None:
            object.__setattr__(self, "exact", RungeKutta(self.rate, self.initial, self.domain.duration))

    def rate(self, y: Tensor) -> Tensor:
        a, b, c = y[0], y[1], y[2]
        return torch.stack([self.prandtl * (b - a), a * (self.rayleigh - c) - b, a * b - self.beta * c])

    @property
    def names(self) -> tuple[str, ...]:
        return ("x", "y", "z")

    def conditions(self) -> tuple[Condition, ...]:
        return _initial_value_problem(self, self.initial)
