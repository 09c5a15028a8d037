"""The five jobs of examples/ run as they stand, each in under a minute, and come to what they are to find."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from pinn import load_run

ROOT = Path(__file__).parents[1]
JOBS = ROOT / "examples"
LONGEST_S = 60.0
pytestmark = pytest.mark.slow


def done(name: str, folder: Path) -> tuple[Path, str]:
    """Runs a job in a copy of its folder, with a command `pinn` in the path; returns that and what it has printed."""
    place, commands = folder / name, folder / "bin"
    shutil.copytree(JOBS / name, place)
    commands.mkdir()
    (commands / "pinn").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pinn "$@"\n')
    (commands / "pinn").chmod(0o755)
    path = {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    job = [sys.executable, "job.py"] if (place / "job.py").is_file() else ["sh", "job.sh"]
    spent = os.times()
    result = subprocess.run(job, cwd=place, capture_output=True, text=True, env={**os.environ, **path}, timeout=400)
    assert result.returncode == 0, result.stdout + result.stderr
    # Processor time, which other work on the machine does not lengthen.
    after = os.times()
    assert after.children_user + after.children_system - spent.children_user - spent.children_system < LONGEST_S
    return place, result.stdout + result.stderr


def summary(run: Path) -> dict[str, Any]:
    return json.loads((run / "summary.json").read_text())


def drawn(*files: Path) -> None:
    for file in files:
        pixels = imread(file)
        assert min(pixels.shape[:2]) > 200, file
        assert pixels[..., :3].std() > 0.05, file


def test_a_bracket_with_a_hole_and_convection(tmp_path: Path) -> None:
    import meshio

    place, _ = done("bracket", tmp_path)
    found = summary(place / "run")["error_estimate"]
    assert found["known"]
    assert found["relative_l2"] < 5e-3
    u = load_run(place / "run")
    # Finite volumes with cells of 0.25 mm, whose values differ from those of 0.5 mm by less than 0.04 °C.
    at = [[0.0, 0.03], [0.0999, 0.015], [0.015, 0.05], [0.05, 0.015]]
    np.testing.assert_allclose(u(at), [81.92, 59.98, 76.64, 68.63], atol=0.3)
    mesh = meshio.read(place / "run" / "field.vtu")
    foot = mesh.points[:, 0] < 1e-9
    inner = abs(mesh.points[foot, 1] - 0.03) < 0.02
    np.testing.assert_allclose(mesh.point_data["T_x"][foot][inner], -5000 / 15, rtol=0.03)
    drawn(place / "run" / "solution.png", place / "run" / "residual.png")
    page = (place / "run" / "report.html").read_text(encoding="utf-8")
    assert "<mi mathvariant='normal'>Δ</mi><mi>T</mi>" in page


def test_a_pollutant_with_an_inflow_from_a_table(tmp_path: Path) -> None:
    place, _ = done("river", tmp_path)
    found = summary(place / "run")["error_estimate"]
    assert found["known"]
    assert found["relative_l2"] < 1e-2
    table = np.genfromtxt(place / "run" / "field.csv", delimiter=",", names=True)
    late = table[table["t"] == 2]
    peak = late["x"][late["c"].argmax()]
    assert 0.7 < peak < 1.2  # an hour after the peak of the inflow, at about a kilometre in an hour
    assert 4 < late["c"].max() < 14  # spread and decayed
    drawn(place / "run" / "solution.png", place / "run" / "profiles.png", place / "run" / "solution_x=1.png")
    assert (place / "run" / "solution.gif").stat().st_size > 10_000


def test_a_diffusivity_from_measurements(tmp_path: Path) -> None:
    place, printed = done("diffusivity", tmp_path)
    found = summary(place / "run")["unknowns"]["k"]
    assert found["deviation"] < 2e-6
    assert abs(found["value"] - 1.2e-4) < 4 * found["deviation"]  # the data were made with 1.2e-4
    assert "k = 0.0001198 ± 1e-06" in printed
    drawn(place / "run" / "unknowns.png", place / "run" / "solution.png")


def test_an_equation_a_network_and_a_domain_of_ones_own(tmp_path: Path) -> None:
    place, printed = done("own", tmp_path)
    assert "largest u" in printed
    drawn(place / "solution.png", place / "history.png")


def test_a_sweep_its_best_run_and_that_as_a_program(tmp_path: Path) -> None:
    import onnxruntime

    place, printed = done("sweep", tmp_path)
    assert len(re.findall(r"\| +2 \| +0 \| +0 \|", printed)) == 4  # two seeds of each network, none failed
    errors = {path.parent: summary(path.parent)["rel_l2"] for path in place.glob("sweep/*/summary.json")}
    assert len(errors) == 8
    best = min(errors, key=lambda folder: errors[folder])
    session = onnxruntime.InferenceSession(str(place / "best.onnx"), providers=["CPUExecutionProvider"])
    x = np.array([[0.3, -0.2], [0.6, 0.8]])
    (values,) = session.run(None, {"x": x})
    np.testing.assert_allclose(np.asarray(values)[:, 0], load_run(best)(x), atol=1e-12)
    drawn(place / "sweep" / "sweep.png", place / "solution.png")
