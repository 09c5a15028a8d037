"""No unit matters: of a field, of an equation, of a coordinate. By powers of two not a single bit changes."""

import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

from pinn.domains import Box, Disk, TimeDomain
from pinn.networks import MLP, WithUnknowns
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.pdes import PDE, Expression, Heat, Poisson, Wave, scales_of
from pinn.samplers import Sobol
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.trust.scales import scaled
from pinn.typing import Field
from tests.contracts.test_pdes import PDES, RITZ
from tests.trust.in_units import in_units

FEW = Sobol(interior=40, boundary=20, every=0)
FACTORS = (1e-9, 273.15, 2.1e11)


def network(pde: PDE, width: int = 6, seed: int = 0) -> nn.Module:
    generator, unknowns = torch.Generator().manual_seed(seed), pde.unknowns
    outputs = None if pde.components is None else pde.components - len(unknowns)
    module = MLP(len(pde.domain.embedded_bounds[0]), outputs, width=width, depth=2, generator=generator)
    if unknowns:
        return WithUnknowns(module, unknowns, len(pde.domain.embedded_bounds[0]), generator).double()
    return module.double()


def steps_of(pde: PDE, steps: int = 3, **means: Any) -> list[Step]:
    squares = all(condition.energy is None for condition in pde.soft_conditions())
    optimizer = Schedule((Adam(steps=2), LevenbergMarquardt())) if squares else Adam(steps=steps)
    return list(train(pde, network(pde), optimizer, FEW, steps=steps, **means))


def same(ours: list[Step], theirs: list[Step]) -> None:
    """The same runs, to the last bit."""
    assert [step.loss for step in ours] == [step.loss for step in theirs]
    assert [step.terms for step in ours] == [step.terms for step in theirs]
    for name, value in ours[-1].params.items():
        assert torch.equal(value, theirs[-1].params[name])
    assert ours[-1].heldout_residual == theirs[-1].heldout_residual


@pytest.mark.no_cover  # every part of it is run elsewhere too, and tracing takes half as long again
@pytest.mark.parametrize("pde", [*PDES, *RITZ], ids=lambda pde: type(pde).__name__)
@pytest.mark.slow
def test_units_of_fields_and_equations_change_no_bit(pde: PDE) -> None:
    same(steps_of(in_units(pde, 1.0, 1.0)), steps_of(in_units(pde, 2.0**-31, 2.0**40)))


def heat(size: float, length: float, time: float) -> PDE:
    """A rod that cools, in units of its own."""

    def exact(x: torch.Tensor) -> torch.Tensor:
        t, y = x[0] / time, x[1] / length
        return size * (torch.exp(-t) * torch.sin(math.pi * y) + y)

    rod = TimeDomain(space=Box((0.0,), (length,)), duration=time)
    return Heat(domain=rod, exact=exact, diffusivity=length**2 / time / math.pi**2)


def membrane(size: float, length: float, time: float) -> PDE:
    def exact(x: torch.Tensor) -> torch.Tensor:
        t, y = x[0] / time, x[1] / length
        return size * torch.sin(math.pi * y) * torch.cos(math.pi * t)

    return Wave(domain=TimeDomain(space=Box((0.0,), (length,)), duration=time), exact=exact, speed=length / time)


def plate(size: float, length: float, time: float) -> PDE:
    def exact(x: torch.Tensor) -> torch.Tensor:
        return size * torch.exp(x[0] / length) * torch.sin(math.pi * x[1] / length)

    return Poisson(domain=Box((0.0, 0.0), (length, length)), exact=exact)


def soft_disk(size: float, length: float, time: float) -> PDE:
    def exact(x: torch.Tensor) -> torch.Tensor:
        return size * torch.exp(x[0] / length) * torch.sin(math.pi * x[1] / length)

    return Poisson(domain=Disk(radius=length), exact=exact, hard=False)


def typed(size: float, length: float, time: float) -> PDE:
    """Burgers' equation as a user types it."""
    numbers = {"nu": 0.05 * length**2 / time, "A": size, "L": length, "T": time, "s": length / time / size}
    return Expression(
        domain=Box((0.0,), (length,)),
        equation="dt(u) + s*u*dx(u) = nu*dx(dx(u))",
        coefficients=numbers,
        exact="A*(1 + sin(pi*x/L)*exp(-t/T))",
        duration=time,
    )


EACH = pytest.mark.parametrize("problem", [heat, membrane, plate, soft_disk, typed])


@EACH
def test_units_of_coordinates_change_no_bit(problem: Any) -> None:
    same(steps_of(problem(1.0, 1.0, 1.0)), steps_of(problem(2.0**-31, 2.0**-20, 2.0**9)))


