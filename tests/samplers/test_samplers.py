"""Samplers: counts, seeds, spread, redraws."""

import dataclasses
import inspect

import pytest
import torch
from torch import Tensor, nn

import pinn.samplers
from pinn.domains import Box, TimeDomain
from pinn.networks import MLP
from pinn.objective import Objective
from pinn.pdes import Heat, Poisson
from pinn.samplers import RAD, RARD, Sampler, Sobol, Uniform
from pinn.samplers.adaptive import scattered
from pinn.typing import Params

CLASSES = [cls for _, cls in inspect.getmembers(pinn.samplers, inspect.isclass)]
SHIPPED = [cls for cls in CLASSES if issubclass(cls, Sampler) and cls is not Sampler]
EACH = pytest.mark.parametrize("sampler", SHIPPED)
LIKE = torch.zeros((), dtype=torch.float64)


@EACH
def test_counts_and_dtype(sampler: type[Sampler]) -> None:
    conditions = Heat(hard=False).conditions()
    samples = sampler(interior=37, boundary=11).sample(conditions, torch.Generator().manual_seed(0), LIKE)
    assert {name: sample[0].shape for name, sample in samples.items()} == {
        "interior": (37, 2),
        "initial": (11, 2),
        "boundary": (11, 2),
    }
    assert all(part.dtype == torch.float64 for sample in samples.values() for part in sample)


@EACH
def test_same_seed_same_points_and_new_points_when_drawn_again(sampler: type[Sampler]) -> None:
    conditions = Poisson().conditions()

    def draw(generator: torch.Generator) -> torch.Tensor:
        return sampler().sample(conditions, generator, LIKE)["interior"][0]

    generator = torch.Generator().manual_seed(5)
    first, second = draw(generator), draw(generator)
    assert torch.equal(first, draw(torch.Generator().manual_seed(5)))
    assert not torch.equal(first, second)


@EACH
def test_coordinates_of_time_and_space_are_independent(sampler: type[Sampler]) -> None:
    """One sequence serves all coordinates of a point; two sequences for time and space would be correlated."""
    samples = sampler(interior=4096).sample(Heat().conditions(), torch.Generator().manual_seed(0), LIKE)
    assert torch.corrcoef(samples["interior"][0].T)[0, 1].abs() < 0.05


def test_sobol_integrates_better_than_chance() -> None:
    """∫ sin(πx) sin(πy) = 4/π² on the unit square."""

    def error(sampler: Sampler) -> float:
        errors = []
        for seed in range(10):
            generator = torch.Generator().manual_seed(seed)
            (x,) = sampler.sample(Poisson(Box()).conditions()[:1], generator, LIKE)["interior"]
            errors.append(float(torch.sin(torch.pi * x).prod(1).mean() - 4 / torch.pi**2) ** 2)
        return sum(errors) ** 0.5

    assert error(Sobol(1024)) < 0.1 * error(Uniform(1024))


@EACH
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"interior": 0}, "interior >= 1 points, got interior=0"),
        ({"boundary": -5}, "boundary >= 1 points, got boundary=-5"),
        ({"every": -1}, "every >= 0"),
    ],
)
def test_refuses(sampler: type[Sampler], arguments: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError) as error:
        sampler(**arguments)
    assert words in str(error.value)


def objective_at(sampler: Sampler) -> tuple[Objective, dict[str, torch.Tensor], torch.Generator]:
    """A network of one neuron, whose residual f + Δu is large in the middle of the square."""
    pde = Poisson(hard=False)
    network = MLP(2, width=1, depth=1, generator=torch.Generator().manual_seed(0)).double()
    generator = torch.Generator().manual_seed(0)
    samples = sampler.sample(pde.soft_conditions(), generator, LIKE)
    return Objective(pde, network, samples), dict(network.named_parameters()), generator


@EACH
def test_a_redraw_keeps_conditions_dtype_and_domain(sampler: type[Sampler]) -> None:
    objective, params, generator = objective_at(sampler(interior=50, boundary=20))
    samples = sampler(interior=50, boundary=20).redraw(objective, params, generator)
    assert set(samples) == {"interior", "boundary"}
    assert all(part.dtype == torch.float64 for sample in samples.values() for part in sample)
    assert Box().contains(samples["interior"][0]).all()
    assert (Box().distance(samples["boundary"][0]).abs() < 1e-12).all()
    assert samples["boundary"][1].shape == samples["boundary"][0].shape
    again = sampler(interior=50, boundary=20).redraw(*objective_at(sampler(interior=50, boundary=20)))
    assert all(torch.equal(a, b) for name in samples for a, b in zip(samples[name], again[name], strict=True))


def test_rad_draws_by_the_density_of_the_paper() -> None:
    """E[g] over the points is ∫ g p with p ∝ |r|/mean|r| + 1; here r ≈ 2π² sin πx sin πy."""
    sampler = RAD(interior=4000, candidates=40_000, keep=0.0, uniform_share=0.0)
    objective, params, generator = objective_at(sampler)
    x = sampler.redraw(objective, params, generator)["interior"][0]
    (even,) = Sobol(20_000).sample(Poisson().conditions()[:1], generator, LIKE)["interior"]
    r = objective.at({"interior": (even,)}).residuals(params)["interior"][:, 0].detach().abs()
    weight = r / r.mean() + 1
    g = (even - 0.5).square().sum(1)
    expected = float((g * weight).sum() / weight.sum())
    plain = float(g.mean())
    assert abs(expected - plain) > 0.01
    assert float((x - 0.5).square().sum(1).mean()) == pytest.approx(expected, abs=0.005)


