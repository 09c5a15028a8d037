"""Initial and boundary values typed as text: which of them an equation needs, and the conditions that they make."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Boundary, Domain, Initial, PeriodicBox, TimeDomain
from pinn.expressions import Equations, Formula, Names
from pinn.operators import Strategy
from pinn.pdes.condition import Condition, Residual, cauchy, dirichlet, neumann
from pinn.pdes.typed.texts import ByPart, Text, Texts, by_part, entries_of, typed_field
from pinn.typing import Field


@dataclass(frozen=True)
class PrescribedData:
    """What is prescribed beside an equation whose fields have derivatives of these `orders` along each coordinate.

    Initial values as often as it differentiates in time, boundary values if it differentiates in space. Values are
    those of the texts, else of `exact`. A flux may speak of u and its derivatives, and so may `boundary_equation`,
    which has one equation or several for each part. Raises ValueError for what is missing and for what has no use.
    """

    domain: Domain
    names: Names
    orders: tuple[dict[int, int], ...]
    exact: Field | None
    given: Mapping[str, Any]
    """What is typed as initial, initial_velocity, boundary and flux, with tables read."""
    boundary_equation: Mapping[str, str | Sequence[str]] | None
    weight: float
    all_names: Names
    """Those of all components of u, of which the `names` are the first."""
    joined: Callable[[Field], Field]
    """From u to what has the `all_names`, if some are coefficients."""
    fluxes: int = 0
    """Fields that follow, which no value is prescribed of."""

    @property
    def initial(self) -> Texts | None:
        return self.given["initial"]

    @property
    def initial_velocity(self) -> Texts | None:
        return self.given["initial_velocity"]

    @property
    def boundary(self) -> ByPart | None:
        return self.given["boundary"]

    @property
    def flux(self) -> ByPart | None:
        return self.given["flux"]

    def conditions(self) -> list[Condition]:
        """All of them."""
        if self.exact is not None:
            _check_period(self.domain, "exact", self.exact)
        return [*self._initial(), *self._boundary(), *self._flux(), *self._equations()]

    def _initial(self) -> list[Condition]:
        """Value or value and velocity at the first instant, as often as the equation differentiates in time."""
        timed = isinstance(self.domain, TimeDomain)
        orders = [by_axis.get(0, 0) if timed else 0 for by_axis in self.orders]
        given = {name: getattr(self, name) for name in ("initial", "initial_velocity")}
        for name, needed in (("initial", 1), ("initial_velocity", 2)):
            if given[name] is not None and max(orders) < needed:
                what = "dt(…)" if needed == 1 else "dt(dt(…))"
                raise ValueError(f"pde.{name} is given, but the equation has no {what} that would need it.")
        if not max(orders):
            return []
        assert isinstance(self.domain, TimeDomain)
        if max(orders) > 2:
            name = self.names.fields[orders.index(max(orders))]
            raise ValueError(
                f"dt is applied {max(orders)} times to {name}, at most 2: make its rate a field of its own."
            )
        once, twice = (tuple(k for k, order in enumerate(orders) if order == n) for n in (1, 2))
        value, moving = self._start(once, twice)
        conditions: list[Condition] = []
        if once:
            components = None if len(once) == len(orders) and not self.fluxes else once
            start = Initial(self.domain)
            conditions.append(dirichlet(start, value, name="initial", weight=self.weight, components=components))
        if twice:
            name = "initial_motion" if once else "initial"
            motion = cauchy(self.domain, moving, name=name, weight=self.weight)
            whole = len(twice) == len(orders) and not self.fluxes
            conditions.append(motion if whole else _restricted(motion, twice))
        return conditions

    def _start(self, once: tuple[int, ...], twice: tuple[int, ...]) -> tuple[Field, Field]:
        """The initial value, and a field with the initial value and velocity."""
        exact = self.exact
        if self.initial is None and self.initial_velocity is None and exact is not None:
            return exact, exact
        if self.initial is None:
            which = ", ".join(self.names.fields[k] for k in sorted(once + twice))
            raise ValueError(
                f"The equation has dt of {which}: give pde.initial, the value at the first instant, or pde.exact."
            )
        value, chosen = self._field("initial", self.initial, still=True)
        _check_period(self.domain, "initial", value)
        self._require("initial", chosen, once + twice)
        if not twice:
            return value, value
        if self.initial_velocity is None:
            which = ", ".join(self.names.fields[k] for k in twice)
            raise ValueError(
                f"The equation has dt(dt(…)) of {which}: give pde.initial_velocity, its dt at the first instant."
            )
        velocity, chosen = self._field("initial_velocity", self.initial_velocity, still=True)
        self._require("initial_velocity", chosen, twice)
        assert isinstance(self.domain, TimeDomain)
        return value, _Motion(value, velocity, self.domain.start)

    def _field(self, name: str, texts: Texts, *, still: bool = False) -> tuple[Formula, tuple[int, ...] | None]:
        return typed_field(name, texts, self.names, free=True, still=still, more=self.fluxes)

    def _require(self, name: str, chosen: tuple[int, ...] | None, needed: tuple[int, ...]) -> None:
        for k in needed:
            if chosen is not None and k not in chosen:
                field = self.names.fields[k]
                raise ValueError(f"pde.{name} has no expression for {field}, which has dt in the equation.")

    @property
    def _bounded(self) -> bool:
        """Whether there is a boundary, whose measure may also be too small for a number, as in 1000 dimensions."""
        return self.domain.boundary_measure > 0 or self.domain.measure == 0

    def _boundary(self) -> list[Condition]:
        conditions: list[Condition] = []
        exact, in_space = self.exact, any(set(orders) & {*self.names.space_axes} for orders in self.orders)
        nothing = self.boundary is None and self.flux is None and not self.boundary_equation
        if nothing and in_space and self._bounded:
            if exact is None:
                raise ValueError(
                    "The domain has a boundary: give pde.boundary, the value there, pde.flux, the normal derivative, "
                    "pde.boundary_equation or pde.exact; pde.boundary=[] means no condition."
                )
            fields = range(len(self.names.fields)) if self.fluxes else None
            return [dirichlet(Boundary(self.domain), exact, weight=self.weight, components=fields)]
        for name, region, texts in self._parts("boundary", self.boundary):
            g, chosen = self._field(name, texts)
            conditions.append(dirichlet(region, g, name=name, weight=self.weight, components=chosen))
        return conditions

    def _flux(self) -> list[Condition]:
        conditions: list[Condition] = []
        for name, region, texts in self._parts("flux", self.flux):
            entries = entries_of(name, texts, self.names.fields, free=True)
            of_u = Equations.of_fluxes(entries, self.all_names, name)
            if any(self._speaks_of_fields(text, name) for text in entries.values()):
                conditions.append(self._typed(name, region, of_u))
                continue
            h, chosen = self._field(name, texts)
            condition = neumann(region, h, name=name, weight=self.weight)
            conditions.append(condition if chosen is None else _restricted(condition, chosen))
        return conditions

    def _equations(self) -> list[Condition]:
        """The equations on parts of the boundary."""
        conditions: list[Condition] = []
        names = self.all_names.on_boundary()
        for name, region, texts in self._parts("boundary_equation", self.boundary_equation):
            equations = Equations.of(texts, names, name)
            if equations.of_data:
                raise ValueError(f"pde.{name} says nothing of {' and '.join(self.names.fields)}.")
            conditions.append(self._typed(name, region, equations))
        return conditions

    def _typed(self, name: str, region: Boundary, equations: Equations) -> Condition:
        return Condition(name, region, partial(_typed_residual, equations, self.joined), weight=self.weight)

    def _speaks_of_fields(self, text: Text, name: str) -> bool:
        return not Equations.of(text, self.all_names.on_boundary(), name).of_data

    def _parts(self, name: str, given: ByPart | None) -> list[tuple[str, Boundary, Texts]]:
        """The parts of the boundary that are spoken of: what to call the condition, the region, the formulas."""
        if given is None or (not isinstance(given, (str, int, float)) and not given):
            return []
        if not self._bounded:
            raise ValueError(f"pde.{name} is given, but the domain {self.domain} has no boundary.")
        parts = by_part(given, self.names.fields, self.domain.tags)
        return [(f"{name}_{tag}" if tag else name, Boundary(self.domain, tag), texts) for tag, texts in parts.items()]


@dataclass(frozen=True)
class _Motion:
    """The field with a value and a velocity at the first instant."""

    value: Formula
    velocity: Formula
    first: float

    def __call__(self, x: Tensor) -> Tensor:
        return self.value(x) + (x[..., 0] - self.first) * self.velocity(x)


def _typed_residual(
    equations: Equations,
    joined: Callable[[Field], Field],
    u: Field,
    x: Tensor,
    normal: Tensor,
    *,
    strategy: Strategy,
) -> Tensor:
    """The residual of equations on the boundary."""
    return equations(joined(u), x, strategy, normal)


def _check_period(domain: Domain, name: str, g: Field) -> None:
    """Refuse data that differ on opposite faces of a periodic box by more than one part in a thousand."""
    space = domain.space if isinstance(domain, TimeDomain) else domain
    if not isinstance(space, PeriodicBox) or getattr(g, "tensors", None):  # what a tensor is, nobody knows inside vmap
        return
    generator = torch.Generator().manual_seed(0)
    points = domain.interior(torch.rand(50, domain.interior_sample_dim, generator=generator, dtype=torch.float64))
    for k, (lower, upper) in enumerate(zip(*space.bounds, strict=True)):
        axis = k + domain.dim - space.dim
        near, far = points.clone(), points.clone()
        near[:, axis], far[:, axis] = lower, upper
        a, b = vmap(g)(near), vmap(g)(far)
        if (a - b).abs().max() > 1e-3 * torch.maximum(a.abs().max(), vmap(g)(points).abs().max()):
            raise ValueError(
                f"pde.{name} is not periodic on the domain, whose coordinate {k + 1} of space runs from {lower:g} to "
                f"{upper:g}: choose its bounds (domain.lower, domain.upper) to hold whole periods."
            )


def _restricted(condition: Condition, components: tuple[int, ...]) -> Condition:
    """The condition for some components of u alone, which are the last axis of its residual."""
    residual = partial(_of_components, condition.residual, components)
    return dataclasses.replace(condition, residual=residual, components=components)


def _of_components(
    residual: Residual, components: tuple[int, ...], u: Field, *sample: Tensor, strategy: Strategy
) -> Tensor:
    errors = residual(u, *sample, strategy=strategy)
    return torch.stack([errors[..., k] for k in components], -1)
