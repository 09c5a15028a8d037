"""Which figures make a run believable, and what is said of those that do not."""

import dataclasses
import math

import pytest

from pinn.runs.evidence import Evidence, Residuals
from pinn.runs.verdict import judge
from pinn.trust import Examination


def residuals(total: float) -> Residuals:
    return Residuals(100, total, {"interior": total}, {"interior": 4 * total})


GOOD = Evidence(
    train=1.8e-8,
    fresh=residuals(2e-8),
    finer=residuals(1.9e-8),
    untrained=10.0,
    seeds={"seed 1": 3e-9},
    refined={"2 × points": 2e-9, "4 × points": 1e-9},
)


def changed(**figures) -> Evidence:
    return dataclasses.replace(GOOD, **figures)


def test_a_good_run_is_believed_to_its_largest_difference() -> None:
    verdict = judge(GOOD, 1e-2)
    assert verdict.level == "good"
    assert verdict.text.startswith("Believe this run to 3.0e-09: it agrees with seed 1 to 3.0e-09;")
    assert "2.0e-08, is 1.1 × that in training: no sign of overfitting" in verdict.text
    assert judge(changed(errors={"ref.npz": 5e-6}), 1e-2).text.startswith("Believe this run to 5.0e-06")


BAD = {
    "has fitted its points": {"train": 1e-15, "fresh": residuals(2.3), "finer": residuals(2.2)},
    "is 2.0e+00, where it was 1.0e+01 before training": {
        "train": 2.0,
        "fresh": residuals(2.0),
        "finer": residuals(2.0),
    },
    "seed 1 gives a field that differs by 3.1e-01": {"seeds": {"seed 1": 0.31}},
    "seed 1 diverges": {"seeds": {"seed 1": math.inf}},
    "with 4 × points it moves by 2.0e-02": {"refined": {"4 × points": 0.02}},
    "with 2 × points it diverges": {"refined": {"2 × points": math.nan}},
    "error against the exact solution is 5.0e-02": {"errors": {"the exact solution": 0.05}},
}


@pytest.mark.parametrize("words", BAD)
def test_one_bad_figure_is_enough(words: str) -> None:
    verdict = judge(changed(**BAD[words]), 1e-2)
    assert verdict.level == "bad"
    assert verdict.text.startswith("Do not believe this run (tolerance 1e-02): ")
    assert words in verdict.text
    assert ";" not in verdict.text  # and the others are not blamed


CORNER = {"train": 2.0, "fresh": residuals(2.0), "finer": residuals(2.0)}


def test_a_large_residual_of_a_small_error_is_harmless() -> None:
    """As in a corner whose values contradict the equation: nearly all of the residual has to be explained by it."""
    explained = Examination(1e-15, estimate=1e-3, resolved=0.9)
    verdict = judge(changed(**CORNER, examination=explained), 1e-2)
    assert verdict.level == "good"
    assert verdict.text.startswith("Believe this run to 1.0e-03")
    for examination in (
        dataclasses.replace(explained, resolved=0.7),
        dataclasses.replace(explained, estimate=0.02),
        Examination(1e-15, why="no memory"),
    ):
        assert judge(changed(**CORNER, examination=examination), 1e-2).level == "bad"


def test_a_loss_that_says_too_much() -> None:
    """Points fitted to the last digit, and yet the fields agree: as good as they do, not as the loss says."""
    verdict = judge(changed(train=1e-14, fresh=residuals(1e-3), finer=residuals(1e-3)), 1e-2)
    assert verdict.level == "limited"
    assert verdict.text.startswith("Believe this run to 3.0e-09 and not to what its loss says")
    assert "1e+11 × that in training: the network has fitted its points" in verdict.text


def test_without_other_fields_nothing_says_how_good_it_is() -> None:
    verdict = judge(changed(seeds={}, refined={}), 1e-2)
    assert verdict.level == "limited"
    assert verdict.text.startswith("Nothing is against this run, and nothing says how good it is")


def test_the_tolerance_is_the_users() -> None:
    assert judge(changed(seeds={"seed 1": 0.05}), 0.1).level == "good"
    assert judge(GOOD, 1e-9).level == "bad"
