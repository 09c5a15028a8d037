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
import torch

from pinn import load_run, save_run, train
from pinn.domains import Box, SinglePoint, TimeDomain
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.optional import MissingPackageError
from pinn.plotting.history import read_metrics
from pinn.plotting.style import diverging
from pinn.report import tables as report_tables
from pinn.runs.instantiate import build
from pinn.runs.metrics import MetricsFile
from pinn.runs.run import CHECKPOINT, build_network
from pinn.samplers import Sobol

pytest.importorskip("plotly")

from pinn.report import curves as report_curves
from pinn.report import fields as report_fields
from pinn.report import interactive
from pinn.report.page import write_report

# plotly's types know little of what is in a figure.
curve_figures: Any = report_curves.curve_figures
field_figures: Any = report_fields.field_figures

SCRIPTS = Path(__file__).parents[2] / "scripts"
DISK = {"_target_": "pinn.domains.Disk"}
PLANE = {"_target_": "pinn.domains.Box", "lower": [0, 0], "upper": [1, 2]}
HEAT = {"_target_": "pinn.pdes.Heat"}
PROBLEMS: dict[str, dict[str, Any]] = {
    "disk": {"_target_": "pinn.pdes.Poisson", "domain": DISK},
    "heat": HEAT,
    "plane": {**HEAT, "domain": {"_target_": "pinn.domains.TimeDomain", "space": PLANE}},
    "inverse": {
        "_target_": "pinn.pdes.Inverse",
        "pde": HEAT,
        "unknowns": {"diffusivity": {"_target_": "pinn.networks.Unknown", "initial": 0.5, "lower": 0.0}},
    },
}


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of runs by name, trained when first asked for."""
    folders: dict[str, Path] = {}

    def run(name: str) -> Path:
        if name not in folders:
            folder = folders[name] = tmp_path_factory.mktemp(name)
            config = {"pde": PROBLEMS[name], "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1}}
            config["vjp"] = {"_target_": "pinn.operators.Auto"}
            pde = build(config["pde"], "pde")
            network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).double()
            optimizer = Schedule((Adam(steps=3), LevenbergMarquardt(steps=3)))
            metrics, step = MetricsFile(folder), None
            for step in train(pde, network, optimizer, Sobol(interior=50, boundary=20)):
                metrics.record(step)
            assert step is not None
            save_run(folder, step, config, pde=name, domain="<box>", status="completed")
            (folder / "config.yaml").write_text("note: </script><b>\nuri: https://me:secret@example.org\n")
            (folder / ".hydra").mkdir()
            (folder / ".hydra" / "overrides.yaml").write_text("- pde=heat\n- 'pde.name=\"a b\"'\n")
        return folders[name]

    return run


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


def test_maps_have_the_values_of_the_fields(run_of: Callable[[str], Path]) -> None:
    run = load_run(run_of("plane"))
    figures = field_figures(run, instants=5, points=9)
    assert list(figures) == ["moving"]
    heading, figure = figures["moving"]
    assert heading == "Over <i>x</i> and <i>y</i>, in time"
    assert [note.text for note in figure.layout.annotations] == [
        "Solution <i>u</i>",
        "Exact <i>u</i>*",
        "Error <i>u</i> − <i>u</i>*",
        "Residual <i>r</i>",
    ]
    assert [step.label for step in figure.layout.sliders[0].steps] == ["0", "0.25", "0.5", "0.75", "1"]
    x = torch.tensor([0.75, 0.375, 0.5], dtype=torch.float64)
    frame = figure.frames[3]
    assert frame.data[0].z.shape == (9, 9)
    assert figure.data[0].x[3] == x[1]
    assert figure.data[0].y[2] == x[2]
    u, exact = float(run(x)), float(run.pde.exact(x))  # pyright: ignore[reportOptionalCall]
    for data, value in zip(frame.data, (u, exact, u - exact, float(run.residual(x[None]))), strict=True):
        values = data.z if data.customdata is None else data.customdata
        np.testing.assert_allclose(values[2, 3], value, rtol=1e-5)  # figures are in single precision
    np.testing.assert_array_equal(figure.data[0].z, figure.frames[2].data[0].z)  # half time is shown first


def test_one_space_dimension_has_a_map_and_a_line_that_moves(run_of: Callable[[str], Path]) -> None:
    run = load_run(run_of("heat"))
    figures = {name: figure for name, (_, figure) in field_figures(run, instants=3, points=9).items()}
    assert list(figures) == ["still", "moving"]
    assert [data.type for data in figures["moving"].data] == ["scatter"] * 4
    # At half time the line is the middle column of the map.
    solution = figures["still"].data[0]
    np.testing.assert_allclose(np.array(solution.z)[:, 4], figures["moving"].frames[1].data[0].y, rtol=1e-6)
    assert figures["still"].layout.xaxis2.matches == "x"


def test_without_time_there_is_no_slider(run_of: Callable[[str], Path]) -> None:
    ((heading, figure),) = field_figures(load_run(run_of("disk")), points=21).values()
    assert heading == "Over <i>x</i> and <i>y</i>"
    assert not figure.layout.sliders
    assert np.isnan(np.array(figure.data[0].z)[0, 0])  # outside the disk
    for alone in (TimeDomain(1.0, SinglePoint()), Box((0,), (1,))):
        (section,), moving = report_fields.still_and_moving(alone, {}, 5)
        assert (section.free, moving) == ((0,), [])


def test_colour_bars_on_both_scales() -> None:
    small = interactive.ticks(diverging(np.array([-2e-9, 1e-9])))
    assert small["tickvals"] == pytest.approx([-2e-9, -1e-9, 0, 1e-9, 2e-9], rel=1e-12, abs=0)
    assert small["ticktext"] == [
        "−2×10<sup>−9</sup>",
        "−10<sup>−9</sup>",
        "0",
        "10<sup>−9</sup>",
        "2×10<sup>−9</sup>",
    ]
    towering = interactive.ticks(diverging(np.array([0.71] + 999 * [1e-3])))  # logarithmic on both sides of zero
    assert towering["ticktext"] == ["−0.71", "−0.1", "−0.01", "0", "0.01", "0.1", "0.71"]
    assert towering["tickvals"][::3] == pytest.approx([0, 0.5, 1])
    assert sorted(towering["tickvals"]) == towering["tickvals"]


def test_slices_hold_axes(run_of: Callable[[str], Path]) -> None:
    run = load_run(run_of("plane"))
    heading, _ = field_figures(run, {"y": 0.5}, instants=3, points=9)["still"]
    assert heading == "Over <i>t</i> and <i>x</i> at <i>y</i> = 0.5"
    assert list(field_figures(run, {"t": 0.5}, points=9)) == ["still"]
    with pytest.raises(ValueError, match="There is no axis 'q'"):
        field_figures(run, {"q": 0.5})
    with pytest.raises(ValueError, match="at least 2 instants of time, got 1"):
        field_figures(run, instants=1)


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
