"""Which points lie inside of a surface, against closed forms and against the solid angle."""

import math

import numpy as np
import pytest
import torch
import trimesh
from torch import Tensor

from pinn.domains.shapes.winding import Winding

F64 = torch.float64


def turns(p: Tensor, triangles: Tensor) -> Tensor:
    """The winding number by solid angles (van Oosterom & Strackee 1983)."""
    a, b, c = (triangles[None] - p[:, None, None]).unbind(2)
    la, lb, lc = a.norm(dim=-1), b.norm(dim=-1), c.norm(dim=-1)
    volume = (a * torch.linalg.cross(b, c)).sum(-1)
    rest = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return torch.atan2(volume, rest).sum(-1) / (2 * math.pi)


SURFACES = {
    "sphere": trimesh.creation.icosphere(2),
    "box": trimesh.creation.box(),
    "pipe": trimesh.creation.annulus(0.5, 1.0, 1.0),
    "two": trimesh.util.concatenate([trimesh.creation.box(), trimesh.creation.box().apply_translation([3, 0, 0])]),
}


@pytest.mark.parametrize("name", SURFACES)
def test_it_equals_the_solid_angle(name: str) -> None:
    triangles = np.array(SURFACES[name].triangles)
    lower, upper = (torch.tensor(bound) for bound in SURFACES[name].bounds)
    generator = torch.Generator().manual_seed(0)
    x = lower - 0.1 + (upper - lower + 0.2) * torch.rand(400, 3, dtype=F64, generator=generator)
    lattice = torch.stack(torch.meshgrid(*[torch.linspace(-0.9, 0.9, 7, dtype=F64)] * 3, indexing="ij"), -1).reshape(
        -1, 3
    )
    for points in (x, lattice + 0.013):
        expected = turns(points, torch.from_numpy(triangles)).round()
        torch.testing.assert_close(Winding(triangles).at(points), expected, rtol=0, atol=0)


def test_rays_through_edges_and_corners_are_counted_once() -> None:
    """Points on planes of symmetry, whose rays along an axis would meet edges and corners."""
    box = Winding(np.array(SURFACES["box"].triangles))
    t = torch.linspace(-0.75, 0.75, 7, dtype=F64)
    lattice = torch.stack(torch.meshgrid(t, t, t, indexing="ij"), -1).reshape(-1, 3)
    off = (lattice.abs().amax(1) - 0.5).abs() > 1e-9
    assert torch.equal(box.at(lattice[off]) > 0.5, lattice[off].abs().amax(1) < 0.5)


def test_points_on_the_surface_are_found() -> None:
    triangles = np.array(SURFACES["sphere"].triangles)
    surface = Winding(triangles)
    middle = torch.from_numpy(triangles.mean(1))
    assert surface.on_surface(middle, 1e-12).all()
    assert surface.on_surface(torch.from_numpy(triangles.reshape(-1, 3)), 1e-12).all()
    assert not surface.on_surface(1.001 * middle, 1e-6).any()
    assert not surface.on_surface(torch.full((3, 3), 5.0, dtype=F64), 1e-6).any()
