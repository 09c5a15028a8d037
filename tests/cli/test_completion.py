"""Tab completion: what is offered, and that bash offers it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pinn.cli.completion import candidates
from pinn.cli.main import COMMANDS, main

OFFERED = {
    "pinn tr": ["train"],
    "pinn plot so": ["solution"],
    "pinn train pde=pois": [
        *("poisson", "poisson_5d", "poisson_anisotropic", "poisson_corner", "poisson_ritz", "poisson_variable"),
    ],
    "pinn train pde=poisson,hea": ["heat"],
    "pinn train -m pde=heat sampler=so": ["sobol"],
    "pinn train netw": ["network=", "network."],
    "pinn train network.wid": ["network.width="],
    "pinn train network=fourier network.sca": ["network.scale="],
    "pinn train pde=heat pde.diff": ["pde.diffusivity="],
    "pinn train optimizer.stages.adam.l": ["optimizer.stages.adam.lr="],
    "pinn train budg": ["budget_s="],
    "pinn train experiment=accuracy/bur": ["accuracy/burgers", "accuracy/burgers_features"],
    "pinn plot solution --form": ["--format"],
    "pinn xyz a": [],
    "pinn train network.no.such": [],
    "pinn info outp": [],
}


@pytest.mark.parametrize("line", OFFERED)
def test_what_may_follow(line: str) -> None:
    assert candidates(line, COMMANDS) == OFFERED[line]


def test_every_command_and_every_key_is_offered() -> None:
    assert set(COMMANDS) <= set(candidates("pinn ", COMMANDS))
    assert {"steps=", "pde=", "network=", "device=", "experiment="} <= set(candidates("pinn train ", COMMANDS))


def test_a_folder_of_ones_own_is_offered_too(tmp_path: Path) -> None:
    (tmp_path / "pde").mkdir()
    (tmp_path / "pde" / "rod.yaml").touch()
    assert candidates(f"pinn train --config-dir {tmp_path} pde=ro", COMMANDS) == ["rod"]
    assert candidates("pinn train pde=ro", COMMANDS) == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(tmp_path: Path) -> None:
    """The printed script in a bash, and a command of that name, as it is installed."""
    command = tmp_path / "pinn"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m pinn "$@"\n')
    command.chmod(0o755)
    line = "pinn train pde=hea"
    asked = (
        f'eval "$(pinn completion bash)"; COMP_WORDS=(pinn); COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}; _pinn; '
    )
    program = asked + 'printf "%s\\n" "${COMPREPLY[@]}"; complete -p pinn'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    result = subprocess.run(["bash", "-c", program], capture_output=True, text=True, env=environment, timeout=120)
    assert result.stdout.splitlines() == ["heat", "complete -o default -F _pinn pinn"], result.stderr


def test_keys_are_offered_by_a_process_that_has_loaded_nothing_else() -> None:
    command = [sys.executable, "-m", "pinn", "completion", "--line", "pinn train pde=heat pde.diff"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.stdout == "pde.diffusivity=\n", result.stderr


def test_a_shell_is_needed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pinn"])
    with pytest.raises(SystemExit) as stop:
        main(["completion"])
    assert stop.value.code == 2
    assert "pinn completion bash" in capsys.readouterr().err


def test_completing_a_choice_loads_neither_torch_nor_hydra() -> None:
    program = (
        "import sys; from pinn.cli.main import main\n"
        "main(['completion', '--line', 'pinn train pde=hea'])\n"
        "print({'torch', 'hydra', 'matplotlib'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert result.stdout.splitlines() == ["heat", "set()"], result.stderr


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["plot", "--help"], ["plot", "solution", "--help"]])
def test_help_comes_before_torch(words: list[str]) -> None:
    """Of the command's two seconds torch alone would take most."""
    program = (
        "import sys, contextlib; from pinn.cli.main import main\n"
        f"with contextlib.suppress(SystemExit): main({words})\n"
        "print(sorted({'torch', 'matplotlib', 'sympy'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
    assert len(result.stdout.splitlines()) > 5


def test_a_run_that_does_not_compile_loads_no_compiler(tmp_path: Path) -> None:
    """Nor matplotlib before it is needed. (Adam of torch.optim loads a part of the compiler itself.)"""
    tiny = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "plots=false"]
    words = ["train", "optimizer=lm", *tiny, "steps=1", f"hydra.run.dir={tmp_path / 'run'}"]
    program = (
        "import sys, contextlib; from pinn.cli.main import main\n"
        f"with contextlib.suppress(SystemExit): main({words})\n"
        "print(sorted({'torch._inductor', 'torch._dynamo', 'sympy', 'matplotlib'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
    assert (tmp_path / "run" / "summary.json").is_file()
