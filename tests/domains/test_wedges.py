"""The corners and holes of plane domains: angles of polygons, and what is left of them in combined and moved ones."""

import math

import pytest
import torch

from pinn.domains import Annulus, Ball, Box, Disk, LShape, PeriodicBox, Polygon, Tagged, TimeDomain, Triangle


def angles(domain) -> list[float]:
    return sorted(round(math.degrees(wedge[3]), 6) for wedge in domain.wedges)


BOX, HOLE = Box((0.0, 0.0), (4.0, 4.0)), Box((1.0, 1.0), (2.0, 2.0))


@pytest.mark.parametrize(
    ("domain", "wanted"),
    [
        (Box(), [90] * 4),
        (LShape(), [90] * 5 + [270]),
        (Triangle((0, 0), (1, 0), (0, 1)), [45, 45, 90]),
        (Polygon(((0, 0), (1, 0), (2, 0), (2, 1))), [math.degrees(math.atan(0.5)), math.degrees(math.atan(2)), 90]),
        (BOX - HOLE, [90] * 4 + [270] * 4),
        (BOX - Disk((2.0, 2.0), 1.0), [90] * 4),
        (BOX - Box((3.0, 3.0), (5.0, 5.0)), [90] * 3 + [270]),
        (BOX | Box((1.0, 4.0), (2.0, 6.0)), [90] * 6),
        (BOX & Box((1.0, 1.0), (2.0, 6.0)), [90] * 2),
        (LShape().rotated(0.3).translated((1.0, 2.0)).scaled(3.0), [90] * 5 + [270]),
        (Tagged(LShape(), {"wall": "x > 0.99"}), [90] * 5 + [270]),
        (Disk(), []),
        (Box((0.0,), (1.0,)), []),
        (Ball(), []),
        (PeriodicBox((0.0, 0.0), (1.0, 1.0)), []),
        (TimeDomain(1.0, Box()), []),
    ],
    ids=str,
)
def test_angles(domain, wanted: list[float]) -> None:
    assert angles(domain) == pytest.approx(sorted(wanted), abs=1e-5)


@pytest.mark.parametrize("domain", [LShape(), LShape().rotated(0.4), BOX - HOLE], ids=str)
def test_inside_is_between_the_edges(domain) -> None:
    for x, y, direction, angle in domain.wedges:
        for share, inside in ((0.02, True), (0.98, True), (-0.02, False), (1.02, False)):
            turned = direction + share * angle
            point = torch.tensor([x + 1e-3 * math.cos(turned), y + 1e-3 * math.sin(turned)], dtype=torch.float64)
            assert bool(domain.contains(point)) is inside


@pytest.mark.parametrize(
    ("domain", "wanted"),
    [
        (BOX - Disk((2.0, 2.0), 1.0), [(2.0, 2.0, 1.0)]),
        (BOX - HOLE - Disk((3.0, 3.0), 0.5), [(1.5, 1.5, 0.5), (3.0, 3.0, 0.5)]),
        (BOX - Disk((0.5, 2.0), 1.0), []),  # cut out of the edge
        (BOX | HOLE, []),
        ((BOX - HOLE) & Disk((2.0, 2.0), 4.0), [(1.5, 1.5, 0.5)]),
        ((BOX - HOLE).scaled(2.0).translated((1.0, 0.0)), [(4.0, 3.0, 1.0)]),
        (Tagged(BOX - HOLE, {"wall": "x > 3.99"}), [(1.5, 1.5, 0.5)]),
        (Annulus((1.0, 0.0), 0.25, 1.0), [(1.0, 0.0, 0.25)]),
        (Box(), []),
    ],
    ids=str,
)
def test_holes(domain, wanted: list[tuple[float, ...]]) -> None:
    assert [pytest.approx(hole) for hole in domain.holes] == wanted