def test_rad_keeps_and_spreads_what_it_is_told_to() -> None:
    sampler = RAD(interior=200, boundary=20, keep=0.25, uniform_share=0.5)
    objective, params, generator = objective_at(sampler)
    before = {tuple(x.tolist()) for x in objective.samples["interior"][0]}
    after = [tuple(x.tolist()) for x in sampler.redraw(objective, params, generator)["interior"][0]]
    assert len(after) == len(set(after)) == 200
    assert sum(x in before for x in after) == 50


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("uniform_share", [0.0, 0.99])
def test_rad_has_as_many_points_as_it_is_told_to(keep: float, uniform_share: float) -> None:
    sampler = RAD(interior=40, boundary=7, candidates=50, keep=keep, uniform_share=uniform_share)
    samples = sampler.redraw(*objective_at(sampler))
    assert {name: len(sample[0]) for name, sample in samples.items()} == {"interior": 40, "boundary": 7}


@pytest.mark.parametrize("adaptive", [RAD(100, 2000, everywhere=False), RARD(100, 2000, added=1.0, everywhere=False)])
def test_other_regions_may_stay_even(adaptive: RAD | RARD) -> None:
    """At θ = 0 the residual on the boundary is −g, largest on one side; even points do not see it."""
    pde = Poisson(exact=lambda x: x[0] ** 8, hard=False)
    network = MLP(2, width=1, depth=1, generator=torch.Generator()).double()
    params = {name: torch.zeros_like(value) for name, value in network.named_parameters()}

    def right(sampler: Sampler) -> float:
        generator = torch.Generator().manual_seed(0)
        objective = Objective(pde, network, sampler.sample(pde.soft_conditions(), generator, LIKE))
        (x, _) = sampler.redraw(objective, params, generator)["boundary"]
        return float((x[:, 0] == 1).double().mean())

    assert right(adaptive) == pytest.approx(0.25, abs=0.02)
    assert right(dataclasses.replace(adaptive, everywhere=True)) > 0.3


def test_candidates_are_seen_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more points at once than in training, whatever the number of candidates."""
    sampler = RAD(1500, 20, candidates=4000)
    objective, params, generator = objective_at(sampler)
    seen = []
    plain = Objective.residuals

    def watched(self: Objective, params: Params) -> dict[str, torch.Tensor]:
        seen.append({name: len(sample[0]) for name, sample in self.samples.items()})
        return plain(self, params)

    monkeypatch.setattr(Objective, "residuals", watched)
    sampler.redraw(objective, params, generator)
    assert sum(points.get("interior", 0) for points in seen) == 4000
    assert max(points.get("interior", 0) for points in seen) == 1500
    assert max(points.get("boundary", 0) for points in seen) == 1024


def test_rard_adds_up_to_its_limit() -> None:
    sampler = RARD(interior=100, boundary=10, added=0.5, most=1.7)
    objective, params, generator = objective_at(sampler)
    counts = []
    for _ in range(3):
        before = objective.samples["interior"][0]
        objective = objective.at(sampler.redraw(objective, params, generator))
        assert torch.equal(objective.samples["interior"][0][: len(before)], before)
        counts.append(len(objective.samples["interior"][0]))
    assert counts == [150, 170, 170]


@pytest.mark.parametrize(
    "make",
    [
        lambda: RAD(keep=1.0),
        lambda: RAD(uniform_share=-0.1),
        lambda: RAD(k=-1.0),
        lambda: RAD(candidates=10),
        lambda: RARD(added=0.0),
        lambda: RARD(most=0.5),
        lambda: RARD(c=-1.0),
    ],
)
def test_bad_numbers_of_adaptive_samplers_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()


def test_scattered_points_stay_near_and_inside() -> None:
    """Half of them nearer than 1 % of the box; a coordinate that all centres share is kept."""
    domain = TimeDomain(1.0, Box((0.0,), (1.0,)))
    centers = torch.tensor([[0.0, 0.1], [0.0, 1.0]], dtype=torch.float64).repeat(500, 1)
    points = scattered(centers, domain, torch.Generator().manual_seed(0))
    assert (points[:, 0] == 0).all()
    assert domain.contains(points).all()
    away = (points - centers).norm(dim=1)
    assert away.median() < 1e-2
    assert away.max() > 0.05


def test_rad_with_local_candidates_finds_what_even_ones_miss() -> None:
    """A residual that is large within 1e-3 of a corner draws points there."""

    class Spike(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.exp(-((x / 1e-3) ** 2).sum(-1)) + 0 * self.weight * x[..., 0]

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros((), dtype=torch.float64))

    pde = Poisson(exact=lambda x: 0 * x[0], hard=False)
    generator = torch.Generator().manual_seed(0)
    shares = []
    for local in (0.0, 0.5):
        sampler = RAD(interior=200, boundary=20, candidates=2000, local=local, keep=0.2)
        network = Spike()
        params = dict(network.named_parameters())
        near = torch.rand(200, 2, dtype=torch.float64, generator=generator)
        near[0] = 1e-3
        points = {
            "interior": (near,),
            "boundary": Sobol(boundary=20).sample(pde.conditions(), generator, near)["boundary"],
        }
        objective = Objective(pde, network, points)
        for _ in range(3):
            objective = objective.at(sampler.redraw(objective, params, generator))
        shares.append(float((objective.samples["interior"][0].norm(dim=1) < 1e-2).double().mean()))
    assert shares[1] > 0.3 > 0.1 > shares[0]
