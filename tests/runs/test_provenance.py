"""Where the numbers of a run come from."""

import subprocess
from pathlib import Path

import torch

from pinn.runs.provenance import git_state, processor, provenance


def git(folder: Path, *arguments: str) -> str:
    names = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    command = ["git", "-C", str(folder), *names, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_and_whether_files_differ(tmp_path: Path) -> None:
    state = git_state.__wrapped__  # without memory
    code = tmp_path / "code"
    code.mkdir()
    (code / "a.py").write_text("1")
    assert state(code) is None
    git(tmp_path, "init", "-q")
    assert state(code) is None  # within a checkout, but not of it
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    assert state(code) == {"commit": git(tmp_path, "rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "notes.txt").write_text("of the user")
    assert state(code) == {"commit": git(tmp_path, "rev-parse", "HEAD"), "dirty": False}
    (code / "a.py").write_text("2")
    assert state(code) == {"commit": git(tmp_path, "rev-parse", "HEAD"), "dirty": True}


def test_no_git_is_no_error(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state.__wrapped__(tmp_path) is None


def test_switches_are_those_of_now() -> None:
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        torch.use_deterministic_algorithms(True)
        assert (provenance()["matmul_precision"], provenance()["deterministic"]) == ("high", True)
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_float32_matmul_precision(before)
    assert provenance()["deterministic"] is False
    assert provenance()["cpu"] == processor() != ""
