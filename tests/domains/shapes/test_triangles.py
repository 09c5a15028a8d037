"""Distances from points, segments and triangles: those of some facets are those of all."""

import pytest
import torch
from torch.func import vmap

from pinn.domains.shapes.triangles import nearest_facet

F64 = torch.float64


@pytest.mark.parametrize("d", [1, 2, 3])
def test_pruning_changes_nothing(d: int) -> None:
    generator = torch.Generator().manual_seed(d)
    centers = torch.randn(500, 1, d, dtype=F64, generator=generator)
    centers = centers / centers.norm(dim=-1, keepdim=True) + 0.01 * torch.randn(
        500, 1, d, dtype=F64, generator=generator
    )
    facets = centers + 0.1 * torch.randn(500, d, d, dtype=F64, generator=generator)
    x = torch.cat([torch.randn(200, d, dtype=F64, generator=generator), torch.zeros(1, d, dtype=F64), centers[:20, 0]])
    some, number = nearest_facet(facets, x)
    everyone = vmap(lambda p: nearest_facet(facets, p)[0])(x)
    torch.testing.assert_close(some, everyone, rtol=1e-12, atol=1e-14)
    own = torch.stack([nearest_facet(facets[k : k + 1], p[None])[0][0] for k, p in zip(number, x, strict=True)])
    torch.testing.assert_close(own, some, rtol=1e-12, atol=1e-14)


def test_distances_in_closed_form() -> None:
    triangle = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]], dtype=F64)
    x = torch.tensor([[0.2, 0.2, 0.5], [-1, 0, 0], [1, 1, 0], [0.3, -2, 0]], dtype=F64)
    torch.testing.assert_close(nearest_facet(triangle, x)[0], torch.tensor([0.5, 1, 0.5**0.5, 2], dtype=F64))
    segment = torch.tensor([[[0.0, 0], [2, 0]]], dtype=F64)
    x = torch.tensor([[1.0, 3], [3, 0], [-3, 4]], dtype=F64)
    torch.testing.assert_close(nearest_facet(segment, x)[0], torch.tensor([3.0, 1, 5], dtype=F64))
