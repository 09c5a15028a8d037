"""The solution of the viscous Burgers equation by quadrature."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class ColeHopf:
    """u_t + uu_x = νu_xx with u(0, x) = −sin πx, at (t, x) (Hopf 1950; Cole 1951; Basdevant et al. 1986):

        u(t, x) = −∫ sin π(x − η) f(x − η) e^{−η²/4νt} dη / ∫ f(x − η) e^{−η²/4νt} dη,   f(y) = exp(−cos πy / 2πν).

    The integrals are sums over `nodes` of Gauss–Hermite in z = η/√(4νt); the largest exponent is taken out. Raises
    ValueError unless viscosity > 0 and nodes >= 1.
    """

    viscosity: float = 0.01 / math.pi
    nodes: int = 100

    def __post_init__(self) -> None:
        if isinstance(self.viscosity, float) and not self.viscosity > 0:
            raise ValueError(f"ColeHopf needs viscosity > 0, got viscosity={self.viscosity}.")
        if self.nodes < 1:
            raise ValueError(f"ColeHopf needs nodes >= 1, got nodes={self.nodes}.")

    @property
    def error(self) -> float:
        """The relative L2 difference to twice as many nodes, over [0, 1] × [−1, 1]."""
        return _self_convergence(self)

    def __call__(self, x: Tensor) -> Tensor:
        z, weights = (torch.from_numpy(array).to(x) for array in _gauss_hermite(self.nodes))
        # √ has no derivative at t = 0, where the value is −sin πx whatever the square root is.
        started = x[..., 0] > 0
        time = torch.where(started, x[..., 0], 1.0)
        y = x[..., 1] - torch.sqrt(4 * self.viscosity * time) * z if x.dim() == 1 else self._shifted(x, time, z)
        exponent = -torch.cos(math.pi * y) / (2 * math.pi * self.viscosity)
        factor = weights * torch.exp(exponent - exponent.detach().amax(-1, keepdim=True))
        value = -(factor * torch.sin(math.pi * y)).sum(-1) / factor.sum(-1)
        return torch.where(started, value, -torch.sin(math.pi * x[..., 1]))

    def _shifted(self, x: Tensor, time: Tensor, z: Tensor) -> Tensor:
        return x[..., 1, None] - torch.sqrt(4 * self.viscosity * time)[..., None] * z


@lru_cache(maxsize=8)
def _gauss_hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.hermite.hermgauss(nodes)


@lru_cache(maxsize=8)
def _self_convergence(coarse: ColeHopf) -> float:
    t, x = torch.linspace(0, 1, 41, dtype=torch.float64), torch.linspace(-1, 1, 201, dtype=torch.float64)
    points = torch.cartesian_prod(t, x)
    fine = ColeHopf(coarse.viscosity, 2 * coarse.nodes)(points)
    return float((coarse(points) - fine).norm() / fine.norm())
