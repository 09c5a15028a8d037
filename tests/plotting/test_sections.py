"""Which part of a domain is shown."""

from typing import Any

import numpy as np
import pytest
import torch

from pinn.domains import Ball, Box, Mesh, ParameterDomain, TimeDomain
from pinn.domains.coordinates import axis_names
from pinn.plotting.sections import Grid, Section, sections


def test_axis_names() -> None:
    assert axis_names(Box((0,), (1,))) == ["x"]
    assert axis_names(TimeDomain(1.0, Ball())) == ["t", "x", "y", "z"]
    assert axis_names(Box([0] * 4, [1] * 4)) == ["x_{1}", "x_{2}", "x_{3}", "x_{4}"]


@pytest.mark.parametrize(
    ("domain", "times", "slices", "free", "held"),
    [
        (Box((0,), (1,)), (), {}, (0,), [{}]),
        (Box(), (), {}, (0, 1), [{}]),
        (Box(), (), {"x": 0.2}, (1,), [{0: 0.2}]),
        (Ball(), (), {}, (0, 1), [{2: 0.0}]),
        (Ball(), (), {"0": 0.5}, (1, 2), [{0: 0.5}]),
        (TimeDomain(), (0.1, 0.2), {}, (0, 1), [{}]),
        (TimeDomain(), (), {"t": 0.3}, (1,), [{0: 0.3}]),
        (TimeDomain(2.0, Box()), (), {}, (1, 2), [{0: 1.0}]),
        (TimeDomain(2.0, Box()), (0, 2), {}, (1, 2), [{0: 0}, {0: 2}]),
        (TimeDomain(2.0, Box()), (), {"y": 0.5}, (0, 1), [{2: 0.5}]),
        (TimeDomain(2.0, Box()), (1.0,), {"y": 0.5}, (1,), [{0: 1.0, 2: 0.5}]),
        (TimeDomain(2.0, Ball()), (), {"z": 0.5}, (1, 2), [{0: 1.0, 3: 0.5}]),
        (Box([0] * 5, [1] * 5), (), {"x1": 0.1, "x3": 0.2, "4": 0.3}, (1, 3), [{0: 0.1, 2: 0.2, 4: 0.3}]),
    ],
)
def test_sections(domain: Any, times: Any, slices: Any, free: Any, held: Any) -> None:
    found = sections(domain, times, slices)
    assert [section.free for section in found] == [free] * len(held)
    assert [dict(section.held) for section in found] == held


@pytest.mark.parametrize(
    ("domain", "times", "slices", "message"),
    [
        (Box(), (), {"q": 0.5}, "no axis 'q': the axes are x, y, or 0 to 1"),
        (Box(), (), {"2": 0.5}, "no axis '2'"),
        (Box(), (), {"x": 1.5}, r"x=1.5 is outside the domain: \[0.0, 1.0\]"),
        (Box(), (), {"x": float("nan")}, "x=nan is outside"),
        (Box(), (), {"x": 0.1, "0": 0.2}, "x is held twice"),
        (Box(), (), {"x": 0.1, "y": 0.2}, "No axis is left free"),
        (Box(), (0.5,), {}, "no time"),
        (Box([0] * 4, [1] * 4), (), {"x2": 0.5}, "x1, x3, x4 are left free.*hold 1 more"),
        (TimeDomain(), (2.0,), {}, "t=2.0 is outside"),
        (TimeDomain(1.0, Box()), (0.5,), {"t": 0.5}, "t is held twice"),
    ],
)
def test_impossible_sections_are_refused(domain: Any, times: Any, slices: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sections(domain, times, slices)


def test_a_section_beside_the_domain_is_refused() -> None:
    with pytest.raises(ValueError, match="z=1 misses the domain Ball"):
        Grid(Section(Ball(), (0, 1), {2: 1.0}), 11, torch.zeros((), dtype=torch.float64))


def test_only_lengths_have_a_common_measure() -> None:
    heat = ParameterDomain(TimeDomain(1.0, Box()), (0.1,), (0.2,), ("nu",))  # t, x, y, ν
    equal = {(1, 2): True, (0, 1): False, (1, 3): False, (0, 3): False, (1,): False}
    for free, expected in equal.items():
        assert Section(heat, free, {}).equal_aspect == expected, free
    assert Section(Box(), (0, 1), {}).equal_aspect


def test_the_distance_from_the_edge_is_asked_for_beside_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And once: of a mesh it costs far more than whether a point is inside."""
    asked: list[int] = []
    level_set = Mesh.level_set

    def counted(self: Mesh, x: torch.Tensor) -> torch.Tensor:
        asked.append(len(x))
        return level_set(self, x)

    monkeypatch.setattr(Mesh, "level_set", counted)
    (section,) = sections(Mesh())
    grid = Grid(section, 101, torch.zeros((), dtype=torch.float64))
    edge = grid.signed_distance()
    assert edge is not None
    assert grid.signed_distance() is edge
    assert len(asked) == 1
    assert asked[0] < 0.2 * 101**2
    np.testing.assert_array_equal(edge[edge != 0] > 0, grid.inside.numpy()[edge != 0])
