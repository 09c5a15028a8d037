"""Contradictions before training: what no field satisfies is refused, what meets at an edge is penalised."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from pinn.cli import train as _command  # noqa: F401  (the script registers the schema of the plain keys)
from pinn.domains import Boundary, Box, Initial, TimeDomain
from pinn.networks import MLP, Unknown
from pinn.operators import laplacian
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.pdes import (
    PDE,
    Condition,
    Expression,
    Heat,
    Inverse,
    Poisson,
    TimeWindowed,
    dirichlet,
    interior,
    neumann,
    robin,
)
from pinn.runs.configs import config_folder
from pinn.runs.instantiate import build
from pinn.samplers import Sobol
from pinn.training.ensemble import train_ensemble
from pinn.training.loop import train
from pinn.trust.contradictions import refuse_contradictions
from pinn.typing import Field

SQUARE = Box((0.0, 0.0), (1.0, 1.0))
POINTS = Sobol(300, 60, every=0)


class Given(PDE):
    """−Δu = 1 on a square with conditions of the test's own."""

    def __init__(self, *conditions: Condition) -> None:
        self.domain, self.exact, self.hard, self._own = SQUARE, None, True, conditions

    def conditions(self) -> tuple[Condition, ...]:
        return interior(SQUARE, lambda u, x, *, strategy: -laplacian(u, x, strategy) - 1), *self._own


def constant(value: float) -> Field:
    return lambda x: torch.full_like(x[0], value)


def side(value: float, tag: str | None = "left", name: str = "side") -> Condition:
    return dirichlet(Boundary(SQUARE, tag), constant(value), name=name)


def typed(**given) -> Callable[[], PDE]:
    return lambda: Expression(SQUARE, **given)


CONTRADICTORY: dict[str, tuple[Callable[[], PDE], str]] = {
    "two values on one part": (lambda: Given(side(0.0), side(1.0, name="again")), "side and again contradict"),
    "a part of a whole": (lambda: Given(side(0.0), side(1.0, None, "all")), "side and all contradict"),
    "two fluxes": (
        lambda: Given(*(neumann(Boundary(SQUARE, "top"), constant(v), name=f"flux{v:g}") for v in (0.0, 2.0))),
        "flux0 and flux2",
    ),
    "value and flux against their mixture": (
        lambda: Given(
            side(1.0),
            neumann(Boundary(SQUARE, "left"), constant(0.0)),
            robin(Boundary(SQUARE, "left"), constant(2.0), a=1.0, b=3.0),
        ),
        "side and flux and robin",
    ),
    "two equations": (
        typed(equation=["laplacian(u)=1", "laplacian(u)=2"], boundary="0"),
        r"interior \(1\) and interior \(2\)",
    ),
    "two equations with a factor": (
        typed(equation=["laplacian(u)=1", "3*laplacian(u)=1"], boundary="0"),
        r"interior \(1\) and interior \(2\)",
    ),
    "nonlinear ones": (typed(equation=["u*dx(u)=laplacian(u)", "laplacian(u)-u*dx(u)=x"], boundary="0"), "interior"),
    "a third that follows from two": (
        typed(equation=["laplacian(u)=0", "dx(v)=u", "laplacian(u)+dx(v)=u+1"], fields=["u", "v"], boundary=["0", "0"]),
        "interior",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTORY)
def test_what_no_field_satisfies_is_refused_before_training(name: str) -> None:
    make, message = CONTRADICTORY[name]
    pde = make()
    network = MLP(2, pde.components, width=6).double()
    with pytest.raises(ValueError, match=message):
        next(train(pde, network, Adam(), POINTS))
    with pytest.raises(ValueError, match=message):
        next(train_ensemble(pde, [network], Adam(), POINTS))


SOUND: dict[str, Callable[[], PDE]] = {
    "the same value twice": lambda: Given(side(1.0), side(1.0, name="again")),
    "value and flux": lambda: Given(side(0.0), neumann(Boundary(SQUARE, "left"), constant(1.0))),
    "two values on two parts": lambda: Given(side(0.0), side(1.0, "right", "other")),
    "an equation twice": typed(equation=["laplacian(u)=1", "2*laplacian(u)=2"], boundary="0"),
    "as many equations as fields": typed(
        equation=["laplacian(u)=v", "laplacian(v)=1"], fields=["u", "v"], boundary=["0", "0"]
    ),
    "nonlinear ones that are not multiples": typed(equation=["u*dx(u)=0", "u**2=0"], boundary="0"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_may_have_a_solution_is_not_refused(name: str) -> None:
    refuse_contradictions(SOUND[name]())


@pytest.mark.parametrize("pde", sorted(path.stem for path in (config_folder() / "pde").glob("*.yaml")))
@pytest.mark.slow
def test_shipped_problems_are_sound(pde: str, caplog: pytest.LogCaptureFixture) -> None:
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = OmegaConf.to_container(compose("train", [f"pde={pde}"])["pde"], resolve=True)
    built = build(config, "pde")
    with caplog.at_level(logging.WARNING, logger="pinn"):
        refuse_contradictions(built)
    assert not caplog.records
    assert not built.softened


HEAT = "dt(u) = 0.1*laplacian(u)"
MILD: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "initial against flux": ({"initial": "x", "flux": "0"}, {"initial": "flux"}),
    "initial against one flux": (
        {"initial": "x", "boundary": {"left": "0"}, "flux": {"right": "0"}},
        {"initial": "flux_right"},
    ),
    "initial against boundary": ({"initial": "1", "boundary": "0"}, {"initial": "boundary"}),
    "velocity": (
        {"equation": "dt(dt(u)) = laplacian(u)", "initial": "x", "initial_velocity": "0", "flux": "0"},
        {"initial": "flux"},
    ),
}
AGREE: dict[str, dict[str, Any]] = {
    "flux": {"initial": "cos(pi*x)", "flux": "0"},
    "boundary": {"initial": "sin(pi*x)", "boundary": "0"},
    "within the tolerance": {"initial": "x", "boundary": {"left": "0"}, "flux": {"right": "1.002"}},
    "in other units": {"initial": "1e9*sin(pi*x)", "boundary": "0"},
}


@pytest.mark.parametrize("name", MILD)
def test_an_initial_value_that_violates_the_boundary_is_penalised_and_told(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    given, expected = MILD[name]
    pde = Expression(**{"equation": HEAT, **given})
    (violated,) = expected.values()
    assert pde.softened.keys() == expected.keys()
    assert violated in pde.softened["initial"]
    assert set(expected) <= {condition.name for condition in pde.soft_conditions()}
    with caplog.at_level(logging.WARNING, logger="pinn"):
        next(train(pde, MLP(2, width=6).double(), Adam(), POINTS))
    (told,) = [record.getMessage() for record in caplog.records]
    assert told == f"{pde.softened['initial']}: it is not built into the field, but penalised."


@pytest.mark.parametrize("name", AGREE)
def test_data_that_agree_stay_built_in(name: str) -> None:
    pde = Expression(equation=HEAT, **AGREE[name])
    assert not pde.softened
    assert "initial" not in [condition.name for condition in pde.soft_conditions()]


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        ({"left": "0", "bottom": "1"}, {"boundary_left"}),
        ({"left": "y", "bottom": "0.3"}, {"boundary_left"}),
        ({"left": "0", "right": "1"}, set()),
        ({"left": "y", "right": "1", "bottom": "x", "top": "1"}, set()),
        ({"left": "y**2", "bottom": "sin(8*x)"}, set()),
    ],
)
def test_values_that_differ_in_a_corner(boundary: dict[str, str], expected: set[str]) -> None:
    """One of the two gives way."""
    assert Expression(SQUARE, "laplacian(u) = 1", boundary=boundary).softened.keys() == expected


def test_a_mixed_condition_is_held_against_the_initial_value() -> None:
    domain = TimeDomain(1.0, Box((0.0,), (1.0,)))

    class Cooled(Given):
        def __init__(self, outside: float) -> None:
            edge = robin(Boundary(domain), constant(outside), a=2.0, b=0.1)
            start = dirichlet(Initial(domain), constant(1.0), name="initial")
            super().__init__(edge, start)
            self.domain = domain

    assert not Cooled(2.0).softened
    assert Cooled(0.5).softened.keys() == {"initial"}
    assert "violates robin" in Cooled(0.5).softened["initial"]


def test_wrapped_problems_are_softened_as_they_are() -> None:
    pde = Expression(equation=HEAT, initial="x", flux="0")
    assert TimeWindowed(pde, 2).softened == pde.softened
    assert not Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)}).softened
    assert not Poisson().softened


