"""A problem typed as text: equation, data and solution as formulas."""

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.domains import Box, Domain, TimeDomain
from pinn.expressions import Equations, Formula, Names, uses_time
from pinn.operators import Strategy
from pinn.pdes.condition import Condition, interior, manufactured
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.typed.constraints import Entry, integral_conditions, measured_conditions, point_conditions
from pinn.pdes.typed.fluxes import with_fluxes
from pinn.pdes.typed.lost_jumps import refuse_lost_jumps, refuse_rough_solution
from pinn.pdes.typed.prescribed_data import PrescribedData
from pinn.pdes.typed.satisfied import refuse_unsatisfied
from pinn.pdes.typed.tables import Interpolation, check_interpolation, refuse_uncovered, table_or_text, with_tables
from pinn.pdes.typed.texts import Texts, TypedByPart, TypedTexts, read_texts, refuse_unused, typed_field
from pinn.typing import DataFile, Field, FormulaText

EXAMPLE = {"equation": "dt(u) + u*dx(u) = nu*laplacian(u)", "exact": "exp(-t)*sin(pi*x)"}
EXAMPLE_COEFFICIENTS = {"nu": 0.1}
_ON_BOUNDARY = ("boundary", "flux", "boundary_equation")


@dataclass(frozen=True)
class Expression(PDE):
    """The equations N[u] = 0 of some `fields`, typed as text, with their conditions.

        Expression(equation="dt(u) + u*dx(u) = nu*dx(dx(u))", coefficients={"nu": 0.01},
                   initial="-sin(pi*x)", boundary="0")

    Coordinates are x, y, z (beyond them x4, x5, …) and, if the texts speak of t or dt, time: then `domain` is space
    and becomes `duration` × space; `time` says so without. Operators differentiate anything: dx(k*dx(u)), dt(dt(u)),
    laplacian(u) over space, grad(u), div([u, v]), dot(a, b). `coefficients` are numbers or formulas of the coordinates.

    With `exact` the right side is that of the manufactured solution, N[u] = N[exact], and initial and boundary values
    are those of `exact` if they are not given. `initial` is u, `initial_velocity` u_t at the first instant,
    `boundary` is u and `flux` ∂u/∂n on the whole boundary, or formulas by the name of its parts; `[]` is no condition.
    A flux may speak of u and its derivatives: "-2*(u - 20)" is Robin's condition, "-dt(u)" lets waves out. What else
    holds on a part is `boundary_equation`, with dn(u) = ∂u/∂n and the normal (nx, ny, nz): {wall: "u*nx + v*ny = 0"}.
    For several fields these are lists with one entry for each, or formulas by their names, u(x) has the shape (m,), and
    None leaves a field free. Without `equation` it is the example in EXAMPLE.

    `points` are values at single points, such as {at: [0, 0], p: 0}, and `integrals` what integrals are, such as
    {of: "p", value: 0} over the domain, or {of: "dn(u)", value: 1, over: "right"} over a part of its boundary.
    `measurements` is a file of values to be met in the mean square (`pinn.pdes.derived.measurements`).

    `mixed` makes every flux under a divergence a field of its own: −div(k*grad(u)) = f becomes q = k∇u, −∇·q = f, which
    are of first order and differentiate no k. These fields come last, have no conditions, and are not scored.

    Raises FormulaError, a ValueError that points at the character, for a text that is not a formula and for what jumps
    under a derivative, whose Dirac part would be lost; ValueError for data that are missing, too many, or of no use.
    """

    domain: Domain = Box((0.0,), (1.0,))
    equation: str | float | Sequence[str | float | None] | None = None
    fields: Sequence[str] = ("u",)
    coefficients: Mapping[str, float | FormulaText] = dataclasses.field(default_factory=dict)
    exact: Texts | Field | None = None  # a field once it is built
    initial: TypedTexts | None = None
    initial_velocity: TypedTexts | None = None
    boundary: TypedByPart | None = None
    flux: TypedByPart | None = None
    boundary_equation: Mapping[str, str | Sequence[str]] | None = None
    points: Sequence[Entry] = ()
    integrals: Sequence[Entry] = ()
    measurements: DataFile | None = None
    interpolation: Interpolation = None
    time: bool | None = None
    duration: float = 1.0
    hard: bool = True
    penalty: float = 1.0
    mixed: bool = False

    typed_exact: ClassVar[Texts | None] = None
    """The text of `exact`, which is a field once it is built."""
    _coefficient_fields: ClassVar[Mapping[str, Field]] = {}

    def __post_init__(self) -> None:
        require_positive(self, "duration", "penalty")
        if not self.fields or isinstance(self.fields, str):
            raise ValueError(f"Expression needs a list of fields, such as [u] or [u, v], got fields={self.fields!r}.")
        if self.equation is None:
            self._take_the_example()
        if not isinstance(self.domain, TimeDomain) and self._speaks_of_time():
            object.__setattr__(self, "domain", TimeDomain(self.duration, self.domain))
        check_interpolation(self.interpolation)
        for name, text in self._names.coefficients.items():
            Equations.of(text, self._names.within_coefficients(), f"coefficient {name}")
        if self.exact is not None and not callable(self.exact):
            object.__setattr__(self, "typed_exact", self.exact)
            object.__setattr__(self, "exact", typed_field("exact", self.exact, self._typed_names)[0])
        for name, orders in zip(self.fields, self._equations.orders, strict=False):
            if not orders:
                raise ValueError(f"The field {name!r} does not occur in pde.equation; its fields are {[*self.fields]}.")
        if self.mixed and not self._fluxes:
            raise ValueError("pde.mixed is given, but there is no flux such as k*grad(u) under a divergence.")
        refuse_lost_jumps(self._equations, self.domain, mixed=self.mixed)
        if isinstance(self.exact, Formula):
            refuse_rough_solution(self.exact, self._equations, self.domain)
        object.__setattr__(self, "exact", with_fluxes(self._exact, self._equations, len(self.fields)))
        conditions = self.conditions()
        refuse_uncovered([self._equations.program], self.domain, conditions[1:])
        refuse_unused(self.coefficients, [self.typed_exact, *self._typed_texts])
        if self._exact is not None:
            refuse_unsatisfied(conditions[1:], self._exact)

    def at(self, values: Mapping[str, Tensor | Field], *, solved: bool = True) -> "Expression":
        """The same problem with other coefficients: tensors, which may be those of a transform, or fields.

        Everything that was typed with them follows, `exact` only if the problem is to be `solved` with them.
        """
        fields = {name: value for name, value in values.items() if not isinstance(value, Tensor)}
        other = copy.copy(self)
        for name in ("_names", "_typed_names", "_equations", "_softened"):
            vars(other).pop(name, None)
        kept = {name: value for name, value in self.coefficients.items() if name not in fields}
        numbers = {name: value for name, value in values.items() if name not in fields}
        object.__setattr__(other, "coefficients", {**kept, **numbers})
        object.__setattr__(other, "_coefficient_fields", fields)
        if self.typed_exact is not None and not fields and solved:
            exact = typed_field("exact", self.typed_exact, other._typed_names)[0]
            object.__setattr__(other, "exact", with_fluxes(exact, other._equations, len(self.fields)))
        return other

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.fields, *self._fluxes)

    def of_solution(self, name: str) -> bool:
        """Whether a coefficient speaks of the solution."""
        return not Equations.of(self._names.coefficients[name], self._names.within_coefficients()).of_data

    def coefficient(self, name: str) -> float | Field:
        """A coefficient as it was typed: a number, or a field of the coordinates."""
        text = self._names.coefficients[name]
        formula = Formula.of(text, self._names.data(), f"coefficient {name}")
        number = formula.number
        return formula if number is None else number

    @property
    def components(self) -> int | None:
        m = len(self.fields) + len(self._fluxes)
        return None if m == 1 else m

    @property
    def scored(self) -> tuple[int, ...] | None:
        return tuple(range(len(self.fields))) if self._fluxes else None

    def residual(self, u: Field, x: Tensor, *source: Tensor, strategy: Strategy) -> Tensor:
        """N[u] at a point, less the source if there is one: shape (), or one entry for each equation of a list."""
        value = self._equations(self._with_coefficients(u), x, strategy)
        return value - source[0] if source else value

    def _with_coefficients(self, u: Field) -> Field:
        """u and the coefficients that are fields."""
        more = tuple(self._coefficient_fields.values())
        return (lambda y: torch.cat([u(y).reshape(-1), torch.stack([k(y) for k in more])])) if more else u

    def conditions(self) -> tuple[Condition, ...]:
        exact = self._exact
        source = manufactured(self.residual, exact) if exact else None
        prescribed = PrescribedData(
            self.domain,
            self._own_names,
            self._equations.orders[: len(self.fields)],
            exact,
            {name: self._read(name) for name in ("initial", "initial_velocity", "boundary", "flux")},
            self.boundary_equation,
            self.penalty,
            self._names,
            self._with_coefficients,
            len(self._fluxes),
        )
        pinned = point_conditions(self.points, self.domain, self._own_names, self.penalty, len(self._fluxes))
        integrals = integral_conditions(self.integrals, self.domain, self._names, self._with_coefficients, self.penalty)
        known = measured_conditions(self.measurements, self.domain, tuple(self.fields), self.penalty)
        equation = interior(self.domain, self.residual, source=source)
        return (equation, *prescribed.conditions(), *pinned, *integrals, *known)

    def _read(self, name: str) -> Any:
        """What is prescribed, with tables in place of the names of their files."""
        names = dataclasses.replace(self._own_names, still=name.startswith("initial"))
        return with_tables(name, getattr(self, name), self.fields, names, self.interpolation)

    @property
    def _exact(self) -> Field | None:
        assert self.exact is None or callable(self.exact)
        return self.exact

    @cached_property
    def _typed_names(self) -> Names:
        """The names in texts, without the fluxes of a mixed form."""
        timed = isinstance(self.domain, TimeDomain)
        names = Names(self.domain.dim - timed, timed, (*self.fields, *self._coefficient_fields))
        read = {
            name: table_or_text(text, f"coefficient {name}", name, names, self.interpolation)
            for name, text in self.coefficients.items()
        }
        return dataclasses.replace(names, coefficients=read)

    @property
    def _own_names(self) -> Names:
        """The names of what values are prescribed of."""
        return dataclasses.replace(self._typed_names, fields=tuple(self.fields))

    @cached_property
    def _fluxes(self) -> tuple[str, ...]:
        """The names of the fluxes that are fields of their own."""
        if not self.mixed:
            return ()
        assert self.equation is not None
        names = self._typed_names
        return Equations.of(self.equation, names, mixed=True).names.fields[len(names.fields) :]

    @cached_property
    def _names(self) -> Names:
        fields = (*self.fields, *self._fluxes, *self._coefficient_fields)
        return dataclasses.replace(self._typed_names, fields=fields)

    @cached_property
    def _equations(self) -> Equations:
        assert self.equation is not None
        return Equations.of(self.equation, self._names, mixed=self.mixed)

    def _take_the_example(self) -> None:
        for name in ("exact", "initial", "initial_velocity", *_ON_BOUNDARY, "points", "integrals"):
            if getattr(self, name) not in (None, ()):
                raise ValueError(f"pde.{name} is given and pde.equation is not: type the equation, too.")
        for name, text in EXAMPLE.items():
            object.__setattr__(self, name, text)
        object.__setattr__(self, "coefficients", {**EXAMPLE_COEFFICIENTS, **self.coefficients})

    def _speaks_of_time(self) -> bool:
        given = [self.equation, self.exact, *(getattr(self, name) for name in _ON_BOUNDARY), self.integrals]
        texts = read_texts([*given, *self.coefficients.values()])
        return (self.initial is not None or uses_time([*texts])) if self.time is None else self.time

    @property
    def _typed_texts(self) -> list[object]:
        start = ("equation", "initial", "initial_velocity")
        return [getattr(self, name) for name in (*start, *_ON_BOUNDARY, "points", "integrals")]
