"""README's code runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```", README, flags=re.M | re.S)
PROGRAMS = [code for language, mark, code in BLOCKS if language == "python" and not mark.strip() and "import" in code]
EXTENDING = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', EXTENDING, flags=re.M | re.S))


def test_blocks_are_found() -> None:
    assert len(PROGRAMS) == 2
    assert {"screened_poisson.py", "conf/pde/screened_poisson.yaml"} <= set(FILES)


@pytest.mark.parametrize("program", PROGRAMS, ids=["job", "operators"])
def test_programs_run(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    exec(compile(program, "README.md", "exec"), names)
    if "step" in names:
        assert getattr(names["step"], "rel_l2") < 1e-6  # noqa: B009
        assert "lm" in capsys.readouterr().out


def test_the_residual_shown_is_that_of_poisson() -> None:
    shown = next(code for language, _, code in BLOCKS if language == "python" and code.startswith("def residual"))
    source = (ROOT / "pinn" / "pdes" / "equations" / "poisson.py").read_text(encoding="utf-8")
    assert all(line.strip() in source for line in shown.splitlines())


@pytest.mark.slow
def test_your_own_equation(tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), "--config-dir", "conf", "pde=screened_poisson"]
    options = ["domain=disk", "pde.k=3", "experiment=quick", "hydra.run.dir=out"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "solution.png").is_file()
    plot = [
        sys.executable,
        str(ROOT / "scripts" / "plot_solution.py"),
        "out",
        "--trust",
        "screened_poisson",
        "--output",
        "again",
    ]
    again = subprocess.run(plot, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=300)
    assert again.returncode == 0, again.stderr
    refused = subprocess.run([*command, "+pde.kk=3"], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert refused.returncode == 1
    assert "pde.kk" in refused.stderr
