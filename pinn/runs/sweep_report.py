"""One table and one plot of a sweep: mean, spread, median and worst over its seeds, seconds, what has failed and why.

python scripts/sweep_report.py multirun/2026-11-24_12-00-00
python scripts/sweep_report.py DIR --by pde optimizer --format csv > table.csv
"""

import argparse
import csv
import io
import json
import math
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pinn.plotting.style import COLORS, figure, save
from matplotlib.axes import Axes
from pinn.runs.sweep_results import SEED, Group, Outcome, groups, metric_of, read, swept
from benchmarks.timing import markdown

LABELS = {"rel_l2": "relative $L^2$ error", "heldout_residual": "residual at held-out points", "wall_s": "seconds"}
_COUNTS = ("completed", "failed", "unfinished")


def as_markdown(found: Sequence[Group], keys: Sequence[str], metric: str) -> str:
    """The table, and under it the jobs without numbers, by reason."""
    header = [*keys, f"{metric}, mean ± std", "median", "worst", "seconds", *_COUNTS]
    rows = [[*g.values, *g.text(metric), *(str(g.count(state)) for state in _COUNTS)] for g in found]
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


def plot(found: Sequence[Group], keys: Sequence[str], metric: str, path: Path) -> Path:
    """Write a row for each group: every job a dot, a box from three jobs on, on a logarithmic scale.

    Raises ValueError where no job has a number.
    """
    if not any(_positive(group, metric) for group in found):
        raise ValueError(f"There is nothing to draw: no completed job has a positive {metric}.")
    with figure(6.4, 1.0 + 0.36 * len(found)) as canvas:
        ax = canvas.subplots()
        for row, group in enumerate(found):
            _draw(ax, row, group, metric)
        ax.set_xscale("log")
        ax.set_yticks(range(len(found)), [" · ".join(group.values) or "all jobs" for group in found])
        ax.set_ylim(len(found) - 0.5, -0.5)
        ax.set_title(textwrap.fill(" · ".join(keys), 70), loc="left", fontsize=10)
        ax.set_xlabel(LABELS.get(metric, metric))
        ax.grid(True, axis="x")
        return save(canvas, path)


def _draw(ax: Axes, row: int, group: Group, metric: str) -> None:
    numbers, color = _positive(group, metric), COLORS[0]
    if len(numbers) > 2:
        line = {"color": color, "linewidth": 1.0}
        bold = {**line, "linewidth": 2.0}
        place: dict[str, Any] = {"positions": [row], "orientation": "horizontal", "widths": 0.5, "showfliers": False}
        ax.boxplot(numbers, boxprops=line, whiskerprops=line, capprops=line, medianprops=bold, **place)
    heights = [row + 0.16 * math.sin(2.4 * k) for k in range(len(numbers))]  # dots of equal jobs stay apart
    ax.scatter(numbers, heights, s=16, color=COLORS[1], alpha=0.8, linewidths=0, zorder=3)
    lost = [f"{group.count(state)} {state}" for state in _COUNTS[1:] if group.count(state)]
    if lost:
        ax.text(1.01, row, ", ".join(lost), transform=ax.get_yaxis_transform(), va="center", fontsize=9, color="0.3")


def _positive(group: Group, metric: str) -> list[float]:
    return [number for number in group.numbers(metric) if number > 0]


def _records(found: Sequence[Group], keys: Sequence[str], metric: str) -> list[dict]:
    """A row for each group; null where there is no number."""
    records = []
    for group in found:
        numbers = {n: None if math.isnan(v) else v for n, v in group.statistics(metric).items()}
        counts = {state: group.count(state) for state in _COUNTS}
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


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="MULTIRUN_DIR", type=Path, help="folder of a sweep, under multirun/")
    parser.add_argument(
        "--by", nargs="+", metavar="KEY", help=f"rows of the table (default: what was swept, not {SEED})"
    )
    parser.add_argument("--format", choices=FORMATS, default="md", help="of the table (default: md)")
    parser.add_argument("--metric", help="number of summary.json (default: rel_l2, or heldout_residual if unknown)")
    parser.add_argument("--sort", choices=("swept", "median"), default="swept", help="order of rows (default: swept)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="plot, .png, .pdf or .svg (default: DIR/sweep.png)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        outcomes = read(args.folder)
        metric = metric_of(outcomes, args.metric)
        keys = args.by or swept(outcomes)
        found = groups(outcomes, keys)
        if args.sort == "median":
            found.sort(key=lambda group: (math.isnan(m := group.statistics(metric)["median"]), m))
        print(FORMATS[args.format](found, keys, metric), flush=True)
        # The table alone is on standard output, so that it can be sent to a file.
        print(plot(found, keys, metric, args.output or args.folder / "sweep.png"), file=sys.stderr)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
