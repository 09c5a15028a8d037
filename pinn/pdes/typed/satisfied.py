"""Whether the solution that is given satisfies what is typed beside it."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Auto
from pinn.pdes.condition import Condition
from pinn.typing import Field

POINTS = 64
TOLERANCE = 1e-6
"""Of the size of the terms: what is typed has some digits, and rounding stays far below."""


def refuse_unsatisfied(conditions: Sequence[Condition], exact: Field) -> None:
    """Raise ValueError for the first condition that a field does not satisfy: errors against it would mean nothing."""
    generator = torch.Generator().manual_seed(0)
    for condition in conditions:
        u = torch.rand(POINTS, condition.region.sample_dim, generator=generator, dtype=torch.float64)
        sample = condition.region.from_uniform(u)
        hit = ~sample[0].flatten(1).isnan().any(1)
        sample = tuple(part[hit] for part in sample)
        if not len(sample[0]):
            continue
        data = () if condition.given is None else (vmap(condition.given)(*sample),)
        found, other = (
            vmap(partial(condition.residual, field, strategy=Auto()))(*sample, *data)
            for field in (exact, _moved(exact))
        )
        size = (other - found).abs().amax() + sum(part.abs().amax() for part in data)
        wrong = found.reshape(len(found), -1).abs().amax(1)
        if bool(wrong.isfinite().all()) and bool((wrong > TOLERANCE * size).any()):
            at = ", ".join(f"{float(c):.4g}" for c in sample[0].flatten(1)[int(wrong.argmax())][:4])
            raise ValueError(
                f"pde.exact does not satisfy {condition.name}, at ({at}) for one: leave out "
                f"pde.{_key(condition.name)}, so that it is taken from pde.exact, or correct one of them."
            )


def _key(name: str) -> str:
    known = ("boundary_equation", "boundary", "flux", "point", "integral", "initial", "data")
    found = next((key for key in known if name.startswith(key)), name)
    return {"point": "points", "integral": "integrals", "data": "measurements"}.get(found, found)


def _moved(exact: Field) -> Field:
    """Another field of the same size and slopes."""

    def moved(x: Tensor) -> Tensor:
        u = exact(x)
        return 1.5 * u + 0.5 * u.detach().abs().amax()

    return moved
