"""The layers, by folder: what stands left may not import what stands right."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"typing", "parallel", "optional", "torch_private"},
    {"operators"},
    {"expressions"},
    {"domains", "networks", "references"},
    {"pdes"},
    {"objective"},
    {"samplers", "optimizers"},
    {"weighting"},
    {"trust"},
    {"training"},
    {"runs"},
    {"methods"},
    {"__init__"},
    {"plotting"},
    {"report", "export", "trackers"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FILES = sorted((ROOT / "pinn").rglob("*.py"))
DRAWING = {"plotting", "report", "export", "trackers", "cli", "__main__"}
"""What may import more than torch and numpy."""
MOST_LOOSE = 4
"""Modules at the top of the package, beside `__init__` and `__main__`."""


def layer(path: Path) -> str:
    """The first name below pinn."""
    return path.relative_to(ROOT / "pinn").parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """All modules that a file imports, anywhere in it."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found += [f"pinn.{alias.name}" for alias in node.names] if node.module == "pinn" else [str(node.module)]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_layer_imports_only_what_stands_left(path: Path) -> None:
    own = layer(path)
    assert own in RANK, f"name the layer of {own} in this test"
    for module in imports(path):
        if module.split(".")[0] == "pinn" and module != "pinn":
            other = module.split(".")[1]
            rank = RANK.get(other, RANK["__init__"])  # `from pinn import train` is the package's own face
            assert other == own or rank < RANK[own], f"{path} imports {module}"


def test_no_import_closes_a_circle() -> None:
    """Not even one within a function: every file stands above all that it imports."""
    module = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
    below = {path: {module[name] for name in imports(path) if name in module} - {path} for path in FILES}
    while lowest := [path for path in below if not below[path] & below.keys()]:
        for path in lowest:
            del below[path]
    assert not below, f"these files import each other in a circle, or stand above one: {sorted(map(str, below))}"


def test_few_modules_stand_loose() -> None:
    loose = {path.stem for path in (ROOT / "pinn").glob("*.py")} - {"__init__", "__main__"}
    assert len(loose) <= MOST_LOOSE, loose


def test_operators_import_torch_alone() -> None:
    allowed = {*sys.stdlib_module_names, "torch"}
    own = ("pinn.operators", "pinn.typing", "pinn.torch_private")
    for path in FILES:
        if layer(path) == "operators":
            for module in imports(path):
                assert module.split(".")[0] in allowed or module.startswith(own), module


def test_the_library_imports_torch_and_numpy_alone() -> None:
    """What an extra brings is imported where it is used, by `pinn.optional`."""
    allowed = {*sys.stdlib_module_names, "torch", "numpy", "pinn"}
    for path in FILES:
        if layer(path) not in DRAWING:
            assert {module.split(".")[0] for module in imports(path)} <= allowed, path


def test_import_pinn_loads_neither_hydra_nor_matplotlib_nor_the_compiler() -> None:
    names = "{'hydra', 'omegaconf', 'matplotlib', 'rich', 'torch._inductor'}"
    program = f"import sys, pinn, pinn.operators; print(sorted({names} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_only_the_command_line_knows_hydra() -> None:
    for path in FILES:
        known = any(module.split(".")[0] in {"hydra", "omegaconf"} for module in imports(path))
        assert not known or layer(path) == "cli", path


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda path: path.name)
def test_scripts_are_thin(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 10
    assert "sys.path" not in text
