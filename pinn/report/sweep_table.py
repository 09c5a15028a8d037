"""One table of a sweep: mean, spread, median and worst over its seeds, seconds, what has failed and why."""

import csv
import io
import json
import math
from collections.abc import Sequence

from pinn.report.sweep_results import SEED, Group, Outcome
from pinn.runs.markdown import markdown

COUNTS = ("completed", "failed", "unfinished")


def as_markdown(found: Sequence[Group], keys: Sequence[str], metric: str) -> str:
    """The table, and under it the jobs without numbers, by reason."""
    header = [*keys, f"{metric}, mean ± std", "median", "worst", "seconds", *COUNTS]
    rows = [[*g.values, *g.text(metric), *(str(g.count(state)) for state in COUNTS)] for g in found]
    lines = [
        f"- {state}: {reason}\n  " + ", ".join(f"job {o.folder.name} ({_asked(o, keys)})" for o in outcomes)
        for (state, reason), outcomes in _without_numbers(found).items()
    ]
    return "\n".join([markdown(header, rows), *(["", *lines] if lines else [])])


def as_csv(found: Sequence[Group], keys: Sequence[str], metric: str) -> str:
    """The table with all digits; `reasons` are those of failed and unfinished jobs."""
    text = io.StringIO(newline="")
    rows = _records(found, keys, metric)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*keys, "metric", *(name for name in rows[0] if name not in (*keys, "values", "jobs")), "reasons"])
    for group, row in zip(found, rows, strict=True):
        numbers = [row[name] for name in row if name not in (*keys, "values", "jobs")]
        reasons = "; ".join(f"{state}: {reason}" for state, reason in _without_numbers([group]))
        writer.writerow([*group.values, metric, *("" if n is None else n for n in numbers), reasons])
    return text.getvalue().rstrip("\n")


def as_json(found: Sequence[Group], keys: Sequence[str], metric: str) -> str:
    """The table, each job's number and the reasons."""
    reasons = [
        {"state": state, "reason": reason, "jobs": {str(o.folder): dict(o.overrides) for o in outcomes}}
        for (state, reason), outcomes in _without_numbers(found).items()
    ]
    return json.dumps({"metric": metric, "rows": _records(found, keys, metric), "without_numbers": reasons}, indent=2)


FORMATS = {"md": as_markdown, "csv": as_csv, "json": as_json}


def _records(found: Sequence[Group], keys: Sequence[str], metric: str) -> list[dict]:
    """A row for each group; null where there is no number."""
    records = []
    for group in found:
        numbers = {n: None if math.isnan(v) else v for n, v in group.statistics(metric).items()}
        counts = {state: group.count(state) for state in COUNTS}
        jobs = [str(outcome.folder) for outcome in group.outcomes]
        keyed = dict(zip(keys, group.values, strict=True))
        records.append({**keyed, **numbers, **counts, "values": group.numbers(metric), "jobs": jobs})
    return records


def _without_numbers(found: Sequence[Group]) -> dict[tuple[str, str], list[Outcome]]:
    """Failed and unfinished jobs by state and reason."""
    reasons: dict[tuple[str, str], list[Outcome]] = {}
    for group in found:
        for outcome in group.outcomes:
            if outcome.state != "completed":
                reasons.setdefault((outcome.state, outcome.reason), []).append(outcome)
    return reasons


def _asked(outcome: Outcome, keys: Sequence[str]) -> str:
    """What tells the job from the others."""
    return " ".join(f"{key}={outcome.overrides[key]}" for key in (*keys, SEED) if key in outcome.overrides)


def positive_numbers(group: Group, metric: str) -> list[float]:
    """The numbers of a group that a logarithmic axis can show."""
    return [number for number in group.numbers(metric) if number > 0]
