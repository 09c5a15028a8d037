"""Exponential time differencing."""

import numpy as np

from benchmarks.pinnacle.evolutions import Scheme, gray_scott, heat_long_time


def test_the_scheme_is_of_fourth_order() -> None:
    """u' = −2u + u², u(0) = ½: u = 2/(1 + 3e^{2t})."""

    def error(steps: int) -> float:
        (end,) = Scheme(np.array([-2.0]), 1 / steps).run(np.array([0.5]), lambda u, t: u**2, steps, steps)
        return abs(end[0] - 2 / (1 + 3 * np.exp(2)))

    assert 12 < error(10) / error(20) < 20


def test_a_drive_in_time_is_taken_at_its_time() -> None:
    """u' = −u + t, u(0) = 0: u = t − 1 + e^{−t}."""
    (end,) = Scheme(np.array([-1.0]), 0.05).run(np.array([0.0]), lambda u, t: np.array([t]), 40, 40)
    assert abs(end[0] - (1 + np.exp(-2))) < 1e-7


def test_references_state_their_error() -> None:
    chemistry, heat = gray_scott((64, 128), (100, 200)), heat_long_time((32, 64), (2000, 3000))
    assert 0 < chemistry.error < 0.5
    assert 0 < heat.error < 0.5
    assert chemistry.values.shape == (20 * 64**2, 2)
    assert heat.points.shape == (100 * 31**2, 3)
