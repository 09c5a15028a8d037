"""Biquadratic elements on rectangles, at coarse resolution."""

import pytest

from benchmarks.pinnacle import rectangles

pytest.importorskip("skfem")


def test_areas_converge() -> None:
    coarse, fine = (rectangles.poisson_many_area(n) for n in (2, 3))
    assert fine.error < 0.7 * coarse.error < 0.05


def test_heat_in_a_medium_begins_at_zero_and_converges() -> None:
    coarse = rectangles.heat_varying(cells=50, steps=60)
    assert coarse.error < 5e-2
    fine = rectangles.heat_varying(cells=50, steps=120)
    assert fine.error < coarse.error / 2.5
