"""The scales of a problem in the recipes and figures of a run."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from pinn.pdes import PDE, TimeWindowed, scales_of
from pinn.runs.instantiate import TARGET, build
from pinn.trust.scales import scaled

_SCALED = "pinn.pdes.Scaled"


def with_scales(pde: PDE, scale: Any, dtype: torch.dtype) -> PDE:
    """A problem with the scales that the key `scale` asks for.

    These are auto, null for none, the size of u in its own unit, one number or one for each component, or what a run
    has stored (`stored_scale`). Raises ValueError for anything else.
    """
    if scale is None:
        return pde
    if scale == "auto":
        return scaled(pde, dtype=dtype)
    if isinstance(scale, Mapping):
        return _with_stored(pde, scale)
    sizes = scale if isinstance(scale, Sequence) and not isinstance(scale, str) else [scale]
    if not all(isinstance(size, (int, float)) and not isinstance(size, bool) for size in sizes):
        raise ValueError(
            f"scale={scale} is not valid: expected auto, null for no scales, or the size of u in its own unit, one "
            "number or one for each component."
        )
    return scaled(pde, [float(size) for size in sizes], dtype=dtype)


def stored_scale(pde: PDE) -> dict[str, Any] | None:
    """The scales of a problem as plain numbers; None if it has none."""
    scales = scales_of(pde)
    if scales is None:
        return None
    rows = {name: [*row] for name, row in scales.rows.items()}
    return {"size": [*scales.size], "offset": [*scales.offset], "rows": rows}


def _with_stored(pde: PDE, scale: Mapping[str, Any]) -> PDE:
    if isinstance(pde, TimeWindowed):
        return dataclasses.replace(pde, pde=_with_stored(pde.pde, scale))
    recipe = {TARGET: _SCALED, **scale}
    return build(recipe, "scale", pde=pde)


def in_words(pde: PDE) -> str:
    """The scales of a problem in a line of the log; empty if it has none."""
    scales = scales_of(pde)
    if scales is None:
        return ""
    sizes = ", ".join(
        f"{size:.3g}" + (f" about {offset:.3g}" if offset else "")
        for size, offset in zip(scales.size, scales.offset, strict=True)
    )
    rows = "; ".join(f"{name} {', '.join(f'{row:.3g}' for row in rows)}" for name, rows in scales.rows.items())
    return f"scales, found from data and equation: network {sizes}; residuals {rows}"
