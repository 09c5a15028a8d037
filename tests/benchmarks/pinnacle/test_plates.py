"""Finite elements on plates with holes, at coarse resolution."""

import numpy as np
import pytest

from benchmarks.pinnacle import plates
from benchmarks.pinnacle.meshes import Plate

pytest.importorskip("skfem")


def test_a_mesh_has_the_area_of_its_plate() -> None:
    plate = Plate((-1.0, -1.0), (1.0, 1.0), [(0.2, 0.1, 0.4)])
    mesh = plate.refined(plate.mesh(0.2))
    ring = mesh.p[:, plate.on_hole(0, mesh.p)]
    np.testing.assert_allclose(np.hypot(ring[0] - 0.2, ring[1] - 0.1), 0.4, rtol=1e-12)
    (a, b, c) = mesh.p[:, mesh.t].transpose(1, 0, 2)
    areas = abs((b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0]) / 2
    assert abs(areas.sum() / (4 - np.pi * 0.16) - 1) < 3e-3
    assert areas.min() > 0.05 * areas.mean()


def test_poisson_is_harmonic_and_symmetric() -> None:
    found = plates.poisson_classic(edge=0.1, refinements=2)
    values = found.values[:, 0]
    assert values.min() >= -1e-3
    assert values.max() <= 1 + 1e-3
    middle = np.hypot(*found.points.T) < 0.1
    mirrored = {(round(x, 9), round(y, 9)): u for (x, y), u in zip(found.points, values, strict=True)}
    pairs = [(u, mirrored[-x, y]) for (x, y), u in mirrored.items() if (-x, y) in mirrored]
    assert middle.any()
    assert len(pairs) > 20
    assert max(abs(u - v) for u, v in pairs) < 1e-2


@pytest.mark.parametrize("solve", [plates.poisson_classic, plates.poisson_boltzmann])
def test_the_error_falls_with_every_refinement(solve) -> None:
    coarse, fine = (solve(edge=0.1, refinements=n) for n in (2, 3))
    assert fine.error < coarse.error / 4
    assert coarse.distance(fine.values) < 2 * coarse.error


def test_a_plate_takes_heat_from_its_holes() -> None:
    found = plates.heat_complex(edge=1.0, refinements=1, steps=40)
    assert found.points.shape[1] == 3
    assert 0 < found.values.min() < found.values.max() < 5
    assert found.error < 0.05
