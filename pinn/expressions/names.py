"""What the names in a formula mean: coordinates by the domain, fields, coefficients, functions, operators."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from torch import Tensor

from pinn.expressions.functions import FUNCTIONS
from pinn.expressions.graph import Node
from pinn.expressions.tables import Table

CONSTANTS = {"pi": math.pi, "e": math.e}
OPERATORS = ("laplacian", "lap", "grad", "div", "dot")
CHOOSING = ("where", "min", "max", "heaviside")
"""Functions of several arguments, or made of others."""
_COORDINATE = re.compile(r"d?(t|x|y|z|x\d+)", re.ASCII)


@dataclass(frozen=True)
class Names:
    """The names that a formula may use on a domain of `space` dimensions, with or without `time` as coordinate 0.

    Coordinates of space are x, y, z, also called x1, x2, x3, and x4 and so on beyond them; ∂/∂x is dx, ∂/∂x4 is dx4.
    `coefficients` are numbers, tables or texts in the coordinates, or tensors of shape (), which are taken as they are
    when a formula is evaluated; texts may speak of the fields where these are known. `still` says that time is no
    argument here, as in initial values. On a boundary there is a `normal`, n = (nx, ny, nz), and dn(u) is ∂u/∂n. Raises
    ValueError for a field or a coefficient whose name is no name, is taken, or is given twice.
    """

    space: int
    time: bool = False
    fields: tuple[str, ...] = ()
    coefficients: Mapping[str, float | str | Table | Tensor] = dataclasses.field(default_factory=dict)
    still: bool = False
    normal: bool = False

    def __post_init__(self) -> None:
        for kind, names in (("field", self.fields), ("coefficient", tuple(self.coefficients))):
            for name in names:
                _check_free(kind, name)
        if twice := [name for name in (*self.fields, *self.coefficients) if self._count(name) > 1]:
            raise ValueError(f"The name {twice[0]!r} is given twice, among the fields and coefficients.")

    @cached_property
    def axes(self) -> dict[str, int]:
        """Coordinates by name."""
        first = int(self.time)
        found = {f"x{k + 1}": first + k for k in range(self.space)}
        found |= {name: first + k for k, name in enumerate("xyz"[: self.space])}
        return found | ({"t": 0} if self.time and not self.still else {})

    @property
    def space_axes(self) -> tuple[int, ...]:
        """The coordinates of space."""
        return tuple(range(int(self.time), int(self.time) + self.space))

    @property
    def normals(self) -> dict[str, int]:
        """The components of the outward normal by name, where there is one."""
        return {f"n{name}": axis for name, axis in self.axes.items() if name != "t"} if self.normal else {}

    def is_operator(self, name: str) -> bool:
        """Whether a derivative, or what is made of derivatives, has this name here."""
        return name in OPERATORS or self.operator_axis(name) is not None or (self.normal and name == "dn")

    def operator_axis(self, name: str) -> int | None:
        """The coordinate along which the operator of that name differentiates, None if it is no such operator."""
        return self.axes.get(name[1:]) if name.startswith("d") else None

    @property
    def tensors(self) -> dict[Node, Tensor]:
        """The coefficients that are tensors, by their nodes."""
        values = enumerate(self.coefficients.values())
        return {Node("coefficient", (), (k,)): value for k, value in values if isinstance(value, Tensor)}

    def data(self, *, still: bool = False) -> "Names":
        """The names in prescribed values, which know no fields."""
        return dataclasses.replace(self, fields=(), still=still, normal=False)

    def within_coefficients(self) -> "Names":
        """The names in a coefficient, which knows no other."""
        return dataclasses.replace(self, coefficients={})

    def on_boundary(self) -> "Names":
        """The names in a condition on the boundary, which has a normal."""
        return dataclasses.replace(self, normal=True)

    def hint(self, name: str) -> str:
        """What may be meant by a name that is not known, to go on with."""
        field, _, along = name.partition("_")
        if field in self.fields and along and set(along) <= {*self.axes}:
            return f", a derivative is written {''.join(f'd{a}(' for a in along)}{field}{')' * len(along)}"
        known = [*self.fields, *self.axes, *self.coefficients, *CONSTANTS, *FUNCTIONS, *CHOOSING, *OPERATORS]
        near = get_close_matches(name, known, n=1)
        return f", perhaps {near[0]!r} is meant" if near else ""

    def known(self) -> str:
        """All of them, for an error."""
        shown = [name for name in self.axes if not re.fullmatch(r"x\d+", name) or int(name[1:]) > 3]
        shown = sorted(shown, key=lambda name: self.axes[name])[:9]
        parts = [f"fields {', '.join(self.fields)}"] if self.fields else []
        parts.append(f"coordinates of this domain {', '.join(shown) or 'none'}")
        parts += [f"coefficients {', '.join(self.coefficients)}"] if self.coefficients else []
        if self.normal:
            own = ", ".join(f"n{name}" for name in shown if name != "t")
            parts.append(f"the outward normal {own} and the derivative dn along it")
        parts += [f"constants {', '.join(CONSTANTS)}", f"functions {', '.join([*FUNCTIONS, *CHOOSING])}"]
        parts.append(f"operators {', '.join([*(f'd{name}' for name in shown), *OPERATORS])}")
        return f"Known here: {'; '.join(parts)}."

    def _count(self, name: str) -> int:
        return (*self.fields, *self.coefficients).count(name)


def words(text: str) -> set[str]:
    """The names that occur in a text."""
    return set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", text, re.ASCII))


def uses_time(texts: Sequence[str]) -> bool:
    """Whether t or dt occurs in any of the texts."""
    return any({"t", "dt"} & words(text) for text in texts)


def _check_free(kind: str, name: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(f"The {kind} {name!r} needs a name of letters and digits, such as u or v2.")
    if name in CONSTANTS or name in FUNCTIONS or name in (*OPERATORS, *CHOOSING) or _COORDINATE.fullmatch(name):
        raise ValueError(
            f"The {kind} {name!r} has the name of a coordinate, constant, function or operator: choose another."
        )
