"""The reference of the documentation names everything public, and shows docstrings as they are written."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PACKAGES = ["operators", "domains", "networks", "pdes", "optimizers", "samplers", "weighting"]


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
