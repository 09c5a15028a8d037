# %% [markdown]
# # A forward problem
#
# −Δu + u³ = f in a disk, u given on its boundary. f and the boundary values are those of a solution that we make up,
# so the error is known at every step.

# %%
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn import train
from pinn.domains import Boundary, Disk, Domain
from pinn.networks import MLP
from pinn.operators import Strategy, laplacian
from pinn.pdes import PDE, Condition, dirichlet, interior, manufactured
from pinn.plotting import show, show_history
from pinn.typing import Field

# %% [markdown]
# ## The equation
#
# The residual has the form N[u] − f. `manufactured` finds the f for which `exact` solves it.


# %%
def bump(x: Tensor) -> Tensor:
    return torch.exp(x[0]) * torch.sin(2 * x[1])


@dataclass(frozen=True)
class CubicPoisson(PDE):
    """−Δu + u³ = f in Ω, u = g on ∂Ω, with f and g from `exact`."""

    domain: Domain = Disk()
    exact: Field = bump
    hard: bool = True

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return -laplacian(u, x, strategy) + u(x) ** 3 - f

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            dirichlet(Boundary(self.domain), self.exact),
        )


# %% [markdown]
# ## Training
#
# `train` is a generator. What it yields has the loss, the error, the residuals and the field, each computed when it
# is asked for.

# %%
problem = CubicPoisson()
network = MLP(inputs=2, width=16, depth=2, generator=torch.Generator().manual_seed(0)).double()
history = []
for step in train(problem, network, steps=60):
    if step.step % 5 == 0:
        history.append((step.step, step.heldout_residual, step.rel_l2))
print(f"relative L2 error {step.rel_l2:.1e} after {step.step} steps")
print(f"residual {step.train_residual:.1e} in training, {step.heldout_residual:.1e} on held-out points")
assert step.rel_l2 < 1e-3

# %%
steps, residuals, errors = zip(*history, strict=True)
show_history(steps, {"residual at held-out points": residuals, "relative $L^2$ error": errors})

# %% [markdown]
# ## The solution
#
# `step.field` is a function of one point, or of many. `show` draws it as the command line would, as a figure of
# matplotlib: `show(step).savefig("u.pdf")` writes it.

# %%
print(step.field([[0.0, 0.0], [0.5, 0.5]]))
show(step)
