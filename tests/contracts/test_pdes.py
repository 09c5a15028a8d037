"""What every PDE promises: its exact solution satisfies it, its ansatz holds, and training lowers its loss."""

import inspect
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.func import vmap

import pinn.pdes
from pinn.domains import Ball, Box, Disk, TimeDomain
from pinn.domains.coordinates import without_parameters
from pinn.networks import Unknown, field
from pinn.objective import Objective
from pinn.operators import Auto, Eye, ForwardOverReverse, Rows, div, grad, laplacian
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import (
    PDE,
    Advection,
    AllenCahn,
    Condition,
    Darcy,
    Expression,
    HarmonicOscillator,
    Heat,
    Helmholtz,
    Inverse,
    KdV,
    KuramotoSivashinsky,
    LidDrivenCavity,
    LinearElasticity,
    Lorenz,
    LotkaVolterra,
    NavierStokes,
    NeoHookean,
    Parametric,
    Pendulum,
    Poisson,
    Potential,
    Residual,
    Scaled,
    SineProduct,
    TaylorGreen,
    UnsteadyNavierStokes,
    Wave,
    interior,
)
from pinn.pdes.derived.wrapper import Wrapper
from pinn.references import CavityFlow
from pinn.runs.run import build_network
from pinn.samplers import Sobol
from pinn.training.loop import train
from pinn.typing import Field
from tests.contracts.spy import check_told

SHIPPED = [
    cls
    for _, cls in inspect.getmembers(pinn.pdes, inspect.isclass)
    if issubclass(cls, PDE) and cls is not PDE and not issubclass(cls, Wrapper)
]
TYPED_HEAT = Expression(equation="dt(u) = k*laplacian(u)", exact="exp(-k*pi**2*t)*sin(pi*x)", coefficients={"k": 0.1})
TYPED_DARCY = Expression(Box(), "-div(k*grad(u))", exact="sin(pi*x)*sin(pi*y)", coefficients={"k": "1 + x*y"})
PDES: list[PDE] = [
    *(cls() for cls in SHIPPED),
    Poisson(domain=Box((-1.0,), (1.0,))),
    Poisson(domain=Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))),
    Poisson(domain=Box((0.0, 0.0), (0.7, 1.3))),
    Poisson(domain=Disk()),
    Poisson(domain=Ball()),
    Poisson(hard=False),
    Poisson(exact=lambda x: torch.exp(x[0]) * x[1] ** 2),
    Heat(domain=TimeDomain(0.5, Disk())),
    Heat(domain=TimeDomain(1.0, Box()), diffusivity=0.02),
    Heat(hard=False),
    Heat(exact=lambda x: x[0] * torch.cos(x[1])),
    Potential(domain=Disk()),
    Helmholtz(domain=Disk(), wavenumber=3.0),
    Wave(hard=False),
    Wave(domain=TimeDomain(0.5, Box((0.0, 0.0), (0.5, 0.5)), start=0.5), speed=0.3),
    Advection(domain=TimeDomain(1.0, Box((0.0,), (1.0,))), velocity=2.0),
    Advection(hard=False),
    NavierStokes(hard=False),
    LidDrivenCavity(exact=CavityFlow(degree=24)),
    NavierStokes(domain=Disk(), reynolds=5.0),
    UnsteadyNavierStokes(TimeDomain(0.2, Box((0.0,) * 3, (1.0,) * 3)), reynolds=2.0, hard=False),
    LinearElasticity(hard=False, traction_on=None),
    HarmonicOscillator(level=1),
    Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)}, noise=0.0),
    Inverse(Darcy(), {"conductivity": Unknown(1.0, 0.0, field=True)}, noise=0.0),
    Inverse(Lorenz(), {"prandtl": Unknown(8.0), "beta": Unknown(2.0, 0.0, 5.0)}, noise=0.0, keep=()),
    Parametric(Heat(), {"diffusivity": (0.05, 0.2)}),
    UnsteadyNavierStokes(free_pressure=True, exact=TaylorGreen(100.0, (0.5, 0.25))),
    Inverse(TYPED_HEAT, {"k": Unknown(0.5, 0.0)}, noise=0.0),
    Inverse(TYPED_DARCY, {"k": Unknown(1.5, 0.0, field=True)}, noise=0.0),
    Parametric(TYPED_HEAT, {"k": (0.05, 0.2)}),
    Parametric(NavierStokes(hard=False), {"reynolds": (20.0, 40.0)}),
    Scaled(Heat(hard=False), (3.0,), (0.5,), {"interior": (2.0,), "initial": (4.0,)}),
]
EACH = pytest.mark.parametrize("pde", PDES, ids=lambda pde: type(pde).__name__)
RECIPE = {"_target_": "pinn.networks.MLP", "width": 16, "depth": 2}
TOLERANCE = {KdV: 1e-6, KuramotoSivashinsky: 1e-4, AllenCahn: 1e-3, LidDrivenCavity: 3.0}
TOLERANCE |= {Lorenz: 1e-5, LotkaVolterra: 1e-7, Pendulum: 1e-7}
LIKE = torch.zeros((), dtype=torch.float64)


def network(pde: PDE) -> nn.Module:
    """A small random network that fits the PDE."""
    return build_network(RECIPE, pde, torch.Generator().manual_seed(0)).double()


