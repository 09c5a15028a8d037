"""What the site makes of its pages: a reference that names everything public, docstrings and formulas as written."""

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PACKAGES = ["operators", "domains", "networks", "pdes", "optimizers", "samplers", "weighting"]


def hook(name: str) -> Any:
    """A module of docs/, which MkDocs loads when the site is built."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_names_everything_public(package: str) -> None:
    """On its pages as they are completed when the site is built."""
    pages = [page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md")]
    completed = "\n".join(map(hook("reference").on_page_markdown, pages))
    shown = set(re.findall(r"^::: \S*\.(\w+)$", completed, flags=re.M))
    assert set(importlib.import_module(f"pinn.{package}").__all__) <= shown


def test_what_no_page_names_is_added_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, page = hook("reference"), "::: pinn.samplers.Sobol\n\n<!-- the rest of pinn.samplers -->\n"
    (tmp_path / "samplers.md").write_text(page, encoding="utf-8")
    monkeypatch.setattr(reference, "PAGES", tmp_path)
    completed = reference.on_page_markdown(page)
    assert completed.count("::: pinn.samplers.Sobol\n") == 1
    assert completed.count("::: pinn.samplers.RAD\n") == 1


def test_docstrings_are_shown_as_they_are_written() -> None:
    shown = hook("docstrings").markdown("Shape (*m, d), `x*y` and a < b.\n\n    y = a*b\n\n>>> 1 + 1\n2")
    assert shown == "Shape (\\*m, d), `x*y` and a &lt; b.\n\n    y = a*b\n\n```pycon\n>>> 1 + 1\n2\n```"


def test_formulas_become_mathml() -> None:
    shown = hook("mathml").on_page_content(r'<p>of <span class="arithmatex">\(-\Delta u = f\)</span>.</p>')
    assert shown.startswith("<p>of <math ")
    assert shown.endswith("</math>.</p>")
    assert "&#x00394;" in shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_formula_can_be_typeset(page: Path) -> None:
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    typeset = hook("mathml").mathml
    for block, inline in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", text, flags=re.S):
        shown = typeset(block or inline, block=bool(block))
        assert "\\" not in shown, f"{block or inline}: not known to the converter"
        assert "<mi>&</mi>" not in shown, f"{block or inline}: an environment that the converter does not know"


def test_the_gallery_shows_every_problem() -> None:
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(gallery/(\w+)\.png\)", page))
    assert shown == {path.stem for path in (DOCS / "gallery").glob("*.png")}
    assert sum(path.stat().st_size for path in (DOCS / "gallery").glob("*.png")) < 3e6
