"""Values built in on one part of the boundary of a combined domain: what its part knows, if it holds for the whole."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains.composed.leaves import Leaf, Leaves
from pinn.domains.domain import Domain
from pinn.typing import Field, Points

_POINTS = 4096
_COMPARED = 2048
_APART = 1e-2
"""How far points of the part and of other boundaries are apart, in sizes of the whole, if they do not touch."""
_LARGEST = 10.0
"""How far an extension may go beyond what it extends."""

HardPart = tuple[Field, Callable[[Field], Field]]


def hard_part_of(whole: Domain, leaves: Leaves, tag: str) -> HardPart | None:
    """A distance that vanishes on this part of the boundary alone, and the extension of values from it.

    The distance is that of the one leaf which the part is of. Values are multiplied by ψ/(φ + ψ) for the distance ψ
    from each other leaf, so that those on several parts leave each other in peace (Rvachev & Sheiko 1995). None if the
    part is of several leaves, touches another leaf, or if the leaf's own distance vanishes elsewhere in the whole: all
    of this is tried at 4096 points inside and as many on the boundary.
    """
    numbers, inner = leaves.named(tag)
    if len(numbers) > 1:
        return None
    leaf = leaves.all[numbers[0]]
    found = _of_leaf(leaf, inner)
    others = [one for one in leaves.all if one is not leaf]
    if found is None or not all(one.domain.smooth if one.inside else one.domain.smooth_level_set for one in others):
        return None
    distance, extend = found
    rest = [partial(_from_leaf, one) for one in others]

    def blended(g: Field) -> Field:
        inner_extension = extend(g)

        def extension(x: Tensor) -> Tensor:
            near, value = distance(x), inner_extension(x)
            shares = [far / (near + far) for far in (one(x) for one in rest)]
            share = math.prod(shares[1:], start=shares[0])
            return value * (share[..., None] if value.ndim > share.ndim else share)

        return extension

    return (distance, blended) if _holds(whole, tag, distance, [one.domain for one in others], blended) else None


def _from_leaf(leaf: Leaf, x: Tensor) -> Tensor:
    """How far a point is from the boundary of a leaf, on the side where the whole lies."""
    return leaf.domain.distance(x) if leaf.inside else -leaf.domain.level_set(x)


def _of_leaf(leaf: Leaf, inner: str) -> HardPart | None:
    """What the leaf knows of its boundary, or of the part `inner` of it, on the side where the whole lies."""
    domain = leaf.domain
    if leaf.inside:
        if inner and inner != "boundary":
            return domain.hard_part(inner)
        return (domain.distance, domain.extend) if domain.extendable and domain.smooth else None
    if inner not in ("", "boundary") or not domain.smooth_level_set:
        return None
    outside = domain.extend_outside
    return None if outside is None else (lambda x: -domain.level_set(x), outside)


def _holds(
    whole: Domain, tag: str, distance: Field, others: Sequence[Domain], extend: Callable[[Field], Field]
) -> bool:
    generator = torch.Generator().manual_seed(0)
    inside = whole.interior(_uniform(whole.interior_sample_dim, generator))
    rim, normal = whole.boundary(_uniform(whole.boundary_sample_dim, generator))
    hit = ~rim.isnan().any(1)
    inside, rim, normal = inside[~inside.isnan().any(1)], rim[hit], normal[hit]
    mine = whole.boundary_mask(tag, rim, normal)
    if not bool(mine.any()) or not len(inside):
        return False
    near, elsewhere = distance(inside), distance(rim[~mine])
    if bool((near <= 0).any()) or bool((elsewhere <= 1e-9 * near.abs().max()).any()):
        return False
    size = float((inside.amax(0) - inside.amin(0)).norm())
    for one in others:
        edge = one.boundary(_uniform(one.boundary_sample_dim, generator)[:_COMPARED])[0]
        edge = edge[~edge.isnan().any(1)]
        if float(torch.cdist(rim[mine][:_COMPARED], edge).min()) < _APART * size:
            return False
    values = vmap(extend(_test_field))(torch.cat([inside, rim[mine]]))
    exact = vmap(_test_field)(rim[mine])
    met = (values[len(inside) :] - exact).abs().amax() < 1e-6
    return bool(values.isfinite().all()) and bool(values.abs().amax() < _LARGEST) and bool(met)


def _test_field(x: Tensor) -> Tensor:
    return 1 + 0.5 * torch.sin(x.sum(-1))


def _uniform(k: int, generator: torch.Generator) -> Points:
    return torch.rand(_POINTS, k, generator=generator, dtype=torch.float64)
