"""What a report says of the problem: the equation as it was typed, typeset, with its conditions and coefficients."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pinn.report.formula import typeset
from pinn.runs import Run
from pinn.runs.configs import config_folder

_DATA = {
    "initial": ("at the first instant", "{}"),
    "initial_velocity": ("at the first instant", "dt({})"),
    "boundary": ("on the boundary", "{}"),
    "flux": ("on the boundary", "dn({})"),
    "boundary_equation": ("on the boundary", "{}"),
}
"""By the key: where it holds, and what is prescribed of a field."""


def description(run: Run) -> list[tuple[str, list[Markup]]]:
    """Headings with formulas, of which one of a problem that is not typed is its sentence in the configuration."""
    recipe = typed_recipe(run.config.get("pde"))
    if recipe is None:
        return [("", [Markup("{}").format(_sentence(run))])]
    fields = [str(name) for name in recipe.get("fields") or ["u"]]
    equations = recipe.get("equation")
    shown = [("Equation", [typeset(text) for text in _texts(equations)])] if equations else []
    for name, (words, of_field) in _DATA.items():
        for where, text in _by_part(recipe.get(name), [of_field.format(field) for field in fields]):
            shown.append((f"{words}{where}", [typeset(text)]))
    coefficients = recipe.get("coefficients") or {}
    if coefficients:
        shown.append(("with", [typeset(f"{name} = {value}") for name, value in coefficients.items()]))
    if recipe.get("exact"):
        shown.append(("Solution, made up", [typeset(text) for text in _named(recipe["exact"], fields)]))
    return shown


def typed_recipe(recipe: Any) -> Mapping[str, Any] | None:
    """The recipe of a problem typed as text, in whatever it stands; None if there is none."""
    if not isinstance(recipe, Mapping):
        return None
    if str(recipe.get("_target_", "")).endswith(".Expression"):
        return recipe
    return typed_recipe(recipe.get("pde"))


def _by_part(given: Any, fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where a condition holds, and the formula."""
    if isinstance(given, Mapping):
        for part, text in given.items():
            for one in _named(text, fields):
                yield f" ({part})", one
    elif given is not None:
        for one in _named(given, fields):
            yield "", one


def _named(texts: Any, fields: Sequence[str]) -> list[str]:
    """Values as equations, name = value, where the text is none itself."""
    pairs = zip(fields, _texts(texts), strict=False)
    return [text if "=" in text else f"{name} = {text}" for name, text in pairs if text not in ("None", "[]")]


def _texts(given: Any) -> list[str]:
    return [str(text) for text in given] if isinstance(given, (list, tuple)) else [str(given)]


def _sentence(run: Run) -> str:
    """The first line of the problem's configuration, or of what its class says of itself."""
    file = config_folder() / "pde" / f"{run.summary.get('pde')}.yaml"
    text = file.read_text(encoding="utf-8") if file.is_file() else type(run.pde).__doc__
    return next(iter((text or "").splitlines()), "").removeprefix("# ").replace("`", "")
