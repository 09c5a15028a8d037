"""The documentation's code runs as it stands, its commands compose, and its reference names everything public.

Python blocks of a page are one program, in order. A line `<!-- test: … -->` before a block says otherwise: `skip`,
`after` the commands of the tutorial, `output` for what the block before it prints, `refused` for a command that
ends in an error.
"""

import importlib
import importlib.util
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

from pinn.cli import train as script
from pinn.pdes import PDE
from pinn.runs.instantiate import build
from pinn.runs.run import build_network

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))
LONG = {"forward", "inverse"}
PACKAGES = ["operators", "domains", "networks", "pdes", "optimizers", "samplers", "weighting"]
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
    found = []
    for mark, language, info, code in _BLOCK.findall(page.read_text(encoding="utf-8")):
        file = re.search(r"(?:title|file)=\"?([\w./]+)", info)
        mark = "skip" if "notest" in info else mark
        found.append(Block(page, language, code, mark, file.group(1) if file else ""))
    return found


def commands(page: Path, mark: str = "") -> list[list[str]]:
    """The commands of a page's bash blocks with that mark, each as its words."""
    found = []
    for block in blocks(page):
        if block.language == "bash" and block.mark == mark:
            for line in block.code.replace("\\\n", " ").splitlines():
                words = [*shlex.split(line, comments=True), "&&"]
                while "&&" in words:
                    end = words.index("&&")
                    found += [words[:end]] if end else []
                    words = words[end + 1 :]
    return found


def training(page: Path, mark: str = "") -> list[list[str]]:
    """What is handed to train.py."""
    found = []
    for words in commands(page, mark):
        for k, word in enumerate(words):
            if word.endswith("scripts/train.py"):
                found.append(words[k + 1 :])
    return found


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
            pde = build(config["pde"], "pde")
            assert isinstance(pde, PDE)
            for group in ("vjp", "optimizer", "sampler", "weighting"):
                build(config[group], group)
            if config["windows"] == 1:
                build_network(config["network"], pde, torch.Generator())
            assert config["dtype"] in ("float32", "float64")


@pytest.mark.parametrize("page", [page for page in PAGES if training(page, "refused")], ids=name)
def test_what_is_shown_as_refused_is(page: Path, at_work: Path) -> None:
    save_files(page, at_work)
    text = page.read_text(encoding="utf-8")
    for arguments in training(page, "refused"):
        for overrides in jobs(arguments, at_work):
            with pytest.raises(ValueError) as caught:  # noqa: PT012
                config = composed(tuple(overrides))
                build(config["pde"], "pde").conditions()
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
            words.append(word)
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
    return values if parsed.get_key_element() in script.GROUPS else values[:1]


@lru_cache
def composed(overrides: tuple[str, ...]) -> dict[str, Any]:
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = compose("train", list(overrides))
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=name)
def test_scripts_exist(page: Path) -> None:
    for words in commands(page):
        for word in words:
            if found := re.search(r"scripts/\w+\.py$", word):
                assert (ROOT / found.group()).is_file(), word


@pytest.mark.slow
def test_the_tutorial_from_its_first_command_to_its_last(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = DOCS / "tutorial.md"
    save_files(page, at_work)
    few = ["steps=2", "network.width=4", "sampler.interior=50", "sampler.boundary=20"]
    for program, *arguments in commands(page):
        if program in ("mkdir", "cd") or "domain=eccentric_ring" in arguments or "plot_h" in "".join(arguments):
            continue  # the last two have tests elsewhere and take their time
        assert program == "python", program
        arguments = [re.sub(r"^\S*(scripts/\w+\.py)$", rf"{ROOT}/\1", word) for word in arguments]
        more = few if arguments[0].endswith("train.py") else []
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


@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_names_everything_public(package: str) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "api").glob("*.md"))
    shown = set(re.findall(r"^::: \S*\.(\w+)$", text, flags=re.M))
    assert set(importlib.import_module(f"pinn.{package}").__all__) <= shown


def test_docstrings_are_shown_as_they_are_written() -> None:
    spec = importlib.util.spec_from_file_location("docstrings", DOCS / "docstrings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shown = module.markdown("Shape (*m, d), `x*y` and a < b.\n\n    y = a*b\n\n>>> 1 + 1\n2")
    assert shown == "Shape (\\*m, d), `x*y` and a &lt; b.\n\n    y = a*b\n\n```pycon\n>>> 1 + 1\n2\n```"
