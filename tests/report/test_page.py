"""The report of a run: what stands in its page, and in its figures."""

import csv
import json
import re
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinn import load_run
from pinn.optional import MissingPackageError
from pinn.plotting.history import read_metrics
from pinn.report import tables as report_tables
from pinn.runs.checkpoint import CHECKPOINT

pytest.importorskip("plotly")

from pinn.report import curves as report_curves
from pinn.report import fields as report_fields
from pinn.report.page import write_report

# plotly's types know little of what is in a figure.
curve_figures: Any = report_curves.curve_figures
field_figures: Any = report_fields.field_figures

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_the_page_is_whole_and_asks_nobody(run_of: Callable[[str], Path], tmp_path: Path) -> None:
    folder = run_of("heat")
    path = write_report(folder, tmp_path / "new" / "page.html", instants=3, points=11)
    page = path.read_text(encoding="utf-8")
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]
    summary = load_run(folder).summary
    for text in (f"<b>{summary['rel_l2']:.3e}</b>", f"<b>{summary['parameters']}</b>", summary["versions"]["torch"]):
        assert text in page
    assert "pinn train pde=heat &#39;pde.name=&#34;a b&#34;&#39;" in page
    assert "heat on &lt;box&gt;" in page
    assert "u_t = αΔu" in page
    assert "&lt;/script&gt;&lt;b&gt;" in page
    assert "me:secret" not in page
    for name in ("curve-loss", "curve-errors", "curve-method", "field-still", "field-moving"):
        assert f'id="{name}"' in page
    without_scripts = re.sub(r"<script.*?>.*?</script>", "", page, flags=re.DOTALL)
    assert len(without_scripts) < 30_000
    assert not re.search(r"<script[^>]+src|<link|@import|<img", page[: page.index("<script>")] + without_scripts)


@pytest.mark.slow
def test_every_text_of_a_run_is_escaped(run_of: Callable[[str], Path], tmp_path: Path) -> None:
    """Names and words of a summary, of metrics and of folders come from elsewhere: none becomes a part of the page."""
    hostile = """<img src=x onerror='alert("1")'>&"""
    folder = tmp_path / hostile.replace("/", "")
    shutil.copytree(run_of("inverse"), folder)
    summary = json.loads((folder / "summary.json").read_text())
    (unknown,) = summary["unknowns"].values()
    event = {"step": 2, "train": 1.0, "heldout": 2.0, "action": hostile}
    summary |= dict.fromkeys(("pde", "domain", "device", "optimizer", "status", "stopped_by"), hostile)
    summary |= {"terms": {hostile: 1.0}, "time_to": {hostile: 1.0}, "versions": {hostile: hostile}, "guard": [event]}
    summary |= {"unknowns": {hostile: unknown}, "unknown_fields": {hostile: {"rel_l2": 0.1, "coverage": 0.5}}}
    (folder / "summary.json").write_text(json.dumps(summary))
    with (folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    more = [f"loss_{hostile}", f"unknown_{hostile}", hostile]
    with (folder / "metrics.csv").open("w", newline="") as file:
        csv.writer(file).writerows([rows[0] + more, *([*row, "1.0", "2.0", "3.0"] for row in rows[1:])])
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps([hostile]))
    (folder / "config.yaml").write_text(hostile)
    page = write_report(folder, tmp_path / "page.html", instants=2, points=5).read_text(encoding="utf-8")
    assert "<img" not in page[: page.index("<script>")]
    assert "<img" not in page[page.index("</head>") :]
    assert page.count("&lt;img src=x onerror=") >= 15
    figures = curve_figures(*read_metrics(folder), summary)
    texts = [str(curve.name) for figure in figures.values() for curve in figure.select_traces()]
    assert sum("img" in text for text in texts) == 2
    assert not any("<img" in text for text in texts)  # plotly would read it as HTML
    assert "<img" not in figures[f"unknown-{hostile}"].layout.yaxis.title.text


def test_a_run_that_still_goes_on_is_shown_as_far_as_it_is(run_of: Callable[[str], Path], tmp_path: Path) -> None:
    shutil.copy(run_of("disk") / CHECKPOINT, tmp_path)
    page = write_report(tmp_path, tmp_path / "report.html", points=11).read_text(encoding="utf-8")
    assert "a run without summary: it has not ended yet" in page
    assert "<h2>Solution</h2>" in page
    for heading in ("Training", "Guard", "Unknowns"):
        assert f"<h2>{heading}</h2>" not in page


