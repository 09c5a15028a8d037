"""A run that is trained again is the same run, and what differs is named."""

import json
import sys
from pathlib import Path

import pytest
import torch

from pinn import load_run
from pinn.cli import reproduce, train, train_job
from pinn.runs.checksum import fingerprint

TINY = ["network.width=6", "network.depth=1", "sampler.interior=40", "sampler.boundary=10", "log_every=7"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_job, "draw", lambda *_: None)


def trained(folder: Path, *arguments: str) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py", *TINY, *arguments, f"hydra.run.dir={folder}"])
        train.main()
    return folder


def change(folder: Path, **config: object) -> None:
    """As if the run had been another."""
    path = folder / "checkpoint.pt"
    whole = torch.load(path, weights_only=True)
    whole["config"] |= config
    signed(whole, path)


def signed(whole: dict, path: Path) -> None:
    """Write a checkpoint with the checksum of its content."""
    content = {name: value for name, value in whole.items() if name != "fingerprint"}
    torch.save({**content, "fingerprint": fingerprint(content)}, path)


@pytest.mark.parametrize(
    "arguments",
    [
        # The rate of Adam falls to the end of its steps, wherever a budget ends the run.
        ["optimizer=adam", "steps=4000", "budget_s=0.3"],
        ["optimizer=lm", "steps=40", "sampler.interior=12", "sampler.every=10", "seed=3"],  # the guard draws points
        ["pde=heat", "windows=2", "optimizer=lm", "steps=5"],
        ["optimizer=adam_lm", "steps=32", "dtype=float32", "sampler=rad", "sampler.every=5"],
    ],
    ids=["budget", "guard", "windows", "rad"],
)
@pytest.mark.slow
def test_bit_for_bit(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = trained(tmp_path / "run", *arguments)
    capsys.readouterr()
    assert reproduce.main([str(folder)]) == 0
    words = capsys.readouterr().out
    assert "parameters: equal bit for bit" in words
    assert words.endswith("\nequal\n")
    found = json.loads((folder / "reproduction" / "reproduction.json").read_text())
    assert found["steps"][0] == found["steps"][1] == load_run(folder).summary["steps"]
    assert found["conditions_that_differ"] == {}


def test_what_differs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = trained(tmp_path / "run", "optimizer=lm", "steps=8")
    change(folder, seed=1)
    summary = json.loads((folder / "summary.json").read_text())
    summary |= {"git": {"commit": "abc", "dirty": False}, "versions": {**summary["versions"], "torch": "1.0"}}
    (folder / "summary.json").write_text(json.dumps(summary))
    assert reproduce.main([str(folder), "--output", str(tmp_path / "again")]) == 1
    words = capsys.readouterr().out
    assert "parameters: differ by up to" in words
    assert f"rel_l2: {summary['rel_l2']}, now " in words
    assert "loss (first in row 1)" in words
    assert f"torch: 1.0, now {torch.__version__}" in words
    assert "git: {'commit': 'abc'" in words
    assert words.endswith("NOT equal\n")
    assert (tmp_path / "again" / "checkpoint.pt").is_file()


def test_one_bit_is_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = trained(tmp_path / "run", "optimizer=lm", "steps=3")
    path = folder / "checkpoint.pt"
    whole = torch.load(path, weights_only=True)
    weight = next(value for value in whole["weights"].values() if value.numel() > 1)
    weight.view(-1)[0] = torch.nextafter(weight.view(-1)[0], torch.tensor(9.0, dtype=weight.dtype))
    signed(whole, path)
    assert reproduce.main([str(folder)]) == 1
    assert "parameters: differ by up to" in capsys.readouterr().out


def test_what_cannot_be_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = trained(tmp_path / "run", "pde=heat", "windows=2", "optimizer=lm", "steps=3")
    change(folder, budget_s=0.1, steps=400)
    capsys.readouterr()
    assert reproduce.main([str(folder)]) == 2
    assert "does not say how many steps each window took" in capsys.readouterr().err
    assert reproduce.main([str(folder), "--output", str(folder)]) == 2
    assert "is the run itself" in capsys.readouterr().err
    whole = torch.load(folder / "checkpoint.pt", weights_only=True)
    whole["config"] = {key: whole["config"][key] for key in ("pde", "network", "vjp")}
    signed(whole, folder / "checkpoint.pt")
    assert reproduce.main([str(folder)]) == 2
    assert "stores no optimizer, sampler" in capsys.readouterr().err
    assert reproduce.main([str(tmp_path / "missing")]) == 2
    assert "There is no run folder" in capsys.readouterr().err


def test_the_folder_of_another_run_is_no_place_for_a_repetition(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (trained(tmp_path / name, "optimizer=adam", "steps=3") for name in "ab")
    before = (other / "checkpoint.pt").read_bytes()
    assert reproduce.main([str(one), "--output", str(other)]) == 2
    assert "is the folder of another run" in capsys.readouterr().err
    assert (other / "checkpoint.pt").read_bytes() == before
    assert [reproduce.main([str(one)]) for _ in range(2)] == [0, 0]  # an earlier repetition gives way
