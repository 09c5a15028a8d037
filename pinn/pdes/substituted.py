"""A PDE whose coefficients become tensors at a point: what inverse and parametric problems share."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from pinn.operators import Strategy
from pinn.pdes.condition import Condition
from pinn.pdes.pde import PDE
from pinn.typing import Field


def check_coefficients(wrapper: str, pde: PDE, names: Sequence[str]) -> None:
    """Raise ValueError unless all names are fields of the PDE that hold a number or a function."""
    fields: dict[str, Any] = {field.name: getattr(pde, field.name) for field in dataclasses.fields(pde)}  # pyright: ignore
    known = [
        name
        for name, value in fields.items()
        if name not in ("exact", "hard", "penalty") and (isinstance(value, float) or callable(value))
    ]
    if not names:
        raise ValueError(f"{wrapper} needs at least one coefficient of {type(pde).__name__}: {', '.join(known)}.")
    for name in names:
        if name not in known:
            raise ValueError(
                f"{wrapper}: {type(pde).__name__} has no coefficient {name!r}; it has {', '.join(known) or 'none'}."
            )


def substituted(pde: PDE, values: Mapping[str, Tensor | Field], **others: Any) -> PDE:
    """The PDE with other coefficients, which may be tensors inside a transform of torch.func."""
    return dataclasses.replace(pde, **values, **others)  # pyright: ignore[reportArgumentType]


def residual_of(pde: PDE, name: str, u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
    """The residual of the condition of that name."""
    return condition_of(pde, name).residual(u, *sample, strategy=strategy)


def condition_of(pde: PDE, name: str) -> Condition:
    """The condition of that name."""
    return next(condition for condition in pde.conditions() if condition.name == name)
