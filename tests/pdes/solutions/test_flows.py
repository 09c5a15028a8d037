"""Exact flows against the Navier–Stokes equations, and conditions on some components."""

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Boundary, Box
from pinn.operators import Rows, jacobian, laplacian
from pinn.pdes import Beltrami, NavierStokes, TaylorGreen, dirichlet, enforce
from pinn.typing import Field

F64 = torch.float64


def unsteady_residual(u: Field, x: Tensor, reynolds: float) -> Tensor:
    """(v_t + (v·∇)v + ∇p − Δv/Re, ∇·v) at (t, x)."""
    d = x.shape[0] - 1
    derivatives, v = jacobian(u, x, Rows()), u(x)[:d]
    grad_v, grad_p = derivatives[:d, 1:], derivatives[d, 1:]
    viscous = laplacian(u, x, Rows(), axes=range(1, d + 1))[:d] / reynolds
    return torch.cat([derivatives[:d, 0] + grad_v @ v + grad_p - viscous, grad_v.trace()[None]])


@pytest.mark.parametrize(
    ("flow", "d"),
    [(TaylorGreen(7.0), 2), (TaylorGreen(7.0, (0.5, -0.25)), 2), (Beltrami(), 3), (Beltrami(3.0, a=0.7, d=1.3), 3)],
    ids=repr,
)
def test_exact_flows_solve_the_equations(flow: TaylorGreen | Beltrami, d: int) -> None:
    x = 2 * torch.rand(50, d + 1, dtype=F64, generator=torch.Generator().manual_seed(0)) - 1
    residual = vmap(lambda y: unsteady_residual(flow, y, flow.reynolds))(x)
    assert residual.abs().max() < 1e-11
    assert vmap(flow)(x).abs().max() > 0.1


def test_the_pressure_stays_free() -> None:
    pde = NavierStokes()
    u = pde.ansatz()(lambda x: torch.full((3,), 7.0, dtype=x.dtype))
    x, _ = Boundary(pde.domain).sample(20, lambda n, k: torch.rand(n, k, dtype=F64))
    values = vmap(u)(x)
    assert pde.exact is not None
    torch.testing.assert_close(values[:, :2], vmap(pde.exact)(x)[:, :2], rtol=0, atol=1e-12)
    assert (values[:, 2] == 7).all()


def test_conditions_on_different_components_join() -> None:
    box = Box()
    first = dirichlet(Boundary(box), lambda x: torch.stack([x[0], x[1]]), components=(0,))
    second = dirichlet(Boundary(box), lambda x: torch.stack([x[0] * 9, x[1] ** 2]), components=(1,))
    u = enforce([first, second], 2)(lambda x: torch.ones(2, dtype=x.dtype))
    x, _ = Boundary(box).sample(20, lambda n, k: torch.rand(n, k, dtype=F64))
    torch.testing.assert_close(vmap(u)(x), torch.stack([x[:, 0], x[:, 1] ** 2], 1), rtol=0, atol=1e-12)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="in the plane"):
        NavierStokes(domain=Box((0.0,), (1.0,)))
    with pytest.raises(ValueError, match="reynolds > 0"):
        NavierStokes(reynolds=0.0)
