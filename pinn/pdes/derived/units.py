"""From a problem with scales back to the problem itself."""

import dataclasses

from pinn.pdes.derived.scaled import Scaled
from pinn.pdes.derived.time_windows import TimeWindowed
from pinn.pdes.pde import PDE


def unscaled(pde: PDE) -> PDE:
    """The problem with residuals in its own units; its field is the same."""
    if isinstance(pde, TimeWindowed):
        return dataclasses.replace(pde, pde=unscaled(pde.pde))
    return pde.pde if isinstance(pde, Scaled) else pde


def scales_of(pde: PDE) -> Scaled | None:
    """The scales of a problem, if it has any; in windows of time, those of all of them."""
    inner = pde.pde if isinstance(pde, TimeWindowed) else pde
    return inner if isinstance(inner, Scaled) else None
