"""Half widths of intervals: the tables of Student's t and of the normal distribution."""

import pytest
from scipy import stats

from pinn.runs.quantiles import normal, student


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 29, 100])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_students_t_is_that_of_scipy(freedom: int, level: float) -> None:
    assert student(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-9)


def test_the_normal_distribution_is_the_limit() -> None:
    assert normal(0.95) == pytest.approx(1.959963984540054, rel=1e-12)
    assert student(0.95, 10_000) == pytest.approx(normal(0.95), rel=1e-3)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95.0])
def test_a_level_is_a_probability(level: float) -> None:
    with pytest.raises(ValueError, match="0 < level < 1"):
        normal(level)
    with pytest.raises(ValueError, match="0 < level < 1"):
        student(level, 3)


def test_one_member_has_no_interval() -> None:
    with pytest.raises(ValueError, match="freedom >= 1"):
        student(0.95, 0)
