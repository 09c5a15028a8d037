"""`pinn info RUN`: ten lines that say what a run was, how good it is and how to go on."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

from pinn.cli import info, train, train_job
from pinn.runs.checksum import fingerprint

TINY = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "steps=3", "log_every=1"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_job, "draw", lambda folder, trust: None)
        patch.setattr(sys, "argv", [])
        train.main(["pde=inverse_heat", *TINY, "checkpoint_s=0", f"hydra.run.dir={folder}"])
    return folder


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert info.main([str(folder)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) <= 10
    return {line[:8].strip(): line[8:].strip() for line in out}


def test_a_run_is_told_in_ten_lines(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(trained, capsys)
    summary = json.loads((trained / "summary.json").read_text())
    assert told["problem"] == "Inverse"
    assert told["network"].startswith("MLP(width=4, depth=1, activation=tanh")
    assert told["training"].startswith("3 steps of adam_lm in ")
    assert told["ended"].startswith("completed (")
    assert f"relative L2 {summary['rel_l2']:.3e}" in told["error"]
    assert f"{summary['heldout_residual']:.2e} at held-out points" in told["error"]
    assert "diffusivity = " in told["unknowns"]
    assert told["go on"].startswith(f"pinn train resume={trained} steps=6; pinn validate {trained}")
    assert "needs" not in told


def test_a_run_that_was_cut_off_and_one_that_failed(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(trained, cut)
    for name in ("summary.json", "checkpoint.pt", "solution.npz"):
        (cut / name).unlink()
    told = said(cut, capsys)
    assert told["ended"] == "not at its end: at step 2, or cut off there"
    assert told["go on"].startswith(f"pinn train resume={cut};")
    (cut / "failure.txt").write_text("The disk is full.\nmore")
    assert said(cut, capsys)["ended"] == "failed: The disk is full."


def test_a_foreign_run_is_told_without_building_anything(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "foreign"
    shutil.copytree(trained, foreign)
    whole = torch.load(foreign / "checkpoint.pt", weights_only=True)
    whole["config"]["pde"] = {"_target_": "evil.module.Mine", "equation": "\x1b[2Ju = 0"}
    content = {name: value for name, value in whole.items() if name != "fingerprint"}
    torch.save({**content, "fingerprint": fingerprint(content)}, foreign / "checkpoint.pt")
    told = said(foreign, capsys)
    assert told["problem"] == "Mine (?[2Ju = 0)"
    assert told["needs"] == "--trust evil.module"
    assert "evil" not in sys.modules


def test_no_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert info.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert info.main([str(tmp_path / "nothing")]) == 1
