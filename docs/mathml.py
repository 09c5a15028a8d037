"""Typesets the formulas of the site as MathML when it is built: its pages need neither scripts nor a network.

In the text a formula stands between dollars, $-\\Delta u = f$, or as a block between double ones, as GitHub shows it,
too. `pymdownx.arithmatex` finds it, this hook of MkDocs replaces it.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', flags=re.S)
_SHOWN = [
    (
        r'<mi>(sin|cos|tan|tanh|exp|log|ln)</mi>(?!<mo stretchy="false">&#x00028;)',
        r'<mi>\1</mi><mspace width="0.17em"/>',
    ),
    (r"<mi>(&#x003(?:9[1-9A-F]|A[0-9]);)</mi>", r'<mi mathvariant="normal">\1</mi>'),  # capital Greek is upright in TeX
    (r"<m[oi]>&#x02016;</m[oi]>", '<mo stretchy="false" lspace="0" rspace="0">&#x02016;</mo>'),
    (r"<mo>&#x02202;</mo>", "<mi>&#x02202;</mi>"),  # a letter in TeX, without space around it
    (r"<mo>&#x0002F;</mo>", '<mo lspace="0" rspace="0">/</mo>'),
    # A minus after a relation, a bracket or a comma is a sign.
    (
        r"((?:=|&#x0003D;|&#x02190;|&#x00028;|&#x0002C;)</mo>(?:<mspace[^>]*/>)?)<mo>&#x02212;</mo>",
        r'\1<mo form="prefix">&#x02212;</mo>',
    ),
]
"""What the converter writes, and what browsers show as TeX does."""


def on_page_content(content: str, **kwargs: Any) -> str:
    """The page with each formula as MathML."""
    return _FORMULA.sub(lambda match: mathml(html.unescape(match[2]), block=match[1] == "div"), content)


def mathml(tex: str, block: bool = False) -> str:
    """A formula of TeX as MathML."""
    tex = tex.strip().replace("{aligned}", "{align*}")  # the inner environment is not known to the converter
    formula = convert(tex, display="block" if block else "inline")
    for written, shown in _SHOWN:
        formula = re.sub(written, shown, formula)
    return formula
