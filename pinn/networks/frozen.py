"""A linear combination of frozen features."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from pinn.networks.features import Family, FeatureMap, Joined, RandomSines, Space
from pinn.networks.features.family import Chart
from pinn.networks.layers import Bounds, check


class FrozenFeatures(nn.Module):
    """u_i(x) = Σ_k c_ik φ_k(x): fixed functions φ of some `features`, and weights c that are all there is to find.

    In substance a linear space and no trained network: for `LeastSquares`, which solves for c by Newton's method.
    `features` are families by name, or in a sequence, whose functions are joined; by default `width` random sines.
    `inputs`, `outputs` and `bounds` are as for `MLP`; `chart` says which inputs hold a periodic coordinate (`Space`).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        features: Mapping[str, Family] | Sequence[Family] | None = None,
        width: int = 400,
        bounds: Bounds | None = None,
        chart: Chart | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check("FrozenFeatures", inputs=inputs, outputs=outputs, width=width)
        self.features = draw(features or (RandomSines(width),), inputs, bounds, chart, generator)
        self.outputs = outputs
        self.layer = nn.Linear(self.features.width, outputs or 1, bias=False)
        nn.init.zeros_(self.layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer(self.features(x))
        return y[..., 0] if self.outputs is None else y


def draw(
    families: Mapping[str, Family] | Sequence[Family],
    inputs: int,
    bounds: Bounds | None,
    chart: Chart | None,
    generator: torch.Generator | None,
) -> FeatureMap:
    """The functions of all families. Raises ValueError without any, and for bounds that do not fit the inputs."""
    recipes = list(families.values()) if isinstance(families, Mapping) else list(families)
    if not recipes:
        raise ValueError("Frozen features need a family of functions at least.")
    lower, upper = bounds if bounds is not None else ([-1.0] * inputs, [1.0] * inputs)
    if not len(lower) == len(upper) == inputs:
        raise ValueError(f"A network of {inputs} inputs needs as many bounds, got {len(lower)} and {len(upper)}.")
    space = Space(lower, upper, chart)
    maps = [recipe.draw(space, generator) for recipe in recipes]
    return maps[0] if len(maps) == 1 else Joined(maps)