@EACH
def test_exact_makes_every_condition_vanish(pde: PDE) -> None:
    assert pde.exact is not None
    conditions = pde.conditions()
    samples = Sobol(100, 50).sample(conditions, torch.Generator().manual_seed(0), LIKE)
    for condition in conditions:
        sample = samples[condition.name]
        if condition.given is not None:
            sample = (*sample, vmap(condition.given)(*sample))

        def at_point(*s: torch.Tensor, residual=condition.residual) -> torch.Tensor:
            return residual(pde.exact, *s, strategy=Rows())

        residual = vmap(at_point)(*sample)
        assert residual.isfinite().all(), condition.name
        # A computed reference is as good as its error, which derivatives of order k of mode n magnify by nᵏ.
        assert residual.abs().max() <= TOLERANCE.get(type(getattr(pde, "pde", pde)), 1e-9), condition.name


@EACH
def test_the_first_condition_is_the_equation(pde: PDE) -> None:
    assert pde.conditions()[0].name == "interior"
    names = [condition.name for condition in pde.conditions()]
    assert len(set(names)) == len(names)


@EACH
def test_components_have_names_of_their_own_and_vectors_as_many_as_space_has_axes(pde: PDE) -> None:
    m, domain = pde.components or 1, without_parameters(pde.domain)
    space = domain.dim - isinstance(domain, TimeDomain)
    if pde.names is not None:
        assert len(set(pde.names)) == len(pde.names) == m
    for components in pde.vectors.values():
        assert len(set(components)) == len(components) == space
        assert set(components) <= set(range(m))


@EACH
def test_ansatz_satisfies_the_built_in_conditions(pde: PDE) -> None:
    u = pde.ansatz()(field(network(pde), components=pde.components))
    soft = {condition.name for condition in pde.soft_conditions()}
    samples = Sobol(100, 50).sample(pde.conditions(), torch.Generator().manual_seed(0), LIKE)
    for condition in pde.conditions():
        if condition.name not in soft:
            assert condition.prescribed is not None
            (x, *_) = samples[condition.name]
            found, expected = vmap(u)(x), vmap(condition.prescribed)(x)
            if condition.components is not None:
                found, expected = found[:, condition.components], expected[:, condition.components]
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.no_cover  # every part of it is run elsewhere too, and tracing takes half as long again
@EACH
@pytest.mark.slow
def test_training_lowers_the_loss(pde: PDE) -> None:
    """Within 30 steps, at whichever it is: this method never takes a step that raises it."""
    run = train(pde, network(pde), LevenbergMarquardt(steps=30), Sobol(60, 20, every=0))
    first = next(run).loss
    assert any(step.loss < 0.9 * first for step in run)


@EACH
def test_exact_strategies_agree_on_loss_and_gradient(pde: PDE) -> None:
    """Which exact strategy differentiates changes nothing but the cost."""
    net = network(pde)
    params = {name: value.detach() for name, value in net.named_parameters()}
    samples = Sobol(50, 20).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    expected, gradient = Objective(pde, net, samples, Rows()).gradient(params)
    for strategy in (Eye(), ForwardOverReverse(), Auto()):
        evaluation, other = Objective(pde, net, samples, strategy).gradient(params)
        torch.testing.assert_close(evaluation.loss, expected.loss, rtol=1e-12, atol=0)
        torch.testing.assert_close(other, gradient, rtol=1e-10, atol=1e-10)


RITZ = [Poisson(ritz=True), LinearElasticity(ritz=True), NeoHookean(ritz=True)]


@pytest.mark.parametrize("pde", [*PDES, *RITZ], ids=lambda pde: type(pde).__name__)
def test_the_strategy_handed_over_makes_all_derivatives(pde: PDE) -> None:
    check_all_told(pde)


def check_all_told(pde: PDE) -> None:
    """Assert it of each condition, and of the energy in its place if there is one."""
    net = network(pde)
    u, conditions = field(net, components=pde.components), pde.conditions()
    samples = Sobol(6, 4).sample(conditions, torch.Generator().manual_seed(0), LIKE)
    for condition in conditions:
        sample = samples[condition.name]
        if condition.given is not None:
            sample = (*sample, vmap(condition.given)(*sample))
        for residual in (condition.residual, condition.energy):
            if residual is not None:
                check_told(residual, lambda x: u(pde.domain.embed(x)), sample)


@dataclass(frozen=True)
class Wrong(PDE):
    """A Poisson equation with another residual."""

    equation: Residual
    domain: Box = Box()
    exact: Field = SineProduct()
    hard: bool = True

    def conditions(self) -> tuple[Condition, ...]:
        return (interior(self.domain, self.equation, source=Poisson().source),)


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        (lambda u, x, f, *, strategy: -laplacian(u, x) - f, "asked of .*Auto.laplacian"),
        (lambda u, x, f, *, strategy: -laplacian(u, x, Eye()) - f, "asked of .*Eye"),
        (lambda u, x, f, *, strategy: -div(lambda y: grad(u, y), x, strategy) - f, "asked of .*Auto.gradient"),
        (lambda u, x, f, *, strategy: -div(lambda y: grad(u, y, strategy), x) - f, "asked of .*Auto.diagonal"),
        (lambda u, x, f, *, strategy: -torch.func.hessian(u)(x).trace() - f, "knows nothing"),
    ],
)
def test_an_equation_that_ignores_the_strategy_is_found(equation: Residual, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_all_told(Wrong(equation))
