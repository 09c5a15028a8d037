"""Jumps and kinks are found by values alone, and nothing smooth is taken for one, however steep."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinn.domains import Box, Disk, TimeDomain
from pinn.pdes.probing import axis_lines, probed_axes, roughness

LINE = Box((-1.0,), (1.0,))
TABLE = torch.tensor([0.0, 1.0, 4.0, 9.0, 16.0, 25.0], dtype=torch.float64)

ROUGH: dict[str, tuple[Callable[[Tensor], Tensor], int, float]] = {
    "a kink": (lambda x: (x[0] - 0.3).abs(), 1, 0.3),
    "a ramp": (lambda x: torch.relu(x[0]), 1, 0.0),
    "a kink on a mountain": (lambda x: 1e6 + (x[0] + 0.7).abs(), 1, -0.7),
    "a kink in waves": (lambda x: torch.sin(100 * x[0]) + (x[0] - 0.2).abs(), 1, 0.2),
    "a cusp": (lambda x: (x[0] - 0.1).abs().sqrt(), 1, 0.1),
    "a step": (lambda x: torch.where(x[0] < 0.371, 1.0, 0.0), 0, 0.371),
    "a narrow box": (lambda x: torch.where((x[0] - 0.371).abs() < 1e-3, 1.0, 0.0), 0, 0.371),
    "stairs": (lambda x: torch.floor(2 * x[0] + 0.4), 0, -0.2),
    "a small unit": (lambda x: 1e-9 * (x[0] - 0.3).abs(), 1, 0.3),
}


@pytest.mark.parametrize("name", ROUGH)
def test_what_is_rough(name: str) -> None:
    f, order, at = ROUGH[name]
    found = roughness(f, LINE, 0)
    assert found is not None
    assert found.order == order
    assert found.at[0] == pytest.approx(at, abs=2e-3 if "box" in name else 1e-5) or name == "stairs"


SMOOTH: dict[str, Callable[[Tensor], Tensor]] = {
    "a sine": lambda x: torch.sin(3 * x[0]),
    "many waves": lambda x: torch.sin(2000 * x[0]),
    "a layer": lambda x: torch.tanh(200 * x[0]),
    "a thin layer": lambda x: torch.tanh(1e4 * (x[0] - 0.371)),
    "a layer of 1e-5": lambda x: torch.tanh(1e5 * (x[0] - 0.371)),
    "a peak": lambda x: torch.exp(-1e4 * x[0] ** 2),
    "|x|³": lambda x: x[0].abs() ** 3,
    "a constant": lambda x: 0 * x[0] + 3,
    "a line far away": lambda x: x[0] + 1e5,
    "single precision": lambda x: torch.sin(3 * x[0].float()),
    "noise": lambda x: torch.sin(x[0]) + 1e-9 * torch.sin(1e12 * x[0]),
    "an edge at the boundary": lambda x: torch.sqrt(1 + x[0]),
    "nothing that is a number": lambda x: x[0] * torch.nan,
}


@pytest.mark.parametrize("name", SMOOTH)
def test_what_is_smooth(name: str) -> None:
    assert roughness(SMOOTH[name], LINE, 0) is None


def test_lines_through_space_and_time() -> None:
    domain = TimeDomain(2.0, Disk())
    f = lambda x: torch.stack([x[0], torch.where(x[1] ** 2 + x[2] ** 2 < 0.25, 1.0, 0.0) + 0 * x[0]])  # noqa: E731
    assert roughness(f, domain, 0) is None
    for axis in (1, 2):
        found = roughness(f, domain, axis)
        assert found is not None
        assert found.order == 0
        assert found.at[1] ** 2 + found.at[2] ** 2 == pytest.approx(0.25, abs=1e-5)


def test_lines_lie_within() -> None:
    lines, inside = axis_lines(Disk(), 1)
    assert bool(inside.any(1).all())
    assert not bool(inside.all())
    assert bool(Disk().contains(lines[inside]).all())
    assert probed_axes(Box((0.0,) * 3, (1.0,) * 3)) == [0, 1, 2]
    many = probed_axes(Box((0.0,) * 100, (1.0,) * 100))
    assert len(many) <= 8
    assert (many[0], many[-1]) == (0, 99)
