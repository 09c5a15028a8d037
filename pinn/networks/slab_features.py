"""Frozen features in space with weights that are polynomials in time, slab by slab."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pinn.networks.features import Family, RandomSines
from pinn.networks.features.family import Chart
from pinn.networks.frozen import draw
from pinn.networks.layers import Bounds


class SlabFeatures(nn.Module):
    """u_i(t, x) = Σ_k c_ik(t) φ_k(x), with c a polynomial of degree `degree` in each slab of time: for `Slabs`.

    `weight` has the coefficients of c in Legendre polynomials, shape (slabs, degree + 1, m, K), `times` the ends of the
    slabs, `edges` those of subdomains of space, if the features have such. How many slabs and subdomains there are is
    found as the equation is solved; after the last of them the field stays as it is. Time is the first input; the other
    arguments are those of `FrozenFeatures`. Raises ValueError for a degree below 2.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        features: Mapping[str, Family] | Sequence[Family] | None = None,
        width: int = 400,
        degree: int = 8,
        bounds: Bounds | None = None,
        chart: Chart | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if degree < 2:
            raise ValueError(f"SlabFeatures needs degree >= 2, got degree={degree}.")
        if inputs < 2 or (chart is not None and tuple(chart[0]) != (0,)):
            raise ValueError("SlabFeatures needs time as its first input, and space: a TimeDomain.")
        lower, upper = bounds if bounds is not None else ([-1.0] * inputs, [1.0] * inputs)
        space = None if chart is None else [[column - 1 for column in axis] for axis in chart[1:]]
        families = features or (RandomSines(width),)
        self.features = draw(families, inputs - 1, (lower[1:], upper[1:]), space, generator)
        self.degree, self.outputs = degree, outputs
        self.periodic = tuple(len(axis) == 2 for axis in space or [[k] for k in range(inputs - 1)])
        self.edges = nn.ParameterList(_fixed(edges.clone()) for edges in self.features.edges)
        self.times = _fixed(torch.tensor([lower[0], upper[0]], dtype=torch.float64))
        self.register_load_state_dict_pre_hook(self._adopt_sizes)
        self.weight = _fixed(torch.zeros(1, degree + 1, outputs or 1, self.features.width, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        phi = self.features(x[..., 1:], list(self.edges) or None)
        slabs, terms, m, width = self.weight.shape
        values = nn.functional.linear(phi, self.weight.reshape(-1, width))
        values = values.reshape(*values.shape[:-1], slabs, terms, m)
        t, starts, ends = x[..., :1], self.times[:-1], self.times[1:]
        index = torch.arange(slabs, device=self.times.device)
        inside = ((t >= starts) | (index == 0)) & ((t < ends) | (index == slabs - 1))
        z = torch.where(inside, 2 * (t - starts) / (ends - starts) - 1, 0.0)
        z = torch.where(z > 1, 1.0, z)
        polynomials = [torch.where(inside, 1.0, 0 * z)]
        polynomials.append(polynomials[0] * z)
        for k in range(1, terms - 1):
            polynomials.append(((2 * k + 1) * z * polynomials[k] - k * polynomials[k - 1]) / (k + 1))
        y = (values * torch.stack(polynomials, -1)[..., None]).sum(-2).sum(-2)
        return y[..., 0] if self.outputs is None else y

    def _adopt_sizes(self, module: nn.Module, state_dict: Mapping[str, Any], prefix: str, *_: Any) -> None:
        """A state may have other numbers of slabs and subdomains: it says how many."""
        for name in ("times", "weight"):
            self._adopt(self, name, state_dict.get(prefix + name))
        for k in range(len(self.edges)):
            self._adopt(self.edges, str(k), state_dict.get(f"{prefix}edges.{k}"))

    @staticmethod
    def _adopt(module: nn.Module, name: str, value: Any) -> None:
        own = module.get_parameter(name)
        if isinstance(value, Tensor) and value.dim() == own.dim() and value.shape != own.shape:
            setattr(module, name, _fixed(own.new_zeros(value.shape)))


def _fixed(value: Tensor) -> nn.Parameter:
    """A part of the field that `Slabs` finds, and no gradient does."""
    return nn.Parameter(value)
