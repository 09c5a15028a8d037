"""A PDE whose coefficients become tensors at a point: what inverse and parametric problems share."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import Tensor

from pinn.operators import Strategy
from pinn.pdes.condition import Condition
from pinn.pdes.pde import PDE
from pinn.pdes.typed.expression import Expression
from pinn.typing import Field


def coefficients_of(pde: PDE) -> dict[str, float | Field]:
    """The coefficients of a PDE by name: its fields that hold a number or a function, or what was typed."""
    if isinstance(pde, Expression):
        return {name: pde.coefficient(name) for name in pde.coefficients}
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
        return pde.at(values)
    changes: dict[str, Any] = dict(values)
    if solved and dataclasses.replace(pde, exact=None).exact == pde.exact:  # pyright: ignore[reportArgumentType]
        changes["exact"] = None
    return dataclasses.replace(pde, **changes)  # pyright: ignore[reportArgumentType]


def residual_of(pde: PDE, name: str, u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
    """The residual of the condition of that name."""
    return condition_of(pde, name).residual(u, *sample, strategy=strategy)


def condition_of(pde: PDE, name: str) -> Condition:
    """The condition of that name."""
    return next(condition for condition in pde.conditions() if condition.name == name)
