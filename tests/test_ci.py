"""What is promised is run: the hosted workflow has the oldest versions of pyproject.toml and what `.ci/run` takes."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
SCRIPT = ROOT / ".ci" / "run"


def jobs() -> dict[str, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]


def matrix() -> list[dict[str, str]]:
    return jobs()["ci"]["strategy"]["matrix"]["include"]


def promised(pattern: str) -> str:
    versions = re.search(pattern, PROJECT)
    assert versions is not None
    return versions.group(1)


def test_the_workflow_runs_the_script_with_the_versions_of_its_matrix() -> None:
    assert set(jobs()) == {"ci"}
    *_, setup, run = jobs()["ci"]["steps"]
    assert setup["with"]["python-version"] == "${{ matrix.python }}"
    nightly = "${{ github.event_name == 'schedule' && 'nightly' || '' }}"
    assert run == {"run": f".ci/run {nightly}", "env": {"TORCH_VERSION": "${{ matrix.torch }}"}}
    assert os.access(SCRIPT, os.X_OK)


def test_the_oldest_versions_promised_are_run_together() -> None:
    python = promised(r'requires-python = ">=([\d.]+)"')
    torch = promised(r'"torch>=([\d.]+)"')
    assert {"python": python, "torch": f"{torch}.0"} in matrix()
    assert all(isinstance(version, str) for entry in matrix() for version in entry.values())


def test_the_version_of_torch_where_none_is_asked_for_is_run() -> None:
    standard = re.search(r"\$\{TORCH_VERSION:-([\d.]+)\}", SCRIPT.read_text(encoding="utf-8"))
    assert standard is not None
    assert standard.group(1) in {entry["torch"] for entry in matrix()}


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda p: p.stem)
def test_no_page_promises_a_python_that_nothing_runs(page: Path) -> None:
    versions = {entry["python"] for entry in matrix()}
    assert set(re.findall(r"Python (3\.\d+)", page.read_text(encoding="utf-8"))) <= versions


def test_the_script_is_sound() -> None:
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True)
