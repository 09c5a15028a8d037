"""What a user types for one field or several: formulas, in a list or by the names of the fields."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pinn.expressions import Formula, Names
from pinn.expressions.tables import Table
from pinn.pdes.typed.tables import columns_in
from pinn.typing import FormulaText, names_table

TypedText = FormulaText | float
"""What a user types: a formula, or the name of a file with a table of its values."""
TypedTexts = TypedText | Sequence[TypedText | None] | Mapping[str, TypedText]
"""A formula; for several fields a list with one entry for each, None for one that is left free, or some by name."""
TypedByPart = TypedText | Sequence[TypedText | None] | Mapping[str, TypedTexts]
"""The same for the whole boundary, or for parts of it by name."""
Text = str | float | Table
"""The same with tables read (`pinn.pdes.typed.tables`)."""
Texts = Text | Sequence[Text | None] | Mapping[str, Text]
ByPart = Text | Sequence[Text | None] | Mapping[str, Texts]
_ONE = (str, int, float, Table)


def entries_of(name: str, texts: Any, fields: Sequence[str], *, free: bool = False) -> dict[int, Text]:
    """The texts of `pde.name` by the number of the field. With `free` there may be none for some.

    Raises ValueError unless there is one entry for each field, or each entry has the name of one.
    """
    known = ", ".join(fields)
    if isinstance(texts, Mapping):
        if wrong := [key for key in texts if key not in fields]:
            raise ValueError(f"pde.{name} speaks of {wrong[0]!r}, which is no field; they are {known}.")
        given = [texts.get(field) for field in fields]
    else:
        given = [texts] if isinstance(texts, _ONE) else list(texts)
    if len(given) != len(fields):
        raise ValueError(
            f"pde.{name} has {len(given)} expressions for {len(fields)} fields ({known}): give one for each"
            + (", null for a field that is left free." if free else ".")
        )
    chosen = {k: entry for k, entry in enumerate(given) if entry is not None}
    if not chosen or (not free and len(chosen) < len(given)):
        raise ValueError(f"pde.{name} needs an expression for {'one of' if free else 'each of'} the fields {known}.")
    return chosen


def typed_field(
    name: str, texts: Texts, names: Names, *, free: bool = False, still: bool = False, more: int = 0
) -> tuple[Formula, tuple[int, ...] | None]:
    """The prescribed field of `pde.name`, and the components that it speaks of, None for all.

    `free` admits fields without a text, `still` no time; `more` components follow of which nothing is said.
    """
    chosen = entries_of(name, texts, names.fields, free=free)
    whole = [chosen.get(k) for k in range(len(names.fields) + more)]
    formula = Formula.of(whole if len(whole) > 1 else whole[0], names.data(still=still), name)
    return formula, None if len(chosen) == len(whole) else tuple(chosen)


def by_part(given: Any, fields: Sequence[str], tags: Sequence[str]) -> dict[str | None, Texts]:
    """What is said of each part of the boundary, None for the whole.

    A mapping is one by parts unless all of its keys are fields and none is a part.
    """
    if not isinstance(given, Mapping):
        return {None: given}
    if given and all(key in fields and key not in tags for key in given):
        return {None: {key: text for key, text in given.items() if isinstance(text, _ONE)}}
    return {**given}


def all_texts(given: object) -> Iterator[str]:
    """All texts within."""
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, Sequence) and not isinstance(given, str):
        for part in given:
            yield from all_texts(part)
    elif isinstance(given, str):
        yield given


def read_texts(given: object) -> Iterator[str]:
    """All formulas within, and the columns of tables."""
    for text in all_texts(given):
        yield ", ".join(columns_in(text)) if names_table(text) else text


def refuse_unused(coefficients: Iterable[str], given: object) -> None:
    """Raise ValueError for a coefficient that stands in no formula: a misspelt one would have no effect."""
    texts = [*all_texts(given)]
    for name in coefficients:
        if not any(re.search(rf"\b{name}\b", text) for text in texts):
            raise ValueError(
                f"No formula uses pde.coefficients.{name}: leave it out, or look at how it is spelt in the others."
            )
