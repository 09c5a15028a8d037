"""Completes the reference when the site is built, so that a new class needs no entry in it.

A line `<!-- the rest of PACKAGE -->` on a page of docs/api becomes what PACKAGE exports and no page shows.
"""

import importlib
import re
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent / "api"
_REST = re.compile(r"^<!-- the rest of (\S+) -->$", flags=re.M)
_SHOWN = re.compile(r"^::: \S*\.(\w+)$", flags=re.M)


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """The page with what is missing."""
    return _REST.sub(lambda match: "\n\n".join(_entry(match[1], name) for name in missing(match[1])), markdown)


def missing(package: str) -> list[str]:
    """What a package exports and no page names."""
    shown = {name for page in PAGES.glob("*.md") for name in _SHOWN.findall(page.read_text(encoding="utf-8"))}
    return [name for name in importlib.import_module(package).__all__ if name not in shown]


def _entry(package: str, name: str) -> str:
    return f"::: {package}.{name}\n    options:\n      members: false"
