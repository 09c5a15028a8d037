"""A guard against fitting the points instead of the equation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """Compares the residual at held-out points with that at the points of training, every `every` steps.

    If ‖r‖ held out exceeds `ratio` times ‖r‖ in training, the network has fitted its points: the loss falls and the
    error does not. Then half of the points are drawn again where the residual is large, as `RAD` does, and their number
    grows by `growth`, up to `most` times the first one.
    Two even draws differ by a few per cent, so that a factor of 3 is no accident. A look costs one evaluation of the
    residual, less than half a step of Adam: 2 % of its time with every=25, nothing beside a step that factors the
    Jacobian. Raises ValueError unless every >= 1, ratio > 1, growth >= 1 and most >= 1.
    """

    every: int = 25
    ratio: float = 3.0
    growth: float = 1.5
    most: float = 8.0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"Guard needs every >= 1 steps, got every={self.every}.")
        if not self.ratio > 1:
            raise ValueError(f"Guard needs ratio > 1, got ratio={self.ratio}.")
        for name in ("growth", "most"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"Guard needs {name} >= 1, got {name}={getattr(self, name)}.")

    def fires(self, train: float, heldout: float) -> bool:
        """Whether the two residuals have parted."""
        return heldout > self.ratio * train

    def grown(self, count: int, first: int) -> int:
        """The next number of points."""
        return max(count, min(round(self.growth * count), round(self.most * first)))


@dataclass(frozen=True)
class GuardEvent:
    """What the guard saw at a step, the residuals ‖r‖, and what was done about it."""

    step: int
    train: float
    heldout: float
    action: str

    def __str__(self) -> str:
        return (
            f"step {self.step}: the residual is {self.heldout:.2e} at held-out points, {self.train:.2e} at those of "
            f"training: {self.action}"
        )
