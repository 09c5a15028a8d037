"""Shows docstrings as they are written: plain text with indented formulas and doctests, not Markdown."""

import re
from typing import Any

import griffe

_CODE_SPAN = re.compile(r"(`[^`]*`)")


class PlainText(griffe.Extension):
    """Turns each docstring into Markdown that looks like it."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """Doctests in fences, and no emphasis from a star: `(*m, d)` is a shape."""
    return "\n\n".join(_paragraph(part) for part in re.split(r"\n{2,}", text))


def _paragraph(text: str) -> str:
    if text.startswith(">>>"):
        return f"```pycon\n{text}\n```"
    if text.startswith("    "):
        return text
    spans = _CODE_SPAN.split(text)
    return "".join(span if k % 2 else span.replace("*", r"\*").replace("<", "&lt;") for k, span in enumerate(spans))
