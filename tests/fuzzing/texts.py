"""Texts that may or may not be formulas, as strategies of hypothesis."""

from hypothesis import strategies as st

VALID = (
    "dt(u) + u*dx(u) = nu*dx(dx(u))",
    "-laplacian(u) = 2*pi**2*sin(pi*x)*cos(pi*y)",
    "dt(dt(u)) - c**2*lap(u) + u**3 = exp(-t)*(1 + x**2)/(2 + cos(y))",
    "div((1 + x**2)*grad(u)) - dot(grad(u), grad(v)) = sqrt(1 + v**2)",
    "laplacian(laplacian(u)) + abs(v) - tanh(u)*sinh(x)/cosh(x) = log(2 + x**2)",
    "dx(dx(dx(dx(u)))) + 6*u*dx(u) - sign(x)*tan(x) = 1.5e-3*x1 + .5*x2",
    "div([u*v, dx(u) - v]) + e**(-x**2) = k*((u - v)*(u + v))",
    "2**x/(1 + u)",
    "dx(where(x < 0.5 and not y >= 1, 1, 3)*dx(u)) = max(u, v, 0)*min(x, 1) - heaviside(x - t)*(0 < y <= 1 or u > v)",
)
WORDS = (
    *"""
    + - * / ** ( ) [ ] , = . e pi t x y z x1 x4 u v nu k c w 0 1 2 -1 0.5 .5 1. 1e300 1e-300 1e308 1e999 9 99999999
    100 101 9**9**9
    sin( cos( tan( exp( log( sqrt( abs( sign( tanh( sinh( cosh( dt( dx( dy( dz( lap( laplacian( grad( div( dot(
    where( min( max( heaviside( <= >= and or
    ^ ² π ∂ ∇ é _ __import__ lambda if not x.real 0x1 0x1F 1_000 1j # \\ " ' ; : @ ! % & | ~ < > { } //
    ٣ ｘ 😀 None True f(*a) u.__class__
    """.split(),  # noqa: SIM905
    *("import os", " ", "\t", "\n", "\x00", "\u202e", "\ud800"),
)
_WRAPPED = ("(%", "-%", "(%)", "sin(%)", "dx(%)", "lap(%)", "grad(%)", "9**%", "%**9", "u*(%)", "1/(%)")
_OPENINGS = ("(", "-", "[", "sin(", "dx(", "lap(", "1+", "u*", "2**", "(u+1)*", "tan(x)*")

character = st.characters() | st.characters(categories=["Cs"])
_place = st.integers(0, 80)


def _cut(text: str, start: int, length: int, new: str) -> str:
    """`new` in the place of some characters; places run around."""
    start %= len(text) + 1
    return text[:start] + new + text[start + length :]


def _doubled(text: str, start: int, length: int) -> str:
    start %= len(text) + 1
    return text[: start + length] + text[start:]


def _wrapped(text: str, start: int, length: int, opening: str) -> str:
    start %= len(text) + 1
    return text[:start] + opening + text[start : start + length] + ")" + text[start + length :]


def _edit(text: str, edit: tuple) -> str:
    change, *arguments = edit
    return change(text, *arguments)


_new = st.sampled_from(WORDS)
_piece = st.tuples(st.sampled_from(VALID), _place).map(lambda p: p[0][p[1] % len(p[0]) :][:12])
_edits = st.one_of(
    st.tuples(st.just(_cut), _place, st.just(0), _new),
    st.tuples(st.just(_cut), _place, st.integers(1, 3), st.just("") | _new),
    st.tuples(st.just(_cut), _place, st.just(1), character),
    st.tuples(st.just(_cut), _place, _place, _piece),
    st.tuples(st.just(_doubled), _place, _place),
    st.tuples(st.just(_wrapped), _place, _place, st.sampled_from(("lap(", "dx(", "dt(", "grad(", "sin(", "("))),
)


def _edited(text: str, edits: list[tuple]) -> str:
    for edit in edits:
        text = _edit(text, edit)
    return text


def _nested(start: str, wraps: list[str]) -> str:
    text = start
    for wrap in wraps:
        text = wrap.replace("%", text) if len(text) < 5000 else text
    return text


def _deep(opening: str, times: int, closed: bool) -> str:
    return opening * times + "u" + ")" * (times if closed and "(" in opening else 0)


valid = st.sampled_from(VALID)
edited_once = st.builds(_edited, valid, st.lists(_edits, max_size=1))
edited_often = st.builds(_edited, valid, st.lists(_edits, min_size=2, max_size=5))
of_words = st.builds(str.join, st.sampled_from(("", " ")), st.lists(_new, min_size=1, max_size=20))
nested = st.builds(
    _nested, st.sampled_from(("u", "x", "9", "1 1", "u*v")), st.lists(st.sampled_from(_WRAPPED), max_size=40)
)
deep = st.builds(_deep, st.sampled_from(_OPENINGS), st.sampled_from((5, 20, 39, 40, 41, 100, 5000)), st.booleans())

texts = st.one_of(edited_once, edited_often, of_words, nested, deep, st.text(character, max_size=60))
"""Valid formulas with some changes, words at random, formulas in formulas, something deep or long, any characters."""
