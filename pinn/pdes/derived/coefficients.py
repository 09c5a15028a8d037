"""A PDE whose coefficients become tensors at a point: what inverse and parametric problems share."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Auto, Strategy
from pinn.pdes.condition import Condition
from pinn.pdes.pde import PDE
from pinn.pdes.typed.expression import Expression
from pinn.typing import Field

_ROUNDING = 1e-8
"""Relative size below which a difference is rounding in float64."""


def coefficients_of(pde: PDE) -> dict[str, float | Field]:
    """The coefficients of a PDE by name: its fields that hold a number or a function, or what was typed."""
    if isinstance(pde, Expression):
        return {name: pde.coefficient(name) for name in pde.coefficients if not pde.of_solution(name)}
    coefficients: dict[str, float | Field] = {}
    for field in dataclasses.fields(pde):  # pyright: ignore
        value: Any = getattr(pde, field.name)
        if field.name not in ("exact", "hard", "penalty") and (isinstance(value, float) or callable(value)):
            coefficients[field.name] = cast(Any, value)
    return coefficients


def check_coefficients(wrapper: str, pde: PDE, names: Sequence[str]) -> None:
    """Raise ValueError unless all names are coefficients of the PDE."""
    known = coefficients_of(pde)
    if not names:
        raise ValueError(f"{wrapper} needs at least one coefficient of {type(pde).__name__}: {', '.join(known)}.")
    for name in names:
        if name not in known:
            raise ValueError(
                f"{wrapper}: {type(pde).__name__} has no coefficient {name!r}; it has {', '.join(known) or 'none'}."
            )


def check_value(pde: PDE, name: str, value: float) -> None:
    """Raise ValueError if the PDE does not take that value of a coefficient."""
    if isinstance(pde, Expression):
        typed = {**pde.coefficients, name: value}
        dataclasses.replace(pde, coefficients=typed, exact=pde.typed_exact)
    else:
        dataclasses.replace(pde, **{name: value})  # pyright: ignore[reportArgumentType]


def substituted(pde: PDE, values: Mapping[str, Tensor | Field], *, solved: bool = False) -> PDE:
    """The PDE with other coefficients, which may be tensors inside a transform of torch.func.

    If it is to be `solved` with them its solution goes along, unless that was chosen apart from them.
    """
    if isinstance(pde, Expression):
        return pde.at(values, solved=solved)
    changes: dict[str, Any] = dict(values)
    if solved and dataclasses.replace(pde, exact=None).exact == pde.exact:  # pyright: ignore[reportArgumentType]
        changes["exact"] = None
    return dataclasses.replace(pde, **changes)  # pyright: ignore[reportArgumentType]


def following(pde: PDE, names: Collection[str]) -> list[str]:
    """The conditions whose given data follow a coefficient of these names, with `exact` as it is.

    What is manufactured from `exact` so that this solves it, with any coefficient, does not follow it: it is known.
    """
    generator = torch.Generator().manual_seed(0)
    found = []
    for condition in pde.conditions():
        if condition.given is None:
            continue
        u = torch.rand(64, condition.region.sample_dim, generator=generator, dtype=torch.float64)
        sample = condition.region.from_uniform(u)
        hit = ~sample[0].isnan().any(1)
        sample = tuple(part[hit] for part in sample)
        if not len(sample[0]):
            continue
        known = vmap(condition.given)(*sample)
        for name in names:
            if condition.name not in found and _follows(pde, name, condition, sample, known):
                found.append(condition.name)
    return found


def _follows(pde: PDE, name: str, condition: Condition, sample: tuple[Tensor, ...], known: Tensor) -> bool:
    value = coefficients_of(pde)[name]
    if callable(value):
        other: Any = _Changed(value)
    else:
        other = torch.tensor(1.25 * value if value else 0.25, dtype=torch.float64)
    changed = condition_of(substituted(pde, {name: other}), condition.name)
    assert changed.given is not None
    data = vmap(changed.given)(*sample)
    if not float((data - known).abs().max()) > _ROUNDING * float(known.abs().max()):
        return False
    if pde.exact is None:
        return True
    left = vmap(partial(changed.residual, pde.exact, strategy=Auto()))(*sample, data)
    return float(left.abs().max()) > _ROUNDING * float(data.abs().max())


@dataclass(frozen=True)
class _Changed:
    """Another field than the given one."""

    field: Field

    def __call__(self, x: Tensor) -> Tensor:
        return 1.25 * self.field(x) + 0.25


def residual_of(pde: PDE, name: str, u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
    """The residual of the condition of that name."""
    return condition_of(pde, name).residual(u, *sample, strategy=strategy)


def condition_of(pde: PDE, name: str) -> Condition:
    """The condition of that name."""
    return next(condition for condition in pde.conditions() if condition.name == name)
