"""Write a run as one interactive page, which opens offline: numbers, curves, maps.

Everything zooms and has its values under the pointer; if the problem has time there is a slider for it.
"""

import html
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pinn import Run, load_run
from pinn.plotting.history import read_metrics
from pinn.report import tables as report_tables
from pinn.runs.configs import config_folder
from pinn.runs.metrics import METRICS
from pinn.runs.run import SUMMARY


def write_report(
    folder: Path,
    output: Path,
    *,
    slices: Mapping[str, float] | None = None,
    instants: int = 21,
    points: int | None = None,
) -> Path:
    """Write the page of the run in `folder` to the file `output`, and return that.

    `slices` hold axes of the domain, as for `plot_solution`; `instants` is the number of positions of the slider,
    `points` that of nodes along each axis. Raises ValueError or FileNotFoundError for what cannot be shown.
    """
    from pinn.report.curves import curve_figures
    from pinn.report.fields import field_figures
    from pinn.report.interactive import html_of, library

    run = load_run(folder)
    if output.is_dir():
        raise ValueError(f"--output names the file to write, and {str(output)!r} is a folder.")
    metrics = curve_figures(*read_metrics(folder), run.summary) if (folder / METRICS).is_file() else {}
    curves = "".join(html_of(shown, f"curve-{name}") for name, shown in metrics.items())
    fields = "".join(
        f"<h3>{heading}</h3>{html_of(shown, f'field-{name}')}"
        for name, (heading, shown) in field_figures(run, slices, instants=instants, points=points).items()
    )
    problem = f"{run.summary.get('pde', type(run.pde).__name__)} on {run.summary.get('domain', 'its domain')}"
    config, guarded = folder / "config.yaml", bool(run.config.get("guard", True))
    parts = {
        "title": html.escape(problem),
        "equation": html.escape(_equation(run)),
        "made": _made(folder),
        "tiles": report_tables.key_figures(run.summary),
        "command": _preformatted(report_tables.command(folder)),
        "unknowns": _section("Unknowns", report_tables.unknowns(run.summary)),
        "fields": _section("Solution", fields),
        "curves": _section("Training", f"<div class='curves'>{curves}</div>" if curves else ""),
        "guard": _section("Guard", report_tables.findings(run.summary, guarded=guarded) if run.summary else ""),
        "settings": _section("Settings", f"<div class='beside'>{report_tables.settings(run.summary)}</div>"),
        "config": _folded("config.yaml", config.read_text(encoding="utf-8") if config.is_file() else ""),
        "summary": _folded(SUMMARY, json.dumps(run.summary, indent=2) if run.summary else ""),
        "library": library(),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_name(output.name + ".part")
    temporary.write_text(_PAGE.format(**parts), encoding="utf-8")
    return temporary.replace(output)


def _equation(run: Run) -> str:
    """The first line of the problem's configuration, or of what its class says of itself."""
    file = config_folder() / "pde" / f"{run.summary.get('pde')}.yaml"
    text = file.read_text(encoding="utf-8") if file.is_file() else type(run.pde).__doc__
    return next(iter((text or "").splitlines()), "").removeprefix("# ").replace("`", "")


def _made(folder: Path) -> str:
    file = folder / SUMMARY
    if not file.is_file():
        return "a run without summary: it has not ended yet"
    return (
        f"run {html.escape(folder.resolve().name)}, ended {datetime.fromtimestamp(file.stat().st_mtime):%Y-%m-%d %H:%M}"
    )


def _section(heading: str, content: str) -> str:
    return f"<section><h2>{heading}</h2>{content}</section>" if content else ""


def _preformatted(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>" if text else ""


def _folded(name: str, text: str) -> str:
    text = report_tables.without_passwords(text)
    return f"<details><summary>{name}</summary>{_preformatted(text)}</details>" if text else ""


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.5 Helvetica, Arial, sans-serif; color: #222; }}
body {{ max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ margin: 0; font-size: 1.8rem; }} h2 {{ margin: 0 0 0.8rem; font-size: 1.25rem; }} h3 {{ font-size: 1rem; }}
section {{ border-top: 1px solid #ccc; margin-top: 1.6rem; padding-top: 1.2rem; }}
.made {{ color: #666; margin: 0 0 1rem; }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 0.8rem; }}
.tile {{ background: #f4f6f8; border-radius: 6px; padding: 0.7rem 0.9rem; }}
.tile b {{ display: block; font-size: 1.25rem; }} .tile span {{ color: #555; font-size: 0.85rem; }}
.curves {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(520px, 1fr)); gap: 1rem; }}
.curves > * {{ min-width: 0; }}
.beside {{ display: flex; flex-wrap: wrap; gap: 2.5rem; align-items: flex-start; }}
table {{ border-collapse: collapse; font-size: 0.9rem; margin-bottom: 1rem; }}
td, th {{ border-bottom: 1px solid #e2e2e2; padding: 0.25rem 1.2rem 0.25rem 0; text-align: left; vertical-align: top; }}
.pairs td:first-child {{ color: #555; }}
pre {{ background: #f4f6f8; border-radius: 6px; padding: 0.7rem 0.9rem; overflow-x: auto; font-size: 0.85rem; }}
summary {{ cursor: pointer; color: #0072b2; margin: 0.4rem 0; }}
</style>
{library}
</head><body>
<h1>{title}</h1><p class="made">{made}</p><p>{equation}</p>
<div class="tiles">{tiles}</div>{command}
{unknowns}{fields}{curves}{guard}{settings}{config}{summary}
</body></html>
"""
