"""Typesets the formulas of the documentation as MathML when the site is built, so that pages need no script and no network.

In the text a formula stands between dollars, $-\\Delta u = f$, or as a block between double ones, as GitHub shows it, too.
`pymdownx.arithmatex` finds it, this hook of MkDocs replaces it.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', flags=re.S)
_NAMED = re.compile(r"<mi>(sin|cos|tan|tanh|exp|log|ln)</mi>(?!<mo stretchy=\"false\">&#x00028;)")


def on_page_content(content: str, **kwargs: Any) -> str:
    """The page with each formula as MathML."""
    return _FORMULA.sub(lambda match: mathml(html.unescape(match[2]), block=match[1] == "div"), content)


def mathml(tex: str, block: bool = False) -> str:
    """A formula of TeX as MathML."""
    tex = tex.strip().replace("{aligned}", "{align*}")  # the inner environment is not known to the converter
    formula = convert(tex, display="block" if block else "inline")
    return _NAMED.sub(r'<mi>\1</mi><mspace width="0.17em"/>', formula)
