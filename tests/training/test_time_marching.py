"""Time windows: one field over all time, continuous, as good as a single window, and loaded as it was saved."""

from pathlib import Path

import pytest
import torch
from torch.func import vmap

from pinn.domains import Box, TimeDomain
from pinn.networks import MLP, Windows
from pinn.operators import Jet, Rows, laplacian
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import Heat, Poisson, TimeWindowed, Wave
from pinn.runs.run import build_network, load_run
from pinn.runs.saving import save_run
from pinn.samplers import Sobol
from pinn.training.loop import Step, train
from pinn.training.time_marching import train_windows

F64 = torch.float64
RECIPE = {"_target_": "pinn.networks.MLP", "width": 12, "depth": 2}


def network(pde: TimeWindowed | Heat) -> torch.nn.Module:
    return build_network(RECIPE, pde, torch.Generator().manual_seed(0)).double()


def marched(pde: TimeWindowed, steps: int = 40) -> list[Step]:
    windows = network(pde)
    assert isinstance(windows, Windows)
    return list(train_windows(pde, windows, LevenbergMarquardt(), Sobol(150, 40), steps=steps))


def test_windows_reach_what_one_network_reaches() -> None:
    heat = Heat(diffusivity=0.3)
    *_, single = train(heat, network(heat), LevenbergMarquardt(), Sobol(150, 40), steps=40)
    steps = marched(TimeWindowed(heat, 3))
    whole = steps[-1]
    assert whole.rel_l2 < 1e-4
    assert whole.rel_l2 < 30 * single.rel_l2
    assert [step.step for step in steps] == list(range(1, 121))
    assert [step.figures["window"] for step in steps[::40]] == [1, 2, 3]
    assert [step.stop for step in steps if step.stop] == ["steps"]
    assert all(b.seconds >= a.seconds for a, b in zip(steps, steps[1:], strict=False))  # noqa: RUF007
    assert whole.reference is not None
    assert whole.reference.points[:, 0].max() == 1


def test_the_field_is_continuous_where_windows_meet() -> None:
    whole = marched(TimeWindowed(Wave(speed=0.4), 2), 50)[-1]
    x = torch.linspace(0.05, 0.95, 19, dtype=F64)
    gap = [vmap(whole.field)(torch.stack([torch.full_like(x, t), x], 1)) for t in (0.5 - 1e-9, 0.5)]
    assert (gap[0] - gap[1]).abs().max() < 1e-3


def test_the_initial_value_of_the_first_window_and_boundaries_stay_built_in() -> None:
    pde = TimeWindowed(Heat(), 2)
    u = pde.ansatz()(lambda x: torch.ones_like(x[..., 0]))
    x = torch.linspace(0, 1, 11, dtype=F64)
    start = vmap(u)(torch.stack([torch.zeros_like(x), x], 1))
    assert pde.exact is not None
    torch.testing.assert_close(start, vmap(pde.exact)(torch.stack([torch.zeros_like(x), x], 1)), rtol=0, atol=1e-15)
    for t in (0.2, 0.7):
        wall = torch.tensor([[t, 0.0], [t, 1.0]], dtype=F64)
        torch.testing.assert_close(vmap(u)(wall), torch.zeros(2, dtype=F64), rtol=0, atol=1e-15)
    soft = [condition.name for condition in pde.window(1, lambda x: x[..., 0]).soft_conditions()]
    assert soft == ["interior", "initial"]


def test_the_next_window_begins_with_the_parameters_of_the_last() -> None:
    pde = TimeWindowed(Heat(), 2)
    windows = network(pde)
    steps = list(train_windows(pde, windows, LevenbergMarquardt(), Sobol(100, 20), steps=1))  # pyright: ignore
    begin = steps[0].params["layers.0.weight"]
    first = windows.networks[0].layers[0].weight  # pyright: ignore
    torch.testing.assert_close(first, begin)
    assert not torch.equal(windows.networks[1].layers[0].weight, begin)  # pyright: ignore


def test_a_run_of_windows_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    heat = {"_target_": "pinn.pdes.Heat", "diffusivity": 0.3}
    config = {
        "pde": {"_target_": "pinn.pdes.Marched", "pde": heat, "windows": 3},
        "network": RECIPE,
        "vjp": {"_target_": "pinn.operators.Auto"},
    }
    whole = marched(TimeWindowed(Heat(diffusivity=0.3), 3), 5)[-1]
    save_run(tmp_path, whole, config)
    run = load_run(tmp_path)
    x = torch.rand(20, 2, dtype=F64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(vmap(run)(x), vmap(whole.field)(x), rtol=0, atol=0)
    assert run.residual(x).isfinite().all()


@pytest.mark.parametrize("outputs", [None, 2])
def test_a_network_of_windows_is_differentiated_like_any_other(outputs: int | None) -> None:
    windows = Windows([MLP(2, outputs, width=5, depth=2).double() for _ in range(3)], (0.0, 1.0, 2.0))
    for t, k in ((0.5, 0), (1.0, 1), (2.7, 2)):
        x = torch.tensor([t, 0.3], dtype=F64)
        torch.testing.assert_close(windows(x), windows.networks[k](x))
        for strategy in (Jet(), Rows()):
            torch.testing.assert_close(laplacian(windows, x, strategy), laplacian(windows.networks[k], x, Rows()))


@pytest.mark.parametrize(
    "make",
    [
        lambda: TimeWindowed(Poisson(), 2),
        lambda: TimeWindowed(Heat(), 1),
        lambda: Windows([], ()),
        lambda: Windows([MLP(2)], (0.0, 1.0)),
    ],
)
def test_bad_arguments_are_refused(make) -> None:
    with pytest.raises(ValueError, match="need"):
        make()


def test_starts_divide_the_time() -> None:
    assert TimeWindowed(Heat(TimeDomain(2.0, Box((0.0,), (1.0,)), start=1.0)), 4).starts == (1.0, 1.5, 2.0, 2.5)
