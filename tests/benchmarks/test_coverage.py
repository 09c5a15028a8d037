"""The intervals of inverse problems against nonlinear least squares, on few data sets; the program does many."""

import pytest

from benchmarks.coverage import CASES, Coverage, compared, fitted, table


@pytest.mark.parametrize("name", CASES)
def test_the_direct_fit_holds_the_truth_in_nearly_all_sets(name: str) -> None:
    """The other half of the comparison: 95 % of the intervals of nonlinear least squares."""
    case = CASES[name]
    truth, sets = case.pde.truth, 4 if name == "lorenz" else 20
    found = [fitted(case, seed) for seed in range(sets)]
    for key, value in truth.items():
        assert sum(abs(one[key][0] - value) <= 1.96 * one[key][1] for one in found) >= 0.75 * sets


def test_figures_of_sets_without_interval_are_left_out() -> None:
    good = {"truth": 1.0, "value": 1.01, "deviation": 0.01, "why": "", "direct": 1.0, "direct_deviation": 0.008}
    row = Coverage.of("heat", "k", [good, {**good, "deviation": None, "why": "not converged"}])
    assert (row.sets, row.given, row.held) == (2, 1, 1)
    assert row.width == pytest.approx(0.25)
    assert row.shift == pytest.approx(1.25)
    assert "| heat | k | 1 of 2 | 1 of 1, 100% |" in table([row])


@pytest.mark.nightly
@pytest.mark.parametrize("name", CASES)
def test_estimates_and_widths_are_those_of_direct_least_squares(name: str) -> None:
    for seed in (0, 1):
        for found in compared(CASES[name], seed).values():
            assert found["deviation"] is not None, found["why"]
            assert found["value"] == pytest.approx(found["direct"], rel=0.2)
            assert found["deviation"] == pytest.approx(found["direct_deviation"], rel=0.2)