STEADY = (plate, soft_disk)
"""Problems that take no notice of the unit of time."""


@cache
def error(problem: Any, *units: float) -> float:
    pde = problem(*units)
    *_, last = train(pde, network(pde, 12), sampler=Sobol(interior=300, boundary=80, every=0), steps=50)
    return last.rel_l2


@pytest.mark.nightly
@EACH
@pytest.mark.parametrize("factor", FACTORS)
def test_any_unit_gives_the_same_error(problem: Any, factor: float) -> None:
    """Within a factor of three, whatever the unit."""
    plain = error(problem, 1.0, 1.0, 1.0)
    assert plain < 5e-2
    assert plain / 3 < error(problem, factor, 1.0, 1.0) < 3 * plain
    assert plain / 3 < error(problem, 1.0, factor, 1.0) < 3 * plain
    if problem not in STEADY:
        assert plain / 3 < error(problem, 1.0, 1.0, factor) < 3 * plain


def test_the_scales_are_those_of_what_the_network_has_to_give() -> None:
    """u = x + 300 (1 − x) + 200 φ: known offset and size in front of the distance function."""

    def exact(x: torch.Tensor) -> torch.Tensor:
        return 300 + 500 * x[0] + 4000 * x[0] * (1 - x[0]) * (1 + 0.2 * torch.sin(3 * x[0]))

    scales = scales_of(scaled(Poisson(domain=Box((0.0,), (1.0,)), exact=exact)))
    assert scales is not None
    factor = (
        4.0
        if Poisson(domain=Box((0.0,), (1.0,))).ansatz()(lambda _: torch.tensor(1.0))(torch.tensor([0.5])) == 1
        else 1.0
    )
    assert scales.offset[0] == pytest.approx(4000 * 1.13 / factor, rel=0.1)
    assert 50 / factor < scales.size[0] < 2000 / factor


def test_sizes_that_are_known_otherwise() -> None:
    pde = heat(1.0, 1.0, 1.0)
    scales = scales_of(scaled(pde, [3.0]))
    assert scales is not None
    assert scales.size[0] > scales_of(scaled(pde)).size[0]  # pyright: ignore[reportOptionalMemberAccess]
    for wrong in ([1.0, 2.0], [0.0], [math.inf], [-1.0]):
        with pytest.raises(ValueError, match=r"scale needs a finite number > 0"):
            scaled(pde, wrong)


def test_the_network_gives_u_in_its_own_unit() -> None:
    """The field made of problem and network by hand is that of the last step."""
    pde = plate(1e6, 1e-3, 1.0)
    module = network(pde)
    *_, last = train(pde, module, sampler=FEW, steps=5)
    by_hand: Field = pde.ansatz()(lambda x: module(x))
    x = torch.tensor([3e-4, 7e-4], dtype=torch.float64)
    assert torch.equal(by_hand(x), last.field(x))
    again = network(pde)
    again.load_state_dict(module.state_dict())
    assert torch.equal(again(x), module(x))


def test_a_second_training_goes_on_from_the_first() -> None:
    pde = plate(1e6, 1e-3, 1.0)
    module = network(pde)
    *_, last = train(pde, module, sampler=FEW, steps=5)
    first = next(train(pde, module, Adam(), FEW, steps=1))
    assert first.loss == pytest.approx(last.train_residual**2, rel=1e-12)


def test_without_scales_all_is_taken_as_it_stands() -> None:
    pde = plate(1e6, 1.0, 1.0)
    (step,) = train(pde, network(pde), Adam(), FEW, steps=1, scale=False)
    assert step.loss > 1e10
    assert scales_of(step.objective.pde) is None


def test_where_temperatures_begin_does_not_matter() -> None:
    """A penalised temperature beside a flux to the air, in °C and in K: the rows are those of the range, not of 353."""
    found = {}
    for zero in (0.0, 273.15, 5000.0):
        pde = Expression(
            Box((0.0, 0.0), (1.0, 1.0)),
            "laplacian(u) = 0",
            boundary={"left": f"{80 + zero}"},
            flux={"right": f"-2*(u - {20 + zero})", "bottom": "0", "top": "0"},
            hard=False,
            time=False,
        )
        scales = scales_of(scaled(pde))
        assert scales is not None
        found[zero] = [*scales.size, *(one for row in scales.rows.values() for one in row)]
    assert found[273.15] == pytest.approx(found[0.0], rel=0.02)
    assert found[5000.0] == pytest.approx(found[0.0], rel=0.02)
    assert scales.rows["boundary_left"][0] < 40
