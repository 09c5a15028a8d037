"""The list: each problem has a configuration that builds, and closed forms satisfy what is typed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from benchmarks.pinnacle import closed_forms
from benchmarks.pinnacle.problems import CONFIGS, PROBLEMS
from benchmarks.pinnacle.reference import Reference, closed_form, relative, spread
from pinn.cli.experiments import keys_of_experiment
from pinn.cli.train_schema import register
from pinn.domains import Box
from pinn.operators import Auto
from pinn.pdes import PDE
from pinn.runs.configs import config_folder
from pinn.runs.instantiate import build

NAMES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def problem(name: str) -> PDE:
    register()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config: Any = OmegaConf.to_container(compose("train", [f"experiment=pinnacle/{name}"]), resolve=True)
    return build(config["pde"], "pde")


def test_every_problem_of_the_list_has_a_configuration() -> None:
    assert set(PROBLEMS) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_configuration_builds_and_names_no_training(name: str) -> None:
    assert problem(name).conditions()
    assert keys_of_experiment(f"experiment=pinnacle/{name}") <= {"pde", "domain", "budget_s"}


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("wave_1d", lambda t, x: torch.sin(torch.pi * x) * torch.cos(2 * torch.pi * t)
            + 0.5 * torch.sin(4 * torch.pi * x) * torch.cos(8 * torch.pi * t)),
        ("heat_multiscale", lambda t, x, y: torch.exp(-1.0016 * t) * torch.sin(20 * torch.pi * x)
            * torch.sin(torch.pi * y)),
        ("wave_long_time", lambda t, x, y: torch.cos(torch.pi * t) * (
            torch.sinh(torch.pi * x) * torch.sin(torch.pi * y)
            + torch.sin(3 * torch.pi * x) * torch.sinh(2 * torch.pi * y))),
        ("poisson_5d", lambda *x: sum(torch.sin(torch.pi / 2 * c) for c in x)),
        ("heat_5d", lambda t, *x: torch.exp(t + sum(c**2 for c in x) / 2)),
    ],
)  # fmt: skip
def test_a_closed_form_satisfies_the_typed_problem(name: str, formula) -> None:
    """In equation and reference alike."""
    pde, reference = problem(name), PROBLEMS[name].reference()
    points = torch.from_numpy(reference.points[:20])
    (equation, *_) = pde.conditions()
    for x, value in zip(points, reference.values[:20, 0], strict=True):
        assert abs(float(formula(*x)) - value) < 1e-9 * max(1, abs(value))
        residual = equation.residual(lambda y: formula(*y), x, strategy=Auto())
        assert abs(float(residual)) < 1e-7 * max(1, 1e3 * abs(value))


def test_a_reference_is_kept(tmp_path: Path) -> None:
    calls = []

    def compute() -> Reference:
        calls.append(1)
        return closed_form(Box((0.0,), (1.0,)), lambda p: p[:, 0] ** 2)

    first, second = (Reference.kept(tmp_path / "a" / "b.npz", compute) for _ in range(2))
    assert len(calls) == 1
    np.testing.assert_array_equal(first.values, second.values)
    assert second.distance(1.01 * second.values) == pytest.approx(0.01)


def test_points_are_inside_and_always_the_same() -> None:
    box = Box((0.0, 1.0), (2.0, 3.0))
    points = spread(box, 100)
    np.testing.assert_array_equal(points, spread(box, 100))
    assert box.contains(torch.from_numpy(points)).all()
    assert relative(points, points) == 0


@pytest.mark.slow
def test_the_spectral_reference_of_chaos_states_a_small_error() -> None:
    assert closed_forms.kuramoto_sivashinsky(modes=192, steps=8000).error < 1e-2
