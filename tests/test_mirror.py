"""The tests mirror the package: what tests pinn/X/Y.py is tests/X/test_Y.py."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ACROSS = {"contracts", "cuda", "fuzzing"}
"""Folders of tests that hold for everything of a kind, or go through several packages."""
FOLDERS = sorted(
    path.relative_to(ROOT / "tests")
    for path in (ROOT / "tests").rglob("*")
    if path.is_dir() and path.name != "__pycache__" and path.relative_to(ROOT / "tests").parts[0] not in ACROSS
)
MODULES = [path for top in ("pinn", "benchmarks") for path in (ROOT / top).rglob("*.py") if path.stem != "__init__"]


def mirrored(folder: Path) -> Path:
    """The package that a folder of tests is for."""
    return ROOT / folder if folder.parts[:1] == ("benchmarks",) else ROOT / "pinn" / folder


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_folder_of_tests_has_its_package(folder: Path) -> None:
    assert list(mirrored(folder).glob("*.py")), f"{mirrored(folder)} is not a package"
    assert list((ROOT / "tests" / folder).rglob("test_*.py")), f"tests/{folder} has no tests"


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_test_named_after_a_module_stands_where_it_stands(folder: Path) -> None:
    """A test may also be named after its folder, or what several modules do together, but not after one elsewhere."""
    for path in (ROOT / "tests" / folder).glob("test_*.py"):
        name = path.stem.removeprefix("test_")
        homes = [module.parent for module in MODULES if module.stem == name]
        assert not homes or name == folder.name or mirrored(folder) in homes, f"{path} is of {homes[0]}"


def test_every_package_of_tests_is_seen() -> None:
    assert {Path("operators/jet/rules"), Path("benchmarks"), Path("cli")} <= set(FOLDERS)
    assert {path.name for path in (ROOT / "tests").iterdir()} >= ACROSS
