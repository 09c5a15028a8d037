"""The command that exports a run."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pinn import Run

SCRIPTS = Path(__file__).parents[2] / "scripts"


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["export.py", *arguments])
    runpy.run_path(str(SCRIPTS / "export.py"), run_name="__main__")


def test_the_command_prints_what_it_wrote(
    run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_of("square").folder
    command(monkeypatch, str(folder), "--format", "torch-export")
    output = capsys.readouterr()
    assert output.out.split() == [str(folder / "field.pt2")]
    assert "agrees with the run to" in output.err


def test_a_folder_is_no_file_to_write(
    run_of: Callable[..., Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, str(run_of("square").folder), "--format", "csv", "--output", str(tmp_path))
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"error: --output {tmp_path} is a folder: give it the name of a file.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere", "--format", "csv"], 1, "error: There is no run folder 'nowhere'"),
        (["nowhere", "--format", "stl"], 2, "invalid choice: 'stl'"),
        (["nowhere", "--format", "onnx", "--time", "0", "--points", "0"], 2, "--points, --time: --format onnx writes"),
        (["nowhere", "--format", "csv", "--points", "3", "--mesh", "a.vtk"], 2, "a --mesh has its own nodes"),
    ],
)
def test_wrong_input_is_one_clear_line(
    arguments: list[str],
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, *arguments)
    assert stopped.value.code == code
    assert message in capsys.readouterr().err.splitlines()[-1]
