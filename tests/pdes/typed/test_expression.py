"""Problems typed as text against the same problems written by hand."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import (
    Boundary,
    Box,
    CenteredBall,
    Disk,
    Domain,
    Initial,
    InitialCauchy,
    PeriodicBox,
    SinglePoint,
    TimeDomain,
)
from pinn.networks import Windows
from pinn.operators import Auto, Rows, Strategy
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import PDE, Burgers, Expression, Heat, KdV, NavierStokes, Poisson, TimeWindowed, Wave
from pinn.runs.instantiate import build
from pinn.runs.run import build_network
from pinn.samplers import Sobol
from pinn.training.time_marching import train_windows

F64 = torch.float64
LINE, SQUARE = Box((-1.0,), (1.0,)), Box()
PERIOD = PeriodicBox((-1.0,), (1.0,))
BURGERS = "dt(u) + u*dx(u) - nu*dx(dx(u))"


def scalar(x: Tensor) -> Tensor:
    return torch.sin(x.sum() + x[-1]) * torch.exp(x[0] / 2) + x[-1] ** 3 * x[0]


def flow(x: Tensor) -> Tensor:
    return torch.stack([scalar(x), torch.cos(x[0]) * x[1], x.prod()])


BY_HAND: dict[str, tuple[Expression, PDE]] = {
    "Burgers": (
        Expression(LINE, BURGERS, coefficients={"nu": "0.01/pi"}, initial="-sin(pi*x)", boundary="0"),
        Burgers(),
    ),
    "Heat": (
        Expression(SQUARE, "dt(u) = a*laplacian(u)", coefficients={"a": 0.3}, exact="exp(-t)*sin(x)*y**2"),
        Heat(TimeDomain(1.0, SQUARE), 0.3, lambda x: torch.exp(-x[0]) * torch.sin(x[1]) * x[2] ** 2),
    ),
    "Wave": (
        Expression(SQUARE, "dt(dt(u)) = 4*(dx(dx(u)) + dy(dy(u)))", exact="cos(t)*x*y**3"),
        Wave(TimeDomain(1.0, SQUARE), 2.0, lambda x: torch.cos(x[0]) * x[1] * x[2] ** 3),
    ),
    "KdV": (
        Expression(PERIOD, "dt(u) + u*dx(u) + 0.022**2*dx(dx(dx(u)))", initial="cos(pi*x)"),
        KdV(),
    ),
    "Poisson": (
        Expression(Disk(), "-laplacian(u)", exact="exp(x)*sin(2*y)"),
        Poisson(Disk(), lambda x: torch.exp(x[0]) * torch.sin(2 * x[1])),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_residual_and_data_equal_those_by_hand(name: str, strategy: Strategy) -> None:
    typed, by_hand = BY_HAND[name]
    assert typed.domain == by_hand.domain
    samples = Sobol(40, 20).sample(typed.conditions(), torch.Generator().manual_seed(0), torch.zeros((), dtype=F64))
    for ours, theirs in zip(typed.conditions(), by_hand.conditions(), strict=True):
        assert (ours.name, ours.region, ours.weight) == (theirs.name, theirs.region, theirs.weight)
        sample = samples[ours.name]
        for data, at in (("given", sample), ("prescribed", sample[:1])):
            a, b = getattr(ours, data), getattr(theirs, data)
            assert (a is None) == (b is None)
            if a is not None:
                torch.testing.assert_close(vmap(a)(*at), vmap(b)(*at), rtol=1e-12, atol=1e-12)
        if ours.given is not None:
            sample = (*sample, vmap(ours.given)(*sample))
        a, b = (vmap(lambda *s, c=c: c.residual(scalar, *s, strategy=strategy))(*sample) for c in (ours, theirs))
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_a_system_with_fields_left_free() -> None:
    """Kovasznay's flow as three equations for (u, v, p), p prescribed nowhere."""
    typed = Expression(
        Box((-0.5, -0.5), (1.0, 1.5)),
        ["u*dx(u) + v*dy(u) + dx(p) = lap(u)/re", "u*dx(v) + v*dy(v) + dy(p) = lap(v)/re", "div([u, v])"],
        ["u", "v", "p"],
        {"re": 40.0},
        boundary=["1 - y", "x", None],
    )
    assert typed.components == 3
    for x in torch.rand(5, 2, dtype=F64, generator=torch.Generator().manual_seed(0)):
        expected = NavierStokes().residual(flow, x, strategy=Rows())
        torch.testing.assert_close(typed.residual(flow, x, strategy=Auto()), expected, rtol=1e-12, atol=1e-12)
    assert typed.conditions()[1].components == (0, 1)
    x = torch.tensor([0.2, 0.3], dtype=F64)
    g = typed.conditions()[1].prescribed
    assert g is not None
    torch.testing.assert_close(g(x), torch.tensor([0.7, 0.2, 0.0], dtype=F64))


