"""Points at which a problem is looked at before and after training."""

import torch
from torch import Tensor

from pinn.domains import Domain, Interior
from pinn.typing import Points


def points_within(domain: Domain, n: int, like: Tensor, seed: int = 0) -> Points:
    """n uniform points of the domain, the same for the same seed, in the dtype and on the device of `like`."""
    generator = torch.Generator().manual_seed(seed)
    sample = Interior(domain).sample(n, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64))
    return sample[0].to(like)
