"""The layers: what stands left may not import what stands right."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"typing", "fingerprint", "guard", "stopping", "provenance", "ranks", "tracking"},
    {"operators"},
    {"domains", "expressions", "networks", "references"},
    {"pdes"},
    {"compiled", "evaluation", "layered"},
    {"energies", "jacobian"},
    {"objective"},
    {"samplers", "optimizers"},
    {"weighting"},
    {"collocation", "evaluate", "export", "faults", "uncertainty"},
    {"step"},
    {"checkpoint"},
    {"metrics"},
    {"train"},
    {"marching"},
    {"recipe"},
    {"run"},
    {"__init__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FILES = sorted((ROOT / "pinn").rglob("*.py"))


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
            names = [f"pinn.{alias.name}" for alias in node.names] if node.module == "pinn" else [str(node.module)]
            found += names
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_layer_imports_only_what_stands_left(path: Path) -> None:
    own = layer(path)
    assert own in RANK, f"name the layer of {own} in this test"
    for module in imports(path):
        if module.split(".")[0] == "pinn":
            other = module.split(".")[1]
            assert other == own or RANK[other] < RANK[own], f"{path} imports {module}"


def test_operators_import_torch_alone() -> None:
    allowed = {*sys.stdlib_module_names, "torch"}
    for path in FILES:
        if layer(path) == "operators":
            for module in imports(path):
                assert module.split(".")[0] in allowed or module.startswith(("pinn.operators", "pinn.typing")), module


def test_the_library_knows_neither_hydra_nor_matplotlib() -> None:
    foreign = {"hydra", "omegaconf", "matplotlib", "rich", "plotly", "mlflow", "tensorboard", "torch.utils.tensorboard"}
    for path in FILES:
        for module in imports(path):
            assert not {module, module.split(".")[0]} & foreign, f"{path} imports {module}"


def test_import_pinn_loads_neither_hydra_nor_matplotlib() -> None:
    program = "import sys, pinn; print(sorted({'hydra', 'omegaconf', 'matplotlib', 'rich'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_only_train_knows_hydra() -> None:
    for path in sorted((ROOT / "scripts").glob("*.py")):
        known = any(module.split(".")[0] in {"hydra", "omegaconf"} for module in imports(path))
        assert known == (path.name == "train.py"), path
