"""The linearised equation tells the error of a field, and what its conditions leave free."""

import math

import pytest
import torch
from torch.func import vmap

from pinn import train
from pinn.domains import Box, Disk
from pinn.networks import MLP
from pinn.operators import Auto
from pinn.optimizers import LBFGS
from pinn.pdes import PDE, Expression, Heat, Poisson
from pinn.trust import corrected, estimate_error, examined, null_directions
from pinn.trust.features import points_within
from tests.trust.test_doubts import ROD, BuiltIn

SQUARE, LINE = Box((0.0, 0.0), (1.0, 1.0)), Box((0.0,), (1.0,))


def trained(pde: PDE, steps: int) -> MLP:
    bounds = pde.domain.embedded_bounds
    network = MLP(2, width=12, depth=2, bounds=bounds, generator=torch.Generator().manual_seed(0)).double()
    for _ in train(pde, network, steps=steps):
        pass
    return network


def true_error(pde: PDE, u, exact) -> float:
    points = points_within(pde.domain, 2000, torch.zeros((), dtype=torch.float64), seed=1)
    a, b = vmap(u)(points), vmap(exact)(points)
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize(
    "pde",
    [Poisson(), Poisson(hard=False), Poisson(domain=Disk()), Poisson(ritz=True), Heat()],
    ids=["hard", "soft", "disk", "energy", "heat"],
)
@pytest.mark.slow
def test_the_estimate_is_the_error(pde: PDE) -> None:
    if any(condition.energy for condition in pde.conditions()):
        bounds = pde.domain.embedded_bounds
        network = MLP(2, width=12, depth=2, bounds=bounds, generator=torch.Generator().manual_seed(0)).double()
        for _ in train(pde, network, LBFGS(), steps=20):
            pass
    else:
        network = trained(pde, 45)
    correction = corrected(pde, network, Auto(), columns=300)
    error = true_error(pde, correction.before, pde.exact)
    assert error > 1e-9
    assert correction.resolved > 0.5
    assert 1 / 3 < estimate_error(pde, network, columns=300).relative_l2 / error < 3
    assert true_error(pde, correction.after, pde.exact) < error / 3


def test_the_network_is_not_changed() -> None:
    network = trained(Poisson(), 5)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    corrected(Poisson(), network, Auto(), columns=60)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


FREE = {
    "by a constant": Expression(domain=SQUARE, equation="-laplacian(u) = cos(pi*x)", flux="0"),
    "by a function": Expression(
        domain=Box((0.0,), (1.0,)), equation="dt(u) = 0.1*laplacian(u)", initial="0", boundary=[]
    ),
}


@pytest.mark.parametrize("how", FREE)
def test_what_nothing_determines_is_named(how: str) -> None:
    pde = FREE[how]
    network = MLP(2, width=8, depth=1, bounds=pde.domain.bounds).double()
    found = null_directions(pde, network, Auto())
    assert found
    assert f"nothing determines the solution {how}" in str(found[0])


def test_one_component_of_a_system_is_named() -> None:
    pde = Expression(
        domain=SQUARE,
        fields=["u", "p"],
        equation=["laplacian(u) + dx(p) = 0", "dy(dy(p)) + dx(dx(p)) = 0"],
        boundary=["0", None],
        flux=[None, "0"],
    )
    network = MLP(2, 2, width=8, depth=1, bounds=pde.domain.bounds).double()
    (direction,) = null_directions(pde, network, Auto())
    assert "component 2 by a constant" in str(direction)


def test_a_determined_problem_is_not_blamed() -> None:
    for pde in (Poisson(), Poisson(hard=False), Heat()):
        network = MLP(2, width=8, depth=1, bounds=pde.domain.bounds).double()
        assert not null_directions(pde, network, Auto())


def test_the_examination_of_a_sound_field_and_of_a_kinked_one() -> None:
    sound = examined(Poisson(), trained(Poisson(), 52), Auto(), columns=200)
    assert not sound.breaks
    assert not sound.undetermined
    assert sound.estimated
    assert sound.estimate < 1e-2
    rod = BuiltIn(ROD)
    kinked = examined(rod, trained(rod, 35), Auto(), columns=100)
    assert kinked.defect > 0.1
    assert "near" in kinked.breaks[0]
    assert math.isfinite(kinked.estimate)
