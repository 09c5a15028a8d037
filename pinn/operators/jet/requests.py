"""What an operator may ask of a propagation: partial derivatives, and sums of them that are carried as one stream."""

from dataclasses import dataclass

from pinn.operators.strategies.base import MultiIndex


@dataclass(frozen=True)
class Laplacian:
    """A request for Σ ∂²/∂x_a² over `axes`, carried as one stream."""

    axes: tuple[int, ...]


@dataclass(frozen=True)
class Biharmonic:
    """A request for Δ² over `axes`, carried as one stream of fourth order."""

    axes: tuple[int, ...]


Request = MultiIndex | Laplacian | Biharmonic
