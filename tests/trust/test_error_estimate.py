"""The estimate of an error where no solution is known: of networks, of fields, component by component."""

from collections import deque

import pytest
import torch

from pinn import train
from pinn.networks import MLP, Windows
from pinn.optimizers import LBFGS, LevenbergMarquardt
from pinn.pdes import PDE, Burgers, Heat, LinearElasticity, Pendulum, Poisson, Stokes, TimeWindowed
from pinn.training.accuracy import Reference
from pinn.training.step import Step
from pinn.training.time_marching import train_windows
from pinn.trust import estimate_error
from pinn.trust.scales import scaled

PROBLEMS: dict[str, PDE] = {
    "elliptic": Poisson(),
    "energy": Poisson(ritz=True),
    "penalised": Poisson(hard=False),
    "system": LinearElasticity(),
    "evolution": Heat(),
    "nonlinear": Burgers(viscosity=0.05),
}


def last_step(pde: PDE, steps: int = 20) -> Step:
    network = MLP(2, pde.components, width=12, depth=2, generator=torch.Generator().manual_seed(0)).double()
    energetic = any(condition.energy for condition in pde.conditions())
    (step,) = deque(train(pde, network, LBFGS() if energetic else LevenbergMarquardt(), steps=steps), maxlen=1)
    return step


@pytest.fixture(scope="module", params=PROBLEMS)
def step(request: pytest.FixtureRequest) -> Step:
    return last_step(PROBLEMS[request.param])


@pytest.mark.slow
def test_the_estimate_is_within_a_factor_of_three(step: Step) -> None:
    found = estimate_error(step.objective.pde, step.objective.network, columns=600)
    assert found.known, str(found)
    assert 1e-7 < step.rel_l2 < 0.5
    assert 1 / 3 < found.relative_l2 / step.rel_l2 < 3


@pytest.mark.slow
def test_a_field_is_estimated_as_its_network_is(step: Step) -> None:
    """Also one that is not a network, such as the solution that was trained, or a formula."""
    u = step.objective.field(step.params)
    found = estimate_error(step.objective.pde, u, columns=300)
    assert found.known, str(found)
    assert 1 / 3 < found.relative_l2 / step.rel_l2 < 3


def test_a_wrong_formula_is_found_out() -> None:
    """u + 0.01 φ with φ zero on the boundary: the error is known beforehand."""
    pde = Poisson()
    exact = pde.exact
    assert exact is not None

    def bump(x: torch.Tensor) -> torch.Tensor:
        return x[0] * (1 - x[0]) * x[1] ** 2 * (1 - x[1])

    reference = Reference.of(pde.domain, exact, torch.zeros((), dtype=torch.float64))
    true = reference.relative_l2(lambda x: exact(x) + 0.01 * bump(x))
    found = estimate_error(scaled(pde), lambda x: exact(x) + 0.01 * bump(x), columns=300)
    assert found.relative_l2 == pytest.approx(true, rel=0.05)


def test_each_component_has_its_own() -> None:
    """The pressure of a short training is worse than the velocities, and the estimate says so."""
    step = last_step(Stokes())
    found = estimate_error(step.objective.pde, step.objective.network, columns=600)
    reference = step.reference
    assert reference is not None
    u = torch.func.vmap(step.field)(reference.points).detach()
    true = (u - reference.values).norm(dim=0) / reference.values.norm(dim=0)
    assert len(found.by_component) == 3
    assert float(true.max() / true.min()) > 3
    for estimate, error in zip(found.by_component, true.tolist(), strict=True):
        assert 1 / 3 < estimate / error < 3


def test_jumps_between_windows_of_time_are_part_of_the_error() -> None:
    pde = TimeWindowed(Pendulum(), 4)
    generator = torch.Generator().manual_seed(0)
    networks = [MLP(1, pde.components, width=8, depth=2, generator=generator).double() for _ in range(4)]
    (step,) = deque(train_windows(pde, Windows(networks, pde.starts), LevenbergMarquardt(), steps=15), maxlen=1)
    found = estimate_error(step.objective.pde, step.objective.network, columns=300)
    assert step.rel_l2 > 1e-5
    assert 1 / 3 < found.relative_l2 / step.rel_l2 < 3
    assert "Windows" in estimate_error(step.objective.pde, step.field).why


@pytest.mark.slow
def test_a_step_has_its_estimate_and_nothing_is_changed() -> None:
    step = last_step(Heat())
    before = {name: value.clone() for name, value in step.objective.network.state_dict().items()}
    assert step.estimated_error == estimate_error(step.objective.pde, step.objective.network)
    assert all(torch.equal(value, before[name]) for name, value in step.objective.network.state_dict().items())


def test_a_field_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has shape \(2,\) at a point; that of Heat has shape \(\)"):
        estimate_error(Heat(), lambda x: x)
