"""Pages from templates, in which every text is escaped that is not marked as HTML."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_ENVIRONMENT = Environment(
    loader=PackageLoader("pinn.report", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **parts: Any) -> str:
    """The page of a template of this folder, such as `page.html.j2`.

    Only what is `markupsafe.Markup` stands in it as HTML.
    """
    return _ENVIRONMENT.get_template(template).render(**parts)


def script(name: str) -> Markup:
    """A script of this folder, as it stands."""
    return Markup((Path(__file__).parent / name).read_text(encoding="utf-8"))
