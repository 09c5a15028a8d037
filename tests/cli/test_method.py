"""What the default chooses on the command line, and what it leaves as it is named."""

import json
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from pinn.cli import train
from pinn.cli.info import lines
from pinn.cli.method import NAMED, with_method
from pinn.cli.train_job import GROUPS
from pinn.runs.configs import config_folder
from pinn.runs.run import load_run


def composed(*words: str) -> dict[str, Any]:
    """The configuration of some words as a job has it."""
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = compose("train", overrides=list(words), return_hydra_config=True)
    recipes: Any = OmegaConf.to_container(config, resolve=False)
    choices = recipes.pop("hydra")["runtime"]["choices"]
    plain: Any = OmegaConf.to_container(OmegaConf.create(recipes), resolve=True)
    return {**plain, "choices": {group: choices[group] for group in GROUPS}}


def found(*words: str) -> dict[str, Any]:
    return with_method(composed(*words), words)


def test_a_plain_command_gets_what_the_problem_asks_for() -> None:
    recipes = found("pde=heat")
    assert recipes["network"]["_target_"] == "pinn.networks.SlabFeatures"
    assert recipes["optimizer"]["_target_"] == "pinn.optimizers.Slabs"
    assert recipes["method"]["chosen"] in [trial["candidate"] for trial in recipes["method"]["trials"]]
    assert 0 < recipes["budget_s"] <= 120


@pytest.mark.parametrize(
    "word",
    [
        *(
            "network.width=8",
            "network=siren",
            "optimizer=lm",
            "optimizer.stages.lm.steps=4",
            "sampler.interior=50",
            "steps=4",
        ),
        *("weighting=ntk", "windows=2", "seeds=2", "compile=true", "init_from=a", "dtype=float32", "vjp=hutchinson"),
        "method=named",
    ],
)
def test_what_is_named_is_used_as_named(word: str) -> None:
    before, after = composed("pde=heat", word), found("pde=heat", word)
    assert after["method"] is None
    for key in ("network", "optimizer", "sampler", "windows", "budget_s"):
        assert after[key] == before[key]


def test_the_word_auto_names_nothing() -> None:
    assert "method" not in NAMED
    assert found("pde=heat", "method=auto")["method"] is not None


@pytest.mark.parametrize("budget_s", ["0", "-1"])
def test_a_budget_of_no_time_is_refused(budget_s: str) -> None:
    with pytest.raises(ValueError, match="finite budget_s > 0 seconds, got"):
        found("pde=heat", f"budget_s={budget_s}")


def test_an_experiment_that_names_a_problem_alone_names_no_method() -> None:
    assert found("experiment=pinnacle/wave_1d", "budget_s=20")["method"] is not None
    assert found("experiment=gallery/burgers")["method"] is None
    assert found("experiment=accuracy/poisson")["method"] is None


def test_a_problem_may_name_its_own() -> None:
    for pde in ("poisson", "poisson_ritz"):
        assert found(f"pde={pde}")["method"] is None


def test_a_run_keeps_its_method_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    train.main(["pde=heat", "hydra.run.dir=run", "plots=false", "budget_s=20"])
    summary = json.loads(Path("run/summary.json").read_text())
    assert summary["method"]["problem"].startswith("linear, of evolution")
    assert summary["rel_l2"] < 1e-10
    run = load_run("run")
    assert run.config["method"] == summary["method"]
    assert (summary["network"], summary["optimizer"], summary["sampler"], summary["vjp"]) == (*["auto"] * 3, "auto")
    assert "_target_: pinn.networks.SlabFeatures" in Path("run/config.yaml").read_text()
    assert any(summary["method"]["chosen"] in line for line in lines(Path("run")))
    assert type(run.network).__name__ == "SlabFeatures"


def test_an_equation_without_a_solution_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """−Δu = x with no flux anywhere: ∫ x dx is not 0."""
    monkeypatch.chdir(tmp_path)
    words = ["pde=expression", "pde.equation='-laplacian(u) = x'", "pde.flux='0'", "domain=box", "budget_s=4"]
    with pytest.raises(SystemExit) as ended:
        train.main([*words, "hydra.run.dir=run", "plots=false"])
    assert ended.value.code == 4
    assert "the equation is not solved" in json.loads(Path("run/summary.json").read_text())["doubts"][-1]
