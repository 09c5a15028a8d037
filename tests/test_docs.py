"""The documentation's code runs as it stands, and its commands exist and compose.

Python blocks of a page are one program, in order. A line `<!-- test: … -->` before a block says otherwise: `skip`,
`after` the commands of the tutorial, `output` for what the block before it prints, `refused` for a command that
ends in an error.
"""

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from pinn.cli import train_job
from pinn.cli.hydra_words import with_tags
from pinn.cli.main import COMMANDS
from pinn.pdes import PDE
from pinn.runs.instantiate import build
from pinn.runs.run import build_network
from pinn.runs.trusted import modules_named

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))
LONG = {"forward", "inverse"}
MARKS = ("", "skip", "after", "refused")
_BLOCK = re.compile(r"^(?:<!-- test: (\w+) -->\n)?```(\w+)([^\n]*)\n(.*?)^```", flags=re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A piece of code on a page; `file` is the name under which a reader saves it, if any."""

    page: Path
    language: str
    code: str
    mark: str = ""
    file: str = ""


def blocks(page: Path) -> list[Block]:
    on_page = []
    for mark, language, info, code in _BLOCK.findall(page.read_text(encoding="utf-8")):
        file = re.search(r"(?:title|file)=\"?([\w./]+)", info)
        mark = "skip" if "notest" in info else mark
        on_page.append(Block(page, language, code, mark, file.group(1) if file else ""))
    return on_page


def commands(page: Path, mark: str = "") -> list[list[str]]:
    """The commands of a page's bash blocks with that mark, each as its words."""
    read = []
    for block in blocks(page):
        if block.language == "bash" and block.mark == mark:
            for line in block.code.replace("\\\n", " ").splitlines():
                words = [*shlex.split(line, comments=True), "&&"]
                while "&&" in words:
                    end = words.index("&&")
                    read += [words[:end]] if end else []
                    words = words[end + 1 :]
    return read


def called(words: Sequence[str]) -> list[str]:
    """The words after `pinn`, as in `srun pinn train …` or `python -m pinn train …`; scripts/train.py is the same."""
    for k, word in enumerate(words):
        if word == "pinn":
            return [*words[k + 1 :]]
        if word.endswith("scripts/train.py"):
            return ["train", *words[k + 1 :]]
    return []


def training(page: Path, mark: str = "") -> list[list[str]]:
    """What is handed to `pinn train`."""
    return [words[1:] for command in commands(page, mark) if (words := called(command)) and words[0] == "train"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix(""))


@pytest.fixture
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in, from which modules can be imported."""
    known = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield tmp_path
    for module in set(sys.modules) - known:
        if str(getattr(sys.modules[module], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[module]


def save_files(page: Path, folder: Path) -> None:
    for block in blocks(page):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")


def run_programs(page: Path, folder: Path, capsys: pytest.CaptureFixture[str], *marks: str) -> None:
    """Run the blocks without mark and those with one of `marks`, and compare what they print."""
    save_files(page, folder)
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = None
    for block in blocks(page):
        if block.mark == "output":
            assert printed is not None, f"{page.name} shows an output of no program"
            assert printed == block.code
            printed = None
        elif block.language == "python" and not block.file and block.mark in ("", *marks):
            capsys.readouterr()
            exec(compile(block.code, str(page), "exec"), names)
            printed = capsys.readouterr().out


WITH_PROGRAMS = [
    page for page in PAGES if any(b.language == "python" and not b.file and not b.mark for b in blocks(page))
]


@pytest.mark.parametrize("page", WITH_PROGRAMS, ids=name)
def test_programs_run(page: Path, at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_programs(page, at_work, capsys)


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=name)
def test_commands_compose_and_build(page: Path, at_work: Path) -> None:
    save_files(page, at_work)
    np.savez("measured.npz", points=np.zeros((3, 2)), values=np.zeros(3))
    for arguments in training(page):
        for overrides in jobs(arguments, at_work):
            config = composed(tuple(overrides))
            trust = modules_named(config)
            pde = build(config["pde"], "pde", trust=trust)
            assert isinstance(pde, PDE)
            for group in ("vjp", "optimizer", "sampler", "weighting"):
                build(config[group], group, trust=trust)
            if config["windows"] == 1:
                build_network(config["network"], pde, torch.Generator(), trust)
            assert config["dtype"] in ("float32", "float64")


@pytest.mark.parametrize("page", [page for page in PAGES if training(page, "refused")], ids=name)
def test_what_is_shown_as_refused_is(page: Path, at_work: Path) -> None:
    save_files(page, at_work)
    text = page.read_text(encoding="utf-8")
    for arguments in training(page, "refused"):
        for overrides in jobs(arguments, at_work):
            with pytest.raises(ValueError) as caught:  # noqa: PT012
                config = composed(tuple(overrides))
                build(config["pde"], "pde", trust=modules_named(config)).conditions()
            assert str(caught.value) in text


def jobs(arguments: Sequence[str], folder: Path) -> Iterator[list[str]]:
    """The overrides of a command; of a sweep each choice of every group once, and the first of numbers."""
    words, search = [], ""
    rest = iter(arguments)
    for word in rest:
        if word == "--config-dir":
            search = f"hydra.searchpath=[file://{folder / next(rest)}]"
        elif word == "--cfg":
            assert next(rest) in ("job", "hydra", "all")
        elif word not in ("-m", "--multirun", "--help"):
            words.append(with_tags(word))
    choices = [_values(word) for word in words]
    first = [values[0] for values in choices]
    for changed in range(-1, len(choices)):
        for value in choices[changed][1:] if changed >= 0 else [""]:
            chosen = [value if k == changed else word for k, word in enumerate(first)]
            yield [*chosen, search] if search else chosen


def _values(override: str) -> list[str]:
    """The overrides that a sweep makes of one."""
    parsed = OverridesParser.create().parse_override(override)
    if not parsed.is_sweep_override():
        return [override]
    values = [f"{parsed.get_key_element()}={value}" for value in parsed.sweep_string_iterator()]
    return values if parsed.get_key_element() in train_job.GROUPS else values[:1]


@lru_cache
def composed(overrides: tuple[str, ...]) -> dict[str, Any]:
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = compose("train", list(overrides))
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=name)
def test_commands_and_scripts_exist(page: Path) -> None:
    for mark in MARKS:
        for words in commands(page, mark):
            for word in words:
                if script := re.search(r"scripts/\w+\.py$", word):
                    assert (ROOT / script.group()).is_file(), word
            if (call := called(words)) and not call[0].startswith("-"):
                assert call[0] in COMMANDS, words


@pytest.mark.slow
def test_the_tutorial_from_its_first_command_to_its_last(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = DOCS / "tutorial.md"
    save_files(page, at_work)
    few = ["steps=2", "network.width=4", "sampler.interior=50", "sampler.boundary=20"]
    for words in commands(page):
        call = called(words)
        if words[0] in ("mkdir", "cd") or "domain=eccentric_ring" in words or "history" in "".join(words):
            continue  # the last two have tests elsewhere and take their time
        assert call or words[0] == "python", words
        program = [re.sub(r"^\S*(scripts/\w+\.py)$", rf"{ROOT}/\1", word) for word in words[1:]]
        arguments = ["-m", "pinn", *call] if call else program
        more = few if call[:1] == ["train"] else []
        result = subprocess.run([sys.executable, *arguments, *more], capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr
    assert (at_work / "ring" / "comparison.png").is_file()
    run_programs(page, at_work, capsys, "after")


@pytest.mark.parametrize(
    "path", [pytest.param(p, marks=[pytest.mark.slow] if p.stem in LONG else [], id=p.stem) for p in NOTEBOOKS]
)
def test_notebooks_run(path: Path, at_work: Path) -> None:
    runpy.run_path(str(path), run_name="__main__")


def test_there_are_pages_programs_and_notebooks() -> None:
    assert len(PAGES) >= 16
    assert len(WITH_PROGRAMS) >= 4
    assert len(NOTEBOOKS) == 3
    assert sum(len(training(page)) for page in PAGES) >= 30


def test_the_jobs_are_shown_as_they_are() -> None:
    """The page of the five jobs has the scripts and files of examples/; of the measurements the first lines."""
    page = (DOCS / "jobs.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "examples").rglob("*.*")):
        text = path.read_text(encoding="utf-8").rstrip()
        if path.suffix == ".sh":
            text = "\n".join(line for line in text.splitlines() if not line.startswith("#") and line != "set -e")
        if path.name == "measured.csv":
            text = "\n".join(text.splitlines()[:9])
        assert f"\n{text}\n```" in page, path