def test_unknowns_have_a_table_and_a_curve_and_no_map(run_of: Callable[[str], Path]) -> None:
    folder = run_of("inverse")
    run = load_run(folder)
    found = run.summary["unknowns"]["diffusivity"]
    low, high = (found["value"] + sign * 1.959964 * found["deviation"] for sign in (-1, 1))
    ((row,),) = (table.rows for table in report_tables.unknowns(run.summary))
    assert row[0] == "diffusivity"
    assert row[3:] == (f"{low:.6g} … {high:.6g}", "0.1", "yes" if low <= 0.1 <= high else "no")
    figure = curve_figures(*read_metrics(folder), run.summary)["unknown-diffusivity"]
    curves = {curve.name: curve for curve in figure.select_traces()}
    assert list(curves["true"].y) == [0.1, 0.1]
    assert curves["95 % interval"].error_y.array[0] == pytest.approx(1.96 * found["deviation"])
    titles = [note.text for note in field_figures(run, instants=3, points=9)["still"][1].layout.annotations]
    assert titles[:2] == ["Solution <i>u</i>", "Exact <i>u</i>*"]
    assert len(titles) == 4


def test_curves_are_those_of_metrics_csv_on_both_clocks(run_of: Callable[[str], Path]) -> None:
    columns, methods = read_metrics(run_of("heat"))
    summary = {"guard": [{"step": 4, "train": 1.0, "heldout": 5.0, "action": "new points"}]}
    figures = curve_figures(columns, methods, summary)
    errors = figures["errors"]
    assert errors.layout.yaxis.type == "log"
    curves = {curve.name: curve for curve in errors.select_traces()}
    np.testing.assert_array_equal(curves["held-out residual"].y, columns["heldout_residual"])
    np.testing.assert_array_equal(curves["guard"].y, columns["heldout_residual"][[3]])
    assert list(curves["→ Levenberg–Marquardt"].x) == [3.5, 3.5]
    (_, seconds) = errors.layout.updatemenus[0].buttons
    data, _ = seconds.args
    for x, curve in zip(data["x"], errors.select_traces(), strict=True):
        assert len(x) == len(curve.y)
    np.testing.assert_array_equal(data["x"][0], columns["seconds"])


def test_without_exact_solution_errors_are_unknown() -> None:
    tiles = report_tables.key_figures({"rel_l2": None, "max_error": None, "heldout_residual": 0.5})
    assert list(tiles.values()).count("unknown") == 2
    assert "5.00e-01" in tiles.values()


def test_findings_are_told() -> None:
    finding = {"step": 75, "train": 0.081, "heldout": 0.69, "action": "1500 <points>"}
    listed: Any = report_tables.findings({"guard": [finding]}, guarded=True)
    assert listed.rows == [("75", "8.10e-02", "6.90e-01", "1500 <points>")]
    assert "never parted" in str(report_tables.findings({"guard": []}, guarded=True))
    assert "guard=false" in str(report_tables.findings({"guard": []}, guarded=False))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["{folder}/nowhere"], "There is no run folder"),
        (["{run}", "--output", "{folder}"], "--output names the file to write"),
        (["{run}", "--slice", "z=1"], "There is no axis 'z'"),
        (["{run}", "--points", "1"], "at least 2 points"),
        (["{run}", "--slice", "x=0", "x=1"], "held twice"),
    ],
)
def test_bad_input_is_one_clear_line(
    options: list[str],
    message: str,
    run_of: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [option.format(folder=tmp_path, run=run_of("disk")) for option in options]
    monkeypatch.setattr(sys, "argv", ["report.py", *given])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPTS / "report.py"), run_name="__main__")
    (line,) = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 1
    assert message in line


def test_a_missing_package_is_named(
    run_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("interactive", "panels", "curves", "fields"):
        monkeypatch.delitem(sys.modules, f"pinn.report.{module}")
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingPackageError, match=r'report needs plotly: pip install "pinn-solver\[report\]"'):
        write_report(run_of("disk"), tmp_path / "page.html")
