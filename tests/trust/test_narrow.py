"""Data between the points: what training has missed of them is told, and nothing where it has seen them."""

from typing import Any

import pytest
import torch

from pinn.domains import Box
from pinn.objective import Objective
from pinn.pdes import PDE, Expression
from pinn.samplers import Sobol
from pinn.trust import narrow
from pinn.trust.narrow import Missed, missed
from pinn.trust.scales import scaled
from tests.contracts.test_pdes import PDES, RITZ
from tests.trust.test_scales import network

SQUARE = Box((0.0, 0.0), (1.0, 1.0))
NARROW: dict[str, dict[str, Any]] = {
    "source in 1-D": {"equation": "-lap(u) = 1 + 1e5*exp(-1e10*(x-0.371)**2)", "boundary": "0"},
    "source in 2-D": {
        "domain": SQUARE,
        "equation": "-lap(u) = 1 + 1e5*exp(-1e5*((x-0.371)**2 + (y-0.62)**2))",
        "boundary": "0",
    },
    "boundary value": {"domain": SQUARE, "equation": "lap(u) = 0", "boundary": "exp(-1e8*(x-0.371)**2)", "hard": False},
}


def found(pde: PDE, points: int = 200) -> list[Missed]:
    like, generator = torch.zeros((), dtype=torch.float64), torch.Generator().manual_seed(0)
    pde = scaled(pde)
    samples = Sobol(points, points).sample(pde.soft_conditions(), generator, like)
    return missed(Objective(pde, network(pde), samples))


@pytest.mark.parametrize("name", NARROW)
def test_narrow_data_are_found(name: str) -> None:
    (one,) = found(Expression(**NARROW[name]))
    assert one.at[0] == pytest.approx(0.371, abs=2e-2)
    assert one.largest > 5 * one.seen
    assert one.share > 0.1
    assert one.condition in str(one)


def test_data_that_the_points_have_seen_are_not_spoken_of() -> None:
    seen = Expression(equation="-lap(u) = 1 + 1e2*exp(-1e4*(x-0.371)**2)", boundary="0")
    assert not found(seen, points=2000)
    assert not found(Expression(equation="-lap(u) = 1", boundary="0"))


@pytest.mark.no_cover  # every part of it is run elsewhere too, and tracing takes half as long again
@pytest.mark.parametrize("pde", [*PDES, *RITZ], ids=lambda pde: type(pde).__name__)
@pytest.mark.slow
def test_shipped_problems_hide_nothing(pde: PDE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrow, "SECONDS", 0.0)  # one round
    assert not found(pde, points=500)