@pytest.mark.slow
def test_a_softened_initial_value_is_better_than_a_hard_one() -> None:
    """u(0, x) = x with insulated ends: the cosine series, against the initial value built in."""
    pde = Expression(equation=HEAT, initial="x", flux="0", penalty=100.0)
    errors = []
    for problem in (pde, _hardened()):
        network = MLP(2, width=20, depth=2, bounds=pde.domain.bounds, generator=torch.Generator().manual_seed(0))
        method = Schedule((Adam(steps=30), LevenbergMarquardt(steps=80)))
        *_, step = train(problem, network.double(), method, Sobol(800, 200, every=0), scale=False)
        x = torch.rand(500, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        x[:, 0] = 0.1 + 0.9 * x[:, 0]
        u = torch.vmap(step.field)(x).detach()
        errors.append(float((u - _series(x)).norm() / _series(x).norm()))
    assert errors[0] < 0.02
    assert errors[0] < errors[1] / 10


def _series(x: torch.Tensor) -> torch.Tensor:
    odd = range(1, 60, 2)
    terms = [torch.cos(k * torch.pi * x[:, 1]) * torch.exp(-0.1 * (k * torch.pi) ** 2 * x[:, 0]) / k**2 for k in odd]
    return 0.5 - 4 / torch.pi**2 * torch.stack(terms).sum(0)


def _hardened() -> Expression:
    other = Expression(equation=HEAT, initial="x", flux="0", penalty=100.0)
    vars(other)["_softened"] = {}
    return other


@pytest.mark.parametrize("place", ["equation", "initial", "boundary"])
def test_a_coefficient_that_no_formula_uses_is_refused_by_name(place: str) -> None:
    given: dict[str, Any] = {"equation": "dt(u) = 0.1*laplacian(u)", "initial": "sin(pi*x)", "boundary": "0"}
    with pytest.raises(ValueError, match=r"No formula uses pde.coefficients.k: leave it out"):
        Expression(coefficients={"k": 1.0}, **given)
    Expression(coefficients={"k": 1.0}, **{**given, place: given[place] + " + k*0"})
