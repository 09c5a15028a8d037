"""Write a run as one interactive page, which opens offline: numbers, curves, maps.

Everything zooms and has its values under the pointer; if the problem has time there is a slider for it.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from pinn.pdes import unscaled
from pinn.plotting.history import read_metrics
from pinn.report import tables
from pinn.report.problem import description
from pinn.report.templates import render, script
from pinn.report.verdict import banner
from pinn.runs import load_run
from pinn.runs.atomic_write import atomic_write
from pinn.runs.metrics import METRICS
from pinn.runs.run import SUMMARY


def write_report(
    folder: Path,
    output: Path,
    *,
    slices: Mapping[str, float] | None = None,
    instants: int = 21,
    points: int | None = None,
    trust: Collection[str] = (),
) -> Path:
    """Write the page of the run in `folder` to the file `output`, and return that.

    `slices` hold axes of the domain, as for `plot_solution`; `instants` is the number of positions of the slider,
    `points` that of nodes along each axis, `trust` as for `load_run`. Raises ValueError or FileNotFoundError for what
    cannot be shown.
    """
    from pinn.report.curves import curve_figures
    from pinn.report.fields import field_figures
    from pinn.report.interactive import html_of, library

    run = load_run(folder, trust)
    if output.is_dir():
        raise ValueError(f"--output names the file to write, and {str(output)!r} is a folder.")
    metrics = curve_figures(*read_metrics(folder), run.summary) if (folder / METRICS).is_file() else {}
    fields = field_figures(run, slices, instants=instants, points=points)
    problem = f"{run.summary.get('pde', type(unscaled(run.pde)).__name__)} on {run.summary.get('domain', 'its domain')}"
    config, guarded = folder / "config.yaml", bool(run.config.get("guard", True))
    files = {
        "config.yaml": config.read_text(encoding="utf-8") if config.is_file() else "",
        SUMMARY: json.dumps(run.summary, indent=2) if run.summary else "",
    }
    page = render(
        "page.html.j2",
        title=problem,
        problem=description(run),
        banner=banner(run),
        made=_made(folder),
        tiles=tables.key_figures(run.summary),
        command=tables.command(folder),
        unknowns=tables.unknowns(run.summary),
        fields=[(heading, html_of(shown, f"field-{name}")) for name, (heading, shown) in fields.items()],
        curves=[html_of(shown, f"curve-{name}") for name, shown in metrics.items()],
        guard=tables.findings(run.summary, guarded=guarded) if run.summary else None,
        settings=tables.settings(run.summary),
        files={name: tables.without_passwords(text) for name, text in files.items()},
        library=library(),
        arrange=script("arrange.js"),
    )
    with atomic_write(output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return output


def _made(folder: Path) -> str:
    file = folder / SUMMARY
    if not file.is_file():
        return "a run without summary: it has not ended yet"
    return f"run {folder.resolve().name}, ended {datetime.fromtimestamp(file.stat().st_mtime):%Y-%m-%d %H:%M}"
