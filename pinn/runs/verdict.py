"""A verdict on a run, in words, from the figures that were found about it."""

import math
from dataclasses import dataclass
from typing import Literal

from pinn.runs.evidence import Evidence

OVERFITTED = 3.0  # of residual at fresh points over that in training, as for the guard: two even draws differ less
NOT_EXAMINED = (
    "Not examined: features of the data so narrow that none of up to two million points meets them, and whether a "
    "nonlinear equation has other solutions."
)
UNTRAINED = 0.1  # of residual over that of the network before training


@dataclass(frozen=True)
class Verdict:
    """`good`, or `limited`: only as good as its figures say, whatever its loss says, or `bad`: not to be believed."""

    level: Literal["good", "limited", "bad"]
    text: str


def judge(evidence: Evidence, tolerance: float) -> Verdict:
    """The verdict; relative differences and errors above the tolerance, which is one of relative L2, are bad."""
    against = _against(evidence, tolerance)
    if against:
        return Verdict("bad", f"Do not believe this run (tolerance {tolerance:.0e}): {'; '.join(against)}.")
    found = evidence.examination
    estimates = [found.estimate] if found and found.estimated else []
    differences = [*evidence.seeds.values(), *evidence.refined.values(), *evidence.errors.values(), *estimates]
    about = max(differences, default=math.nan)
    support = "; ".join([*_support(evidence), _fit(evidence)])
    if found and found.undetermined:
        return Verdict("limited", f"Believe this run up to what is free: {found.undetermined[0]}; {support}.")
    if math.isnan(about):
        return Verdict("limited", f"Nothing is against this run, and nothing says how good it is: {support}.")
    if _overfitted(evidence):
        return Verdict("limited", f"Believe this run to {about:.1e} and not to what its loss says: {support}.")
    return Verdict("good", f"Believe this run to {about:.1e}: {support}.")


def _against(evidence: Evidence, tolerance: float) -> list[str]:
    """Reasons not to believe the run."""
    reasons = []
    if _overfitted(evidence) and not evidence.finer.total <= tolerance * evidence.untrained:
        reasons.append(_fit(evidence))
    elif not evidence.finer.total <= UNTRAINED * evidence.untrained and not _explained(evidence, tolerance):
        reasons.append(
            f"the residual at fresh points is {evidence.finer.total:.1e}, where it was {evidence.untrained:.1e} before "
            "training"
        )
    for name, difference in evidence.seeds.items():
        if not difference <= tolerance:
            reasons.append(
                f"{name} " + (f"gives a field that differs by {difference:.1e}" if _finite(difference) else "diverges")
            )
    for name, difference in evidence.refined.items():
        if not difference <= tolerance:
            reasons.append(
                f"with {name} " + (f"it moves by {difference:.1e}" if _finite(difference) else "it diverges")
            )
    for name, error in evidence.errors.items():
        if not error <= tolerance:
            reasons.append(f"its relative L2 error against {name} is {error:.1e}")
    if (found := evidence.examination) is not None:
        reasons += [*found.breaks[:1], *evidence.missed]
        if found.estimated and not found.estimate <= tolerance:
            reasons.append(f"the linearised equation puts its relative L2 error at {found.estimate:.1e}")
    return reasons


def _support(evidence: Evidence) -> list[str]:
    """What speaks for the run."""
    reasons = [f"it agrees with {name} to {difference:.1e}" for name, difference in evidence.seeds.items()]
    reasons += [f"with {name} it moves by {difference:.1e}" for name, difference in evidence.refined.items()]
    if (found := evidence.examination) is not None and found.estimated:
        reasons.append(f"the linearised equation puts its relative L2 error at {found.estimate:.1e}")
    return reasons + [f"its relative L2 error against {name} is {error:.1e}" for name, error in evidence.errors.items()]


def _explained(evidence: Evidence, tolerance: float) -> bool:
    """Whether the residual, large as it is, is that of a small error."""
    return evidence.examination is not None and evidence.examination.small(tolerance)


def _overfitted(evidence: Evidence) -> bool:
    return not max(evidence.fresh.total, evidence.finer.total) <= OVERFITTED * evidence.train


def _fit(evidence: Evidence) -> str:
    """The residual at fresh points beside that of training."""
    fresh = max(evidence.fresh.total, evidence.finer.total)
    ratio = fresh / evidence.train if evidence.train else math.inf
    times = f"{ratio:.1f}" if ratio < 100 else f"{ratio:.0e}"
    said = f"the residual at fresh points, {fresh:.1e}, is {times} × that in training"
    return f"{said}: the network has fitted its points" if _overfitted(evidence) else f"{said}: no sign of overfitting"


def _finite(value: float) -> bool:
    return math.isfinite(value)
