"""Names for the shapes that the library speaks of.

Letters used everywhere: `N` points, `d` space-time dimension, `m` components, `P` parameters, `M` residuals.
"""

from collections.abc import Callable, Mapping
from typing import Annotated

from torch import Tensor

Field = Callable[[Tensor], Tensor]
"""A function of one point: x of shape (d,) to u(x) of shape () or (m,)."""

Points = Tensor
"""Many points, shape (N, d)."""

Params = Mapping[str, Tensor]
"""Parameters by name: network weights, and the unknown coefficients of an inverse problem."""

DATA = "a file of data"
DataFile = Annotated[str, DATA]
"""The name of a file of data: a run keeps a copy of it in its folder, and reads no other."""

FORMULA = "a formula, or a file of its values"
FormulaText = Annotated[str, FORMULA]
"""A formula typed as text, or the name of a file with a table of its values (`names_table`)."""

Draw = Callable[[int, int], Tensor]
"""A source of numbers uniform on [0, 1): `draw(n, k)` has shape (n, k)."""


def names_table(text: object) -> bool:
    """Whether a text is the name of a table in a file, and no formula."""
    return isinstance(text, str) and text.strip().lower().endswith((".csv", ".npz"))
