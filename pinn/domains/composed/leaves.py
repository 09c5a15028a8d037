"""A domain that is combined of others, as a list of those that are not: one pass over them serves a point of any."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.typing import Points


@dataclass(frozen=True)
class Leaf:
    """A domain at the end of a tree of unions, intersections and differences.

    `path` are the names of the parts on the way to it. The whole lies on its `inside`, or outside of it if it is cut
    out.
    """

    domain: Domain
    path: tuple[str, ...]
    inside: bool


@dataclass(frozen=True)
class Leaves:
    """All of them, in order. Where several boundaries run together the first one speaks for all."""

    all: Sequence[Leaf]

    @property
    def sample_dim(self) -> int:
        """How many uniform numbers a point of one of their boundaries takes."""
        return 1 + max(leaf.domain.boundary_sample_dim for leaf in self.all)

    @property
    def measure(self) -> float:
        """That of all boundaries together."""
        return sum(leaf.domain.boundary_measure for leaf in self.all)

    def boundary(self, u: Tensor) -> tuple[Points, Tensor, Tensor]:
        """Points uniform on all boundaries, their normals, and the number of the leaf that each is of."""
        ends = torch.tensor([leaf.domain.boundary_measure for leaf in self.all], dtype=torch.float64).cumsum(0).to(u)
        number = torch.bucketize(u[:, 0] * ends[-1], ends, right=True).clamp(max=len(self.all) - 1)
        d = self.all[0].domain.dim
        x, normal = u.new_full((len(u), d), torch.nan), u.new_zeros(len(u), d)
        for k, leaf in enumerate(self.all):
            mine = number == k
            if bool(mine.any()):
                x[mine], normal[mine] = leaf.domain.boundary(u[mine, 1 : 1 + leaf.domain.boundary_sample_dim])
        return x, normal, number

    def owner(self, x: Points, step: Tensor) -> Tensor:
        """The first leaf whose boundary lies between x − step and x + step; their number if there is none."""
        found = torch.full_like(x[:, 0], len(self.all), dtype=torch.long)
        for k, leaf in reversed([*enumerate(self.all)]):
            found[leaf.domain.contains(x + step) != leaf.domain.contains(x - step)] = k
        return found

    def named(self, tag: str) -> tuple[list[int], str]:
        """The leaves of a part, and the name within it: first.second.left is `left` of the leaf at (first, second)."""
        words = tag.split(".")
        for k in range(len(words), 0, -1):
            found = [n for n, leaf in enumerate(self.all) if leaf.path[:k] == tuple(words[:k])]
            if found:
                return found, ".".join(words[k:])
        raise ValueError(f"There is no part {tag!r}.")


def conjunction(a: Tensor, b: Tensor) -> Tensor:
    """Positive where both are (Rvachev 1982)."""
    return a + b - torch.sqrt(a**2 + b**2)


def disjunction(a: Tensor, b: Tensor) -> Tensor:
    """Positive where one of both is."""
    return a + b + torch.sqrt(a**2 + b**2)
