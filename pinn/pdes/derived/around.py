"""A problem for what is to be added to a field that is there already."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.pdes.ansatz import Ansatz
from pinn.pdes.condition import Condition
from pinn.pdes.derived.wrapper import Rewritten
from pinn.pdes.pde import PDE
from pinn.typing import Field


@dataclass(frozen=True)
class Around(Rewritten):
    """`pde` for networks of a point and of the value that the field `around` has there.

    With u this field, A the ansatz of `pde` and N a network of (x, u(x)), trained is u + A[N − u] − A[0]: u itself for
    N = u. A is affine, so what is added vanishes where values are built in: there u has to have them.
    """

    around: Field

    def rewritten(self, condition: Condition) -> Condition:
        return condition

    def ansatz(self) -> Ansatz:
        u, built_in, shape = self.around, self.pde.ansatz(), () if self.components is None else (self.components,)
        nothing = built_in(lambda x: torch.zeros(shape, dtype=x.dtype, device=x.device))

        def around(network: Field) -> Field:
            def total(x: Tensor) -> Tensor:
                value = u(x)
                carried = value.reshape(-1)
                more = built_in(lambda z: network(torch.cat([z, carried])) - value)
                return value + more(x) - nothing(x)

            return total

        return around

    def inputs(self, x: Tensor) -> Tensor:
        """What the network takes at a point."""
        return torch.cat([self.domain.embed(x), self.around(x).reshape(-1)])


def inputs_of(pde: PDE, x: Tensor) -> Tensor:
    """What a network for `pde` takes at a point x: the embedded point, and what else there is."""
    return pde.inputs(x) if isinstance(pde, Around) else pde.domain.embed(x)
