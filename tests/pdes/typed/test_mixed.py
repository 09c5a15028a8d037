"""The mixed form: a flux as a field of its own, whatever the coefficient in it does."""

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn import train
from pinn.domains import Box, TimeDomain
from pinn.networks import MLP
from pinn.operators import Auto
from pinn.pdes import Expression, TimeWindowed
from pinn.trust.continuity import breaks

F64 = torch.float64
LINE = Box((0.0,), (1.0,))
LAYERS = Expression(domain=LINE, equation="dx((2 + sign(x-0.5))*dx(u)) = 0", boundary="x", mixed=True)


def layers(x: Tensor) -> Tensor:
    return torch.where(x[0] < 0.5, 1.5 * x[0], 0.5 + 0.5 * x[0])


def test_the_true_solution_satisfies_it_and_nothing_else_of_the_sort() -> None:
    true = lambda x: torch.stack([layers(x), 0 * x[0] + 1.5])  # noqa: E731
    straight = lambda x: torch.stack([x[0], 2 + torch.sign(x[0] - 0.5)])  # noqa: E731
    for at in (0.2, 0.7):
        residual = LAYERS.residual(true, torch.tensor([at], dtype=F64), strategy=Auto())
        torch.testing.assert_close(residual, torch.zeros(2, dtype=F64))
    assert not breaks(LAYERS, true, torch.zeros((), dtype=F64))[1]
    # The straight line with the flux that jumps satisfies every point, and is found out.
    assert LAYERS.residual(straight, torch.tensor([0.2], dtype=F64), strategy=Auto()).abs().max() == 0
    assert breaks(LAYERS, straight, torch.zeros((), dtype=F64))[1]


def test_two_layers_are_solved() -> None:
    """u(1/2) = 3/4, where the product rule gives 1/2; a smooth network rounds the kink off at 1e-3."""
    network = MLP(1, 2, width=16, depth=2, bounds=LINE.bounds, generator=torch.Generator().manual_seed(0)).double()
    *_, step = train(LAYERS, network, steps=70)
    u = step.objective.field(step.params)
    x = torch.linspace(0, 1, 201, dtype=F64)[:, None]
    error = vmap(u)(x)[:, 0] - vmap(layers)(x)
    assert error.abs().max() < 5e-3
    assert (vmap(u)(x)[:, 1] - 1.5).abs().max() < 5e-3


def test_fields_and_conditions() -> None:
    assert LAYERS.components == 2
    assert LAYERS.scored == (0,)
    boundary = LAYERS.conditions()[1]
    assert boundary.components == (0,)
    u = LAYERS.ansatz()(lambda x: torch.stack([x[0] + 7, x[0] + 9]))
    torch.testing.assert_close(u(torch.tensor([1.0], dtype=F64)), torch.tensor([1.0, 10.0], dtype=F64))


def test_a_manufactured_solution_has_its_fluxes() -> None:
    mixed = Expression(equation="-div((1+x**2)*grad(u))", exact="exp(x)*sin(pi*y)", domain=Box(), mixed=True)
    plain = Expression(equation="-div((1+x**2)*grad(u))", exact="exp(x)*sin(pi*y)", domain=Box())
    x = torch.tensor([0.3, 0.8], dtype=F64)
    assert callable(mixed.exact)
    assert callable(plain.exact)
    slope = torch.func.grad(plain.exact)(x)
    torch.testing.assert_close(mixed.exact(x), torch.cat([plain.exact(x)[None], (1 + 0.09) * slope]))
    source, expected = mixed.conditions()[0].given, plain.conditions()[0].given
    assert source is not None
    assert expected is not None
    torch.testing.assert_close(source(x), torch.stack([expected(x), 0 * x[0], 0 * x[0]]))


def test_in_time_and_for_several_fields() -> None:
    heat = Expression(
        domain=LINE,
        fields=["u", "v"],
        equation=["dt(u) = dx(k*dx(u)) - v", "dt(v) = dx(k*dx(v)) + u"],
        coefficients={"k": "where(x<0.5,0.1,1)"},
        initial=["sin(pi*x)", "0"],
        boundary=["0", None],
        flux=[None, "0"],
        mixed=True,
    )
    assert isinstance(heat.domain, TimeDomain)
    assert heat.components == 4
    assert [(c.name, c.components) for c in heat.conditions()] == [
        ("interior", None),
        ("initial", (0, 1)),
        ("boundary", (0,)),
        ("flux", (1,)),
    ]
    assert TimeWindowed(heat, 2).scored == (0, 1)
    x = torch.tensor([0.2, 0.7], dtype=F64)
    r = heat.residual(lambda y: torch.stack([y[1] ** 2, y[0], 2 * y[1], y[1] * 0]), x, strategy=Auto())
    torch.testing.assert_close(r, torch.tensor([-2 + 0.2, 1 - 0.49, 2 * 0.7 - 2 * 0.7, 0.0], dtype=F64))


def test_without_a_flux_it_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pde.mixed is given, but there is no flux"):
        Expression(domain=LINE, equation="dx(dx(u)) = 1", boundary="0", mixed=True)
    with pytest.raises(ValueError, match=r"this jumps near \(0.25\)"):
        Expression(
            domain=LINE,
            equation="dx(where(x<0.25,1,2)*u) + dx(x*dx(u)) = 0",
            boundary="0",
            mixed=True,
        )
