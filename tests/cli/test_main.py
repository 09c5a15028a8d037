"""The command `pinn`: its help, its answers to what it does not know, and the wheel that brings it."""

import contextlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pinn
from pinn.cli.main import COMMANDS, help_text, main

ROOT = Path(__file__).parents[2]


def called(*words: str) -> tuple[object, str, str]:
    """The exit code of the command, what it prints, and what it says of errors."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def _arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the program's arguments and module path as they were."""
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_is_one_screen_with_every_command(word: str) -> None:
    code, out, _ = called(word)
    assert code == 0
    assert len(out.splitlines()) <= 24
    assert max(map(len, out.splitlines())) <= 100
    for name in COMMANDS:
        assert f"pinn {name} " in out


def test_without_a_command_it_shows_the_help_and_fails() -> None:
    assert called() == (2, help_text() + "\n", "")


@pytest.mark.parametrize(
    ("word", "hint"), [("tarin", "did you mean 'pinn train'?"), ("xyz", f"the commands are {', '.join(COMMANDS)}.")]
)
def test_an_unknown_command_is_told(word: str, hint: str) -> None:
    code, out, err = called(word, "pde=poisson")
    assert (code, out) == (2, "")
    assert err == f"error: pinn has no command {word!r}; {hint}\n"


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_the_version_is_that_of_the_package(word: str) -> None:
    code, out, _ = called(word)
    assert not code
    assert out == f"pinn {pinn.__version__}\n"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("train", "gallery")])
def test_every_command_has_help(name: str) -> None:
    code, out, _ = called(name, "--help")
    assert not code
    assert f"pinn {name}" in out


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("train", "pinn train pde=poisson, heat, budget_s, --config-dir, hydra.run.dir, domain, optimizer, weighting"),
        ("gallery", "pinn gallery, --only, --report"),
    ],
)
def test_commands_with_keys_have_help(name: str, texts: str) -> None:
    code, out, _ = called(name, "--help")
    assert not code
    for text in texts.split(", "):
        assert text in out


def test_the_package_is_the_same_command(tmp_path: Path) -> None:
    result = process("-m", "pinn", "--version", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, f"pinn {pinn.__version__}\n")


def process(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own."""
    settings = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, env=settings, timeout=300
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this clone; nothing is fetched to build it."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    words = ["-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
    result = process(*words, cwd=folder)
    assert result.returncode == 0, result.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_holds_all_that_the_command_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (listed,) = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
        entry_points = file.read(listed).decode()
    assert "pinn = pinn.cli.main:main" in entry_points
    assert "pinn/py.typed" in names
    for path in (ROOT / "configs").rglob("*.yaml"):
        assert f"pinn/configs/{path.relative_to(ROOT / 'configs').as_posix()}" in names
    for path in (ROOT / "pinn").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(ROOT).as_posix() in names
    assert all(name.startswith(("pinn/", "pinn_solver-")) for name in names)


@pytest.mark.slow
def test_the_wheel_works_where_there_is_no_clone(wheel: Path, tmp_path: Path) -> None:
    """Installed into a folder of its own, which stands before the clone; the working folder is empty."""
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    words = ["-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    result = process(*words, cwd=tmp_path)
    assert result.returncode == 0, result.stderr

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        result = process("-m", "pinn", *arguments, cwd=work, PYTHONPATH=str(site))
        assert result.returncode == 0, result.stderr
        return result

    where = process("-c", "import pinn; print(pinn.__file__)", cwd=work, PYTHONPATH=str(site))
    assert where.stdout.strip() == str(site / "pinn" / "__init__.py")
    small = ["network.width=6", "network.depth=1", "sampler.interior=40", "sampler.boundary=10"]
    trained = command("train", "pde=poisson", "steps=3", *small, f"hydra.run.dir={work / 'run'}")
    assert "run folder" in trained.stdout
    assert (work / "run" / "checkpoint.pt").is_file()
    assert (work / "run" / "solution.png").is_file()
    command("export", str(work / "run"), "--format", "csv")
    assert (work / "run" / "field.csv").is_file()
    assert (site / "bin" / "pinn").is_file()
