"""What a problem differentiates whatever its solution is: looked through before training."""

import logging

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain
from pinn.pdes import PDE
from pinn.pdes.softening import smooth_field
from pinn.trust.continuity import breaks, stays
from pinn.trust.contradictions import refuse_contradictions
from pinn.trust.features import points_within
from pinn.typing import Field

_POINTS = 200
log = logging.getLogger("pinn")


def examine_premises(pde: PDE, like: Tensor) -> None:
    """Say which prescribed values are not built into the field, and refuse what no training can solve. ValueError.

    No field satisfies conditions that contradict each other, and none is found where what is differentiated jumps.

    Equations are evaluated at points with dtype and device of `like`, as in training.
    """
    refuse_contradictions(pde)
    refuse_lost_jumps(pde, like)
    for told in pde.softened.values():
        log.warning("%s: it is not built into the field, but penalised.", told)


def refuse_lost_jumps(pde: PDE, like: Tensor) -> None:
    """Raise ValueError if the equation differentiates something that jumps, such as a coefficient in −∇·(k∇u).

    The fundamental theorem is held against what it differentiates at a smooth field; what fails there, and fails at the
    same place for another field, no training mends. So is the exact solution, of which sources are made. An equation
    that is solved by its energy differentiates no coefficient.
    """
    equation = pde.conditions()[0]
    if equation.energy is not None:
        return
    some, other = (smooth_field(pde.domain, pde.components, seed) for seed in range(2))
    _, found = breaks(pde, some, like)
    for one in found:
        if one.size < float("inf") and stays(pde, other, one, like):
            raise ValueError(
                f"{type(pde).__name__}: {one}. A coefficient that jumps stands under a derivative: take the flux as an "
                "unknown (pde.mixed=true of a typed equation), give each material a field of its own, coupled by the "
                "condition `interface`, or let it change smoothly."
            )
    if equation.given is not None and pde.exact is not None and _is_finite(pde.exact, pde.domain, like):
        found = [one for one in breaks(pde, pde.exact, like)[1] if one.size < float("inf")]
        if found:
            raise ValueError(
                f"{type(pde).__name__}: of the exact solution {found[0]}; a source that is made from it lacks a part."
            )


def _is_finite(u: Field, domain: Domain, like: Tensor) -> bool:
    """Whether a field has numbers at some points: where it has not, others say so."""
    with torch.no_grad():
        return bool(vmap(u)(points_within(domain, _POINTS, like)).isfinite().all())
