"""The members of an ensemble: trained once, in run folders of their own, or refused by name."""

import json
from pathlib import Path

import pytest
import torch

from pinn import load_run
from pinn.pdes import Inverse
from pinn.runs import further_seeds
from pinn.runs.further_seeds import members
from tests.trained_run import trained_run

TINY = ["network.width=4", "network.depth=1", "sampler.interior=30", "sampler.boundary=10", "threads=1", "plots=false"]


def trained(folder: Path, *arguments: str) -> Path:
    return trained_run(folder, *TINY, "pde=heat", "optimizer=lm", "steps=3", *arguments)


def estimated(folder: Path, error: float) -> None:
    """Write an estimate of the error into the summary, as `estimate_error=true` does in seconds."""
    file = folder / "summary.json"
    found = {"error_estimate": {"relative_l2": error, "known": True, "resolved": 1.0, "why": ""}}
    file.write_text(json.dumps({**json.loads(file.read_text()), **found}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return trained(tmp_path / "run", "seed=3")


def test_each_member_is_a_run_of_its_own_seed(folder: Path) -> None:
    """The same as that seed trained by `pinn train`, bit for bit."""
    said = []
    run = load_run(folder)
    found = members(run, 2, said.append)
    assert [*found.ensemble.runs] == [3, 4, 5]
    assert not found.failed
    assert [text.split(",")[0] for text in said] == ["training seed 4", "training seed 5"]
    member = load_run(folder / "ensemble" / "seed_4")
    assert (member.config["seed"], member.summary["seed"], member.summary["status"]) == (4, 4, "completed")
    assert (folder / "ensemble" / "seed_4" / "metrics.csv").is_file()
    alone = load_run(trained(folder.with_name("alone"), "seed=4"))
    for name, value in alone.network.state_dict().items():
        assert torch.equal(value, member.network.state_dict()[name]), name
    assert not torch.equal(run(torch.full((2,), 0.3)), member(torch.full((2,), 0.3)))


def test_members_that_exist_are_not_trained_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = members(load_run(folder), 2).ensemble
    monkeypatch.setattr(further_seeds, "_train", lambda *_: pytest.fail("it was trained again"))
    after = members(load_run(folder), 2).ensemble
    x = torch.full((2,), 0.3, dtype=torch.float64)
    assert torch.equal(before.mean(x), after.mean(x))
    assert [*members(load_run(folder), 1).ensemble.runs] == [3, 4]


def test_one_that_was_cut_off_begins_again(folder: Path) -> None:
    members(load_run(folder), 1)
    (folder / "ensemble" / "seed_4" / "summary.json").unlink()
    found = members(load_run(folder), 1)
    assert found.ensemble.runs[4].summary["seed"] == 4


def test_a_training_that_diverges_is_left_out_and_kept_as_failed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train_one = further_seeds._train

    def diverging(run, place: Path, seed: int) -> None:
        if seed == 4:
            raise FloatingPointError("loss is nan")
        train_one(run, place, seed)

    monkeypatch.setattr(further_seeds, "_train", diverging)
    found = members(load_run(folder), 2)
    assert [*found.ensemble.runs] == [3, 5]
    assert found.failed == {4: "loss is nan"}
    assert (folder / "ensemble" / "seed_4" / "failure.txt").read_text().strip() == "loss is nan"
    monkeypatch.setattr(further_seeds, "_train", lambda *_: pytest.fail("it was trained again"))
    assert members(load_run(folder), 2).failed == {4: "loss is nan"}


def test_a_member_of_another_configuration_is_refused(folder: Path) -> None:
    members(load_run(folder), 1)
    other = trained(folder.with_name("other"), "seed=3", "network.width=5")
    (folder / "ensemble").rename(other / "ensemble")
    with pytest.raises(ValueError, match="trained with another configuration"):
        members(load_run(other), 1)


def test_a_run_of_several_seeds_brings_them_all(tmp_path: Path) -> None:
    folder = trained(tmp_path / "run", "seeds=3")
    found = members(load_run(folder)).ensemble
    assert sorted(found.runs) == [0, 1, 2]
    assert found.first.config["seed"] == load_run(folder).config["seed"]
    assert not (folder / "ensemble").exists()
    assert sorted(members(load_run(folder), 1).ensemble.runs) == [0, 1, 2, 3]


@pytest.mark.parametrize("words", [["init_from"], ["windows=2"]])
def test_kinds_of_runs_that_have_members(words: list[str], folder: Path) -> None:
    words = [f"init_from={folder}"] if words == ["init_from"] else words
    other = trained(folder.with_name("other"), *words)
    estimated(other, 0.25)
    found = members(load_run(other), 1)
    assert [*found.ensemble.runs] == [0, 1]
    figures = found.figures()
    assert figures["same_start"] is words[0].startswith("init_from")
    assert figures["error_estimate"]["relative_l2"] == 0.25


def test_members_of_an_inverse_run_have_its_data(tmp_path: Path) -> None:
    folder = trained(tmp_path / "run", "pde=inverse_heat", "optimizer=adam")
    first, second = (run.pde for run in members(load_run(folder), 1).ensemble.runs.values())
    assert isinstance(first, Inverse)
    assert isinstance(second, Inverse)
    for a, b in zip(first.measurements[:2], second.measurements[:2], strict=True):
        assert torch.equal(a, b)


def test_what_cannot_be_trained_again_is_refused(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps({**summary, "status": "interrupted"}))
    with pytest.raises(ValueError, match="has not come to its end"):
        members(load_run(folder), 1)
    (folder / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(ValueError, match="at least two runs"):
        members(load_run(folder), 0)
