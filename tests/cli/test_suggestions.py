"""A key or a choice that there is not is answered by what may have been meant."""

import sys
from pathlib import Path

import pytest

from pinn.cli import train

ANSWERS = {
    "pde.kk=3": "Error: there is no key pde.kk; pde has domain, ",
    "network.widht=3": "Error: there is no key network.widht; did you mean network.width?",
    "stepss=3": "Error: there is no key stepss; did you mean steps?",
    "optimizer.stages.adam.lrr=1": "no key optimizer.stages.adam.lrr; did you mean optimizer.stages.adam.lr?",
    "optimizer.stages.adm.lr=1": "no key optimizer.stages.adm.lr; did you mean optimizer.stages.adam.lr?",
    "pde=heat pde.difusivity=1": "no key pde.difusivity; did you mean pde.diffusivity?",
    "pde=poison": "Error: there is no pde=poison; did you mean pde=poisson?",
    "optimizer=adan": "Error: there is no optimizer=adan; did you mean optimizer=adam?",
    "vjp=zzzz": "Error: there is no vjp=zzzz; choose one of auto, eye, ",
}


@pytest.mark.parametrize("words", ANSWERS)
def test_the_answer_is_one_line(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    with pytest.raises(SystemExit) as stop:
        train.main([*words.split(), "hydra.run.dir=run"])
    assert ANSWERS[words] in str(stop.value)
    assert len(str(stop.value).splitlines()) == 1
    assert not Path("run", "checkpoint.pt").exists()


def test_what_is_not_ours_is_left_to_hydra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    with pytest.raises(SystemExit) as stop:
        train.main(["hydra.launcher.partition=x", "hydra.run.dir=run"])
    assert stop.value.code == 1
    assert "Could not override 'hydra.launcher.partition'" in capsys.readouterr().err


def test_plots_may_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    tiny = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "steps=2"]
    train.main([*tiny, "plots=false", "hydra.run.dir=run"])
    assert not list(Path("run").glob("*.png"))
    train.main(["resume=run", "steps=3", "plots=true"])
    assert list(Path("run").glob("*.png"))
