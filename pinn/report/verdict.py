"""What stands on top of a report: whether the run is to be believed, and how large its error is."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pinn.runs import Run
from pinn.runs.evidence import examine
from pinn.runs.results import Results
from pinn.training.accuracy import score

VALIDATION = "validation.json"
"""What `pinn validate` leaves in a run folder."""


@dataclass(frozen=True)
class Banner:
    """`level` is that of a verdict, or `open` if nobody has examined the run; `error` is its relative L2 error."""

    level: Literal["good", "limited", "bad", "open"]
    words: str
    error: str
    source: str


def banner(run: Run) -> Banner:
    """The verdict of `pinn validate` if it was asked, otherwise what the run itself has found at its end."""
    validation = _validation(run)
    error, source = _error(run, validation)
    if words := validation.get("words"):
        level = validation.get("verdict")
        return Banner(level if level in ("good", "limited", "bad") else "open", str(words), error, source)
    if doubts := Results(run.folder).doubts:
        return Banner("bad", f"Do not believe this run: {'; '.join(doubts)}.", error, source)
    ended = "Nothing speaks against this run so far" if run.summary else "This run has not ended"
    return Banner("open", f"{ended}. pinn validate {run.folder} asks for more, and gives a verdict.", error, source)


def _error(run: Run, validation: Mapping[str, Any]) -> tuple[str, str]:
    """The error in words, and where it comes from."""
    known = run.summary.get("rel_l2")
    if isinstance(known, (int, float)) and math.isfinite(known):
        reference = run.summary.get("reference_error")
        return score(known, reference if isinstance(reference, float) else 0.0), "measured against the exact solution"
    found = validation.get("examination")
    if not isinstance(found, Mapping) and isinstance(stored := run.summary.get("error_estimate"), Mapping):
        found = {**stored, "estimate": stored.get("relative_l2")}
    if not isinstance(found, Mapping):
        found = _examined(run)
    estimate, resolved = found.get("estimate"), found.get("resolved")
    if isinstance(estimate, float) and isinstance(resolved, float) and resolved >= 0.5 and math.isfinite(estimate):
        return f"about {estimate:.1e}", f"estimated by the linearised equation, from {resolved:.0%} of the residual"
    return "unknown", str(found.get("why") or "no solution is known, and the linearised equation gives no estimate")


def _examined(run: Run) -> Mapping[str, Any]:
    """An examination now, which takes a second or two; none of a run that cannot be set up again."""
    try:
        found = examine(run)
    except (ValueError, KeyError, RuntimeError, NotImplementedError, MemoryError, ImportError) as error:
        return {"why": next(iter(str(error).splitlines()), "")}
    return {"estimate": found.estimate, "resolved": found.resolved, "why": found.why}


def _validation(run: Run) -> Mapping[str, Any]:
    """What `pinn validate` has found; empty if it was not asked, or its file is damaged."""
    file = run.folder / VALIDATION
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (ValueError, OSError, RecursionError):
        found = {}
    return found if isinstance(found, Mapping) else {}