def test_fields_of_different_order_in_time() -> None:
    """u_tt, v_t and w without dt: value and velocity, value alone, nothing."""
    typed = Expression(
        equation=["dt(dt(u)) = v", "dt(v) = dx(dx(w))", "w = u"],
        fields=["u", "v", "w"],
        initial=["x", "x**2", None],
        initial_velocity=["3", None, None],
        boundary=[],
    )
    _, first, motion = typed.conditions()
    assert isinstance(first.region, Initial)
    assert isinstance(motion.region, InitialCauchy)
    assert (first.components, motion.components) == ((1,), (0,))
    x = torch.tensor([0.0, 0.4], dtype=F64)
    right = lambda x: torch.stack([x[1] + 3 * x[0], x[1] ** 2, 7 + x[0]])  # noqa: E731
    assert motion.given is not None
    found = motion.residual(right, x, motion.given(x), strategy=Auto())
    torch.testing.assert_close(found, torch.zeros(2, 1, dtype=F64))
    u = typed.ansatz()(lambda x: torch.stack([x.sum(), x.prod(), x[0] + 5]))
    torch.testing.assert_close(u(x)[:2], right(x)[:2])
    torch.testing.assert_close(torch.func.jacfwd(u)(x)[0, 0], torch.tensor(3.0, dtype=F64))


def test_flux_and_parts_of_the_boundary() -> None:
    typed = Expression(SQUARE, "laplacian(u)", boundary={"left": "y", "right": 0}, flux={"top": "1", "bottom": "x"})
    names = [condition.name for condition in typed.conditions()]
    assert names == ["interior", "boundary_left", "boundary_right", "flux_top", "flux_bottom"]
    assert typed.conditions()[3].region == Boundary(SQUARE, "top")
    whole = Expression(SQUARE, ["lap(u)", "lap(v)"], ["u", "v"], flux=["1", None], boundary=[None, "0"])
    flux = whole.conditions()[2]
    normal = torch.tensor([1.0, 0.0], dtype=F64)
    found = flux.residual(lambda x: 3 * x, torch.zeros(2, dtype=F64), normal, torch.ones(2, dtype=F64), strategy=Auto())
    torch.testing.assert_close(found, torch.tensor([2.0], dtype=F64))


def test_an_ordinary_differential_equation() -> None:
    typed = Expression(SinglePoint(), "dt(u) = -u", initial="2")
    assert typed.domain == TimeDomain(1.0, SinglePoint())
    assert len(typed.conditions()) == 2
    torch.testing.assert_close(
        typed.residual(lambda x: torch.exp(-x[0]), torch.ones(1), strategy=Auto()), torch.zeros(())
    )


def test_very_many_dimensions() -> None:
    """Δu stays one operator, and the boundary is there although its measure is too small for a number."""
    typed = Expression(CenteredBall(dimensions=1000), "-lap(u) = 2000", exact="1 - x1**2")
    u = lambda x: 1 - x @ x  # noqa: E731
    x = torch.full((1000,), 0.01, dtype=F64)
    torch.testing.assert_close(typed.residual(u, x, strategy=Auto()), torch.zeros((), dtype=F64))
    assert [condition.name for condition in typed.conditions()] == ["interior", "boundary"]


def test_time_where_it_is_spoken_of() -> None:
    assert not isinstance(Expression(SQUARE, "lap(u) + x", boundary=0).domain, TimeDomain)
    assert isinstance(Expression(SQUARE, "lap(u) + x", boundary="sin(t)").domain, TimeDomain)
    assert isinstance(Expression(SQUARE, "lap(u)", boundary=0, time=True).domain, TimeDomain)
    slab = TimeDomain(2.0, LINE, start=1.0)
    assert Expression(slab, "dt(u)", initial="x").domain is slab


