"""Inverse problems: coefficients of a PDE from measurements of its solution."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from pinn.domains import MOST_POINTS
from pinn.networks import Unknown
from pinn.operators import Strategy
from pinn.pdes.ansatz import Ansatz
from pinn.pdes.condition import Condition
from pinn.pdes.couplings import measured
from pinn.pdes.derived.coefficients import (
    check_coefficients,
    coefficients_of,
    condition_of,
    following,
    residual_of,
    substituted,
)
from pinn.pdes.derived.kept import Kept
from pinn.pdes.derived.known_field import known_field
from pinn.pdes.derived.measurements import Measured, read_measurements, relative, synthetic_measurements
from pinn.pdes.derived.wrapper import Wrapper
from pinn.pdes.pde import PDE
from pinn.typing import DataFile, Field


@dataclass(frozen=True)
class Inverse(Wrapper):
    """The coefficients `unknowns` of `pde`, which satisfies its equation and agrees with measured data.

    u = (solution, unknowns): every coefficient is one more component of the field, constant unless it is a field. The
    equation and conditions are those of `pde`, with the coefficients as found; the conditions are kept if their names
    are in `keep` (null: all). Initial, boundary and source data that speak of an unknown follow it, and are asked for
    softly; those that come from the solution `exact` of `pde` are known. `on_boundary` prescribes unknown fields on the
    boundary, by name: a number, the text of a formula, or a function of the point.

    The data are `sensors` values of the solution of `pde` at random points with normal noise, whose deviation is
    `noise` times the root mean square of each component; or those in the file `data`: a CSV with columns of the names
    of coordinates and components, or an .npz. `measured_components` says which components are measured, null: all.
    `weight` multiplies the mean square of misfits. Null finds it (`pinn.weighting.by_noise`), for misfits in parts of
    the root mean square of each component. Raises ValueError for a coefficient that `pde` does not have, for an energy,
    for less than one sensor, negative noise, components that there are not, and data that do not fit or lie outside;
    FileNotFoundError if there is no such file.
    """

    unknowns: Mapping[str, Unknown] = dataclasses.field(default_factory=dict)
    sensors: int = 200
    noise: float = 0.01
    weight: float | None = None
    seed: int = 0
    data: DataFile | None = None
    measured_components: Sequence[int] | None = None
    keep: Sequence[str] | None = None
    on_boundary: Mapping[str, float | str | Field] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_coefficients("Inverse", self.pde, tuple(self.unknowns))
        for name, unknown in self.unknowns.items():
            if unknown.field != callable(coefficients_of(self.pde)[name]):
                kind = "a function: set field=True" if not unknown.field else "a number: set field=False"
                raise ValueError(f"Inverse: {name} of {type(self.pde).__name__} is {kind} (pde.unknowns.{name}.field).")
        if not 1 <= self.sensors <= MOST_POINTS:
            raise ValueError(f"Inverse needs sensors >= 1 and at most {MOST_POINTS}, got sensors={self.sensors}.")
        if not 0 <= self.noise < math.inf:
            raise ValueError(f"Inverse needs a finite noise >= 0, got noise={self.noise}.")
        if self.weight is not None and not 0 < self.weight < math.inf:
            raise ValueError(f"Inverse needs a finite weight > 0, or null for that of the noise, got {self.weight}.")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"Inverse needs a seed from 0 to 2⁶³ − 1, got seed={self.seed}.")
        chosen = self._measured
        if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(range(self.solved)):
            raise ValueError(
                f"Inverse needs measured_components among 0 to {self.solved - 1}, at least one and none twice, or null "
                f"for all, got measured_components={list(chosen)}."
            )
        if self.data is None and self.pde.exact is None:
            raise ValueError(f"Inverse needs data: {type(self.pde).__name__} has no solution to measure.")
        names = [condition.name for condition in self.pde.conditions()]
        if wrong := [name for name in self.keep or () if name not in names]:
            raise ValueError(f"Inverse cannot keep the conditions {wrong}; there are {', '.join(names)}.")
        for name in self.on_boundary:
            if name not in self.unknowns or not self.unknowns[name].field:
                raise ValueError(f"Inverse.on_boundary takes unknown fields, got {name!r}.")
        if any(condition.energy is not None for condition in self.pde.conditions()):
            raise ValueError("Inverse takes residuals, and an energy does not determine its coefficients: ritz=false.")
        _ = self.measurements, self._known

    @property
    def solved(self) -> int:
        """The number of components of the solution, without the unknowns."""
        return self.pde.components or 1

    @property
    def components(self) -> int:
        return self.solved + len(self.unknowns)

    @property
    def names(self) -> tuple[str, ...] | None:
        return None if self.pde.names is None else (*self.pde.names, *self.unknowns)

    @property
    def scored(self) -> tuple[int, ...]:
        return self.pde.scored or tuple(range(self.solved))

    @property
    def truth(self) -> dict[str, float]:
        """The unknown numbers as `pde` has them, with which data without a file are made."""
        numbers = {name: coefficients_of(self.pde)[name] for name in self.unknowns}
        return {name: value for name, value in numbers.items() if not callable(value)}

    def true_field(self, name: str) -> Field:
        """An unknown field as `pde` has it."""
        value = coefficients_of(self.pde)[name]
        return value if callable(value) else lambda x: x.new_tensor(value)

    @property
    def exact(self) -> Field | None:
        """Solution and coefficients as `pde` has them; None if the data come from a file."""
        solution = self.pde.exact
        if solution is None or self.data is not None:
            return None

        def completed(x: Tensor) -> Tensor:
            values: list[Any] = [coefficients_of(self.pde)[name] for name in self.unknowns]
            parts: list[Any] = [value(x) if callable(value) else x.new_tensor(value) for value in values]
            return torch.cat([solution(x).reshape(-1), torch.stack(parts)])

        return completed

    def conditions(self) -> tuple[Condition, ...]:
        kept = [c for k, c in enumerate(self.pde.conditions()) if k == 0 or self.keep is None or c.name in self.keep]
        points, values, _ = self.measurements
        data = measured(points, values, components=self._measured, weight=self.weight or 1.0)
        data = relative(data, values) if self.weight_found else data
        return (*(self._completed(condition) for condition in kept), *self._known, data)

    def ansatz(self) -> Ansatz:
        """The ansatz of `pde` for its solution; the unknowns stay as the network gives them."""
        inner, embed = self._kept.ansatz(), self.domain.embed

        def completed(network: Field, x: Tensor) -> Tensor:
            # An ansatz takes its network at the very point x, so one call serves both.
            value = network(embed(x))
            solution = inner(lambda _: self._solution(value))(x)
            return torch.cat([solution.reshape(-1), value[self.solved :]])

        return lambda network: partial(completed, network)

    @property
    def softened(self) -> Mapping[str, str]:
        return self._kept.softened

    @cached_property
    def _known(self) -> list[Condition]:
        """The boundary values of unknown fields."""
        place = {name: self.solved + k for k, name in enumerate(self.unknowns)}
        return [
            known_field(self.domain, name, place[name], self.unknowns[name].initial, value)
            for name, value in self.on_boundary.items()
        ]

    @cached_property
    def _kept(self) -> Kept:
        """`pde` with what is built into its field: no condition whose data follow an unknown."""
        names = [c.name for c in self.pde.conditions() if c.name not in self._following]
        return Kept(self.pde, [name for name in names if self.keep is None or name in self.keep])

    @cached_property
    def measurements(self) -> tuple[Tensor, Tensor, float]:
        """Points (n, d), values (n, m) of the measured components, and the deviation of the noise, NaN if unknown."""
        if self.data is not None:
            return self._read.points, self._read.values, math.nan
        assert self.pde.exact is not None
        return synthetic_measurements(
            self.domain, self.pde.exact, self._measured, sensors=self.sensors, noise=self.noise, seed=self.seed
        )

    @property
    def weight_found(self) -> bool:
        """Whether training is to find the weight of the data."""
        return self.weight is None

    @property
    def _measured(self) -> tuple[int, ...]:
        known = self._read.components if self.data else None
        asked = None if self.measured_components is None else tuple(self.measured_components)
        if None not in (asked, known) and asked != known:
            raise ValueError(f"pde.data={self.data} has columns of other components than pde.measured_components.")
        return known or tuple(range(self.solved)) if asked is None else asked

    @cached_property
    def _read(self) -> Measured:
        assert self.data is not None
        m = self.solved if self.measured_components is None else len(self.measured_components)
        return read_measurements(self.data, self.domain, self.pde.names, m)

    def _solution(self, values: Tensor) -> Tensor:
        return values[0] if self.pde.components is None else values[: self.solved]

    @cached_property
    def _following(self) -> frozenset[str]:
        """The conditions whose data follow an unknown."""
        return frozenset(following(self.pde, self.unknowns))

    def _completed(self, condition: Condition) -> Condition:
        residual, g = partial(self._residual, condition.name), condition.prescribed
        if condition.name in self._following:
            residual = partial(self._with_data, condition.name)
            return dataclasses.replace(condition, residual=residual, given=None, prescribed=None)
        if g is None:
            return dataclasses.replace(condition, residual=residual)
        components = condition.components or tuple(range(self.solved))

        def prescribed(x: Tensor) -> Tensor:
            return torch.cat([g(x).reshape(-1), x.new_zeros(len(self.unknowns))])

        return dataclasses.replace(condition, residual=residual, prescribed=prescribed, components=components)

    def _residual(self, name: str, u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
        return residual_of(self._found(u, sample[0]), name, self._solved(u), *sample, strategy=strategy)

    def _with_data(self, name: str, u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
        """The residual with the data that the unknowns make."""
        condition = condition_of(self._found(u, sample[0]), name)
        assert condition.given is not None
        return condition.residual(self._solved(u), *sample, condition.given(*sample), strategy=strategy)

    def _solved(self, u: Field) -> Field:
        return lambda x: self._solution(u(x))

    def _found(self, u: Field, x: Tensor) -> PDE:
        """`pde` with the unknowns that a field has at a point."""
        numbers = u(x)[self.solved :]
        values: dict[str, Tensor | Field] = {}
        for k, (key, unknown) in enumerate(self.unknowns.items()):
            values[key] = partial(_component, u, self.solved + k) if unknown.field else numbers[k]
        return substituted(self.pde, values)


def _component(u: Field, k: int, x: Tensor) -> Tensor:
    return u(x)[k]
