"""What is drawn: a field on its domain, beside it the solution if that is known, with names and units."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain
from pinn.pdes import PDE
from pinn.plotting.labels import mathtext
from pinn.plotting.quantities import Quantity
from pinn.plotting.style import scientific
from pinn.runs import Run
from pinn.runs.units import checked_units, component_names
from pinn.training.accuracy import Reference
from pinn.training.step import Step
from pinn.typing import Field, Points


@dataclass(frozen=True)
class Subject:
    """The field u of one point on `domain`, and `exact`, if that is known.

    `names` are those of its components, `units` those of coordinates and components by name, `vectors` the components
    that are a vector together. `like` has the dtype and device of the points; errors are those of `scored`, None: all.
    """

    u: Field
    domain: Domain
    exact: Field | None = None
    names: Sequence[str] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    like: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    scored: tuple[int, ...] | None = None

    @classmethod
    def of(cls, run: Run) -> "Subject":
        """The solution of a run."""
        return cls._of(run, run.pde, run.names, run.units, run.like)

    @classmethod
    def of_step(cls, step: Step, units: Mapping[str, str]) -> "Subject":
        """The solution after a step of training."""
        u, pde = step.field, step.objective.pde
        like = next(iter(step.params.values())).detach()
        names = component_names(pde, u(like.new_zeros(pde.domain.dim)).numel())
        return cls._of(u, pde, names, checked_units(units, pde), like)

    @classmethod
    def _of(cls, u: Field, pde: PDE, names: Sequence[str], units: Mapping[str, str], like: Tensor) -> "Subject":
        """Without unknown numbers, which are no maps and have a figure of their own."""
        kept = kept_components(pde, len(names))

        def shown(field: Field) -> Field:
            if len(kept) == len(names):
                return field
            return lambda x: field(x)[kept] if len(kept) > 1 else field(x)[kept[0]]

        exact = None if pde.exact is None else shown(pde.solution(pde.exact))
        scored = None if len(kept) == 1 else pde.scored
        return cls(shown(u), pde.domain, exact, [names[k] for k in kept], units, pde.vectors, like, scored)

    @property
    def quantities(self) -> list[Quantity]:
        """The solution; with an exact one also that and the error."""
        more = {"names": self.names, "units": self.units}
        solution = Quantity("solution", "Solution", "u{}", self._at(self.u), **more)
        if self.exact is None:
            return [solution]
        u, true = self._at(self.u), self._at(self.exact)
        return [
            solution,
            Quantity("exact", "Exact", r"u^{\!*}{}", true, **more),
            Quantity("error", "Error", r"u{} - u^{\!*}{}", lambda x: u(x) - true(x), signed=True, **more),
        ]

    @property
    def errors(self) -> str:
        """The errors over the whole domain, at the points where they are always measured."""
        if self.exact is None:
            return ""
        reference = Reference.of(self.domain, self.exact, self.like, self.scored)
        l2, largest = reference.relative_l2(self.u), reference.max_error(self.u)
        return f"relative $L^2$ error {scientific(l2)}, max error {scientific(largest)}"

    def vector(self, names: Sequence[str] = ()) -> tuple[str, tuple[int, ...]] | None:
        """A vector by what it is and its components: the one with these names, or the first that the problem has."""
        if names:
            if wrong := [name for name in names if name not in self.names]:
                raise ValueError(f"There is no component {wrong[0]!r}: there are {', '.join(self.names)}.")
            if len(names) not in (2, 3):
                raise ValueError(f"A vector has two or three components, got {', '.join(names)}.")
            chosen = tuple(list(self.names).index(name) for name in names)
            return next((item for item in self.vectors.items() if item[1] == chosen), ("vector", chosen))
        return next(iter(self.vectors.items()), None)

    def symbol(self, components: Sequence[int]) -> str:
        """The symbol of a vector: v for v_1 and v_2, otherwise in brackets, (a, b)."""
        names = [self.names[k] for k in components]
        if names == [f"{names[0].partition('_')[0]}_{k + 1}" for k in range(len(names))]:
            return mathtext(names[0].partition("_")[0])
        return f"({', '.join(map(mathtext, names))})"

    @staticmethod
    def _at(u: Field) -> Callable[[Points], Tensor]:
        return vmap(u)


def kept_components(pde: PDE, components: int) -> list[int]:
    """Those of so many components of a field that are drawn: all but unknown numbers."""
    unknowns = list(pde.unknowns.values())
    numbers = {components - len(unknowns) + k for k, unknown in enumerate(unknowns) if not unknown.field}
    return [k for k in range(components) if k not in numbers]