def test_in_windows_of_time() -> None:
    typed = Expression(PERIOD, "dt(u) + dx(u)", exact="sin(pi*(x - t))")
    assert TimeWindowed(typed, 2).window(1).domain.start == 0.5
    network = build_network(
        {"_target_": "pinn.networks.MLP", "width": 8, "depth": 1},
        TimeWindowed(typed, 2),
        torch.Generator().manual_seed(0),
    ).double()
    assert isinstance(network, Windows)
    step = list(train_windows(TimeWindowed(typed, 2), network, LevenbergMarquardt(steps=40), Sobol(60, 20)))[-1]
    assert step.rel_l2 < 0.05


def test_a_recipe_of_texts_and_numbers() -> None:
    """On a command line 0 is a number and "0" a text: both are formulas."""
    recipe = {"equation": "lap(u) = k", "coefficients": {"k": 2}, "boundary": 0, "domain": SQUARE, "flux": {"top": 1}}
    built = build({"_target_": "pinn.pdes.Expression", **recipe}, "pde")
    assert [condition.name for condition in built.conditions()] == ["interior", "boundary", "flux_top"]


HEAT = "dt(u) - lap(u)"
WRONG: dict[str, tuple[Domain, Mapping[str, Any]]] = {
    "dt of u: give pde.initial": (LINE, {"equation": HEAT, "boundary": "0"}),
    "give pde.initial_velocity": (LINE, {"equation": "dt(dt(u)) - lap(u)", "initial": "x", "boundary": "0"}),
    "initial_velocity is given, but the equation has no dt(dt(…))": (
        LINE,
        {"equation": HEAT, "initial": "x", "initial_velocity": "0", "boundary": "0"},
    ),
    "initial is given, but the equation has no dt(…)": (LINE, {"equation": "lap(u)", "initial": "x", "boundary": "0"}),
    "dt is applied 3 times to u, at most 2": (LINE, {"equation": "dt(dt(dt(u)))", "exact": "t**3"}),
    "The domain has a boundary: give pde.boundary": (LINE, {"equation": HEAT, "initial": "x"}),
    "pde.boundary has 2 expressions for 1 fields (u)": (LINE, {"equation": HEAT, "exact": "x", "boundary": ["0", "0"]}),
    "pde.exact has 1 expressions for 2 fields (u, v)": (
        LINE,
        {"equation": "lap(u*v)", "fields": ["u", "v"], "exact": "x"},
    ),
    "pde.exact needs an expression for each of the fields u, v": (
        LINE,
        {"equation": "lap(u*v)", "fields": ["u", "v"], "exact": ["x", None]},
    ),
    "pde.initial has no expression for v": (
        LINE,
        {"equation": ["dt(u)", "dt(v)"], "fields": ["u", "v"], "initial": ["x", None]},
    ),
    "The field 'v' does not occur in pde.equation": (
        LINE,
        {"equation": "lap(u)", "fields": ["u", "v"], "boundary": []},
    ),
    "pde.exact is given and pde.equation is not": (LINE, {"exact": "x"}),
    "has no part 'top'": (LINE, {"equation": "lap(u)", "boundary": {"top": "0"}}),
    "has no boundary": (PERIOD, {"equation": HEAT, "initial": "sin(pi*x)", "boundary": "0"}),
    "pde.initial is not periodic on the domain": (PERIOD, {"equation": HEAT, "initial": "x"}),
    "pde.exact is not periodic on the domain": (PERIOD, {"equation": HEAT, "exact": "sin(x)*t"}),
    "boundary_left: 'w' is not known": (LINE, {"equation": "lap(u)", "boundary": {"left": "w"}}),
    "initial: 't' is not known": (LINE, {"equation": HEAT, "initial": "t", "boundary": "0"}),
    "'y' is not known": (LINE, {"equation": "lap(u) + y", "boundary": "0"}),
    "coefficient k: 'w' is not known": (LINE, {"equation": "lap(u)", "boundary": "0", "coefficients": {"k": "w"}}),
    "duration > 0": (LINE, {"equation": HEAT, "exact": "x", "duration": 0.0}),
    "needs a list of fields": (LINE, {"equation": HEAT, "fields": []}),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_missing_or_too_much(words: str) -> None:
    domain, arguments = WRONG[words]
    with pytest.raises(ValueError) as caught:
        Expression(domain, **arguments)
    assert words in str(caught.value)


def test_data_for_a_boundary_that_time_alone_has_not() -> None:
    """Without derivatives in space the boundary needs no values."""
    typed = Expression(LINE, "dt(u) = -u*x", initial=f"{math.pi}*x")
    assert [condition.name for condition in typed.conditions()] == ["interior", "initial"]
