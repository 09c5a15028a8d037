"""A problem typed on the command line: trained, reloaded, and refused where it is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pinn import load_run
from pinn.cli import train

ROOT = Path(__file__).parents[2]
TINY = ["network.width=6", "network.depth=1", "sampler.interior=40", "sampler.boundary=10", "optimizer=adam", "steps=4"]
BURGERS = [
    "pde=expression",
    'pde.equation="dt(u) + u*dx(u) - nu*dx(dx(u))"',
    "pde.coefficients.nu=0.01",
    'pde.initial="-sin(pi*x)"',
    'pde.boundary="0"',
    "domain=symmetric_interval",
]


@pytest.mark.slow
def test_the_command_line_of_the_manual(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), *BURGERS, *TINY, "hydra.run.dir=run"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=120)
    assert result.returncode == 0, result.stderr
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert (summary["pde"], summary["rel_l2"]) == ("expression", None)
    u = load_run(tmp_path / "run")
    torch.testing.assert_close(
        u(torch.tensor([0.0, 0.5], dtype=torch.float64)), torch.tensor(-1.0, dtype=torch.float64)
    )


WRONG = {
    'pde.equation="dt(u) + w*dx(u)"': "'w' is not known",
    "pde.initial=null": "give pde.initial",
    'pde.boundary=["0","0"]': "pde.boundary has 2 expressions for 1 fields (u)",
    "pde.coefficients.nu=abc": "coefficient nu: 'abc' is not known",
    "pde.fields=[u,v]": "The field 'v' does not occur",
}


@pytest.mark.parametrize("override", WRONG)
def test_wrong_input_is_explained(override: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py", *BURGERS, *TINY, override, f"hydra.run.dir={tmp_path}"])
        patch.delenv("HYDRA_FULL_ERROR", raising=False)
        with pytest.raises(SystemExit) as stop:
            train.main()
    assert str(stop.value.code).startswith("Error: pde: ")
    assert WRONG[override] in str(stop.value.code)


def test_what_jumps_under_a_derivative_is_refused_and_has_a_mixed_form(tmp_path: Path) -> None:
    layers = ["pde=expression", 'pde.equation="dx((2+sign(x-0.5))*dx(u)) = 0"', 'pde.boundary="x"', "domain=interval"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py", *layers, *TINY, f"hydra.run.dir={tmp_path / 'plain'}"])
        patch.delenv("HYDRA_FULL_ERROR", raising=False)
        with pytest.raises(SystemExit) as stop:
            train.main()
        assert "this jumps near (0.5)" in str(stop.value.code)
        assert "pde.mixed=true" in str(stop.value.code)
        patch.setattr(
            sys, "argv", ["train.py", *layers, *TINY, "pde.mixed=true", f"hydra.run.dir={tmp_path / 'mixed'}"]
        )
        train.main()
    u = load_run(tmp_path / "mixed")
    assert u(torch.tensor([0.3], dtype=torch.float64)).shape == (2,)


def test_an_initial_value_with_a_kink_is_penalised_with_a_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tent = ["pde=expression", 'pde.equation="dt(u) = 0.1*lap(u)"', 'pde.initial="1-abs(2*x-1)"', 'pde.boundary="0"']
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py", *tent, *TINY, "domain=interval", f"hydra.run.dir={tmp_path}"])
        train.main()
    told = "initial: the prescribed value has a kink near (0, 0.5)"
    assert f"{told}: it is not built into the field, but penalised." in (tmp_path / "train.log").read_text()
    assert json.loads((tmp_path / "summary.json").read_text())["softened"] == {"initial": told}
    u = load_run(tmp_path)
    assert u(torch.tensor([0.0, 0.5], dtype=torch.float64)) != 1.0  # nothing of it is built in


def test_tables_travel_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their copies are in the run folder, from which alone the run is loaded, wherever it is moved to."""
    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"
    there.mkdir()
    monkeypatch.chdir(there)
    Path("k.csv").write_text("x,k\n0,1\n1,2\n")
    Path("rim.csv").write_text("y,u\n0,0\n1,1\n")
    Path("seen.csv").write_text("x,y,u\n0.5,0.5,0.3\n")
    table = ["pde=expression", 'pde.equation="div(k*grad(u)) = 0"', "pde.coefficients.k=k.csv", "domain=box"]
    table += ['pde.boundary={left: rim.csv, right: ["y"]}', "pde.measurements=seen.csv", *TINY, "hydra.run.dir=run"]
    monkeypatch.setattr(sys, "argv", ["train.py", *table])
    train.main()
    said = Path("run/train.log").read_text()
    assert "coefficient k from k.csv: linear interpolation between 2 nodes, continuous, with kinks" in said
    Path("run").rename(elsewhere)
    for name in ("k.csv", "rim.csv", "seen.csv"):
        Path(name).unlink()
        assert (elsewhere / "run_data" / name).is_file()
    monkeypatch.chdir(tmp_path)
    run = load_run(elsewhere)
    assert run.config["pde"]["boundary"] == {"left": "run_data/rim.csv", "right": ["y"]}
    assert run(torch.tensor([0.0, 0.25], dtype=torch.float64)).shape == ()
    (elsewhere / "run_data" / "k.csv").unlink()
    with pytest.raises(ValueError, match=r"pde\.coefficients\.k names the file 'run_data/k\.csv', which is not in"):
        load_run(elsewhere)
