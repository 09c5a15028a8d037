"""The shipped problems, trained from the command line as a user does, reach the accuracy that README promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBLEMS = {
    "pde=poisson": 1e-8,
    "pde=poisson pde.hard=false": 1e-6,
    "pde=poisson domain=disk": 1e-5,
    "pde=heat": 1e-8,
    "pde=poisson domain=box domain.lower=[0,0,0] domain.upper=[1,1,1]": 1e-7,
    "pde=potential": 1e-5,
}


FIRST = "pde=poisson"
"""README's first command."""


@pytest.mark.parametrize(
    "overrides",
    [pytest.param(one, marks=pytest.mark.slow if one == FIRST else pytest.mark.nightly) for one in PROBLEMS],
)
def test_reaches_its_accuracy(overrides: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), *overrides.split(), "hydra.run.dir=run"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=600)
    assert result.returncode == 0, result.stderr
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["rel_l2"] <= PROBLEMS[overrides]
