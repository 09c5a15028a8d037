"""Grids over a domain and instants of its time, or why there are none."""

import numpy as np
import pytest
import torch

from pinn.domains import Box, CenteredBall, Disk, LShape, TimeDomain
from pinn.export.lattice import instants, regular_lattice


def test_cells_stay_within_the_domain() -> None:
    for domain, area in ((Disk(), np.pi), (LShape(), 3.0)):
        lattice = regular_lattice(domain, None, 81).only_corners()
        corners = lattice.nodes[lattice.cells["quad"]]
        assert bool(domain.contains(torch.from_numpy(corners)).all())
        sides = np.ptp(corners, axis=1)
        assert 0.93 * area < float(sides.prod(1).sum()) <= area + 1e-9
        assert len(np.unique(lattice.cells["quad"])) == len(lattice.nodes)


def test_grids_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match=r"2 points along each of 1000 axes is too large .*: export the field itself"):
        regular_lattice(CenteredBall(dimensions=1000), None, None)
    with pytest.raises(ValueError, match=r"too large .*: take fewer --points, or export"):
        regular_lattice(Box(), None, 3000)
    with pytest.raises(ValueError, match="at least 2 along each axis, got 1"):
        regular_lattice(Box(), None, 1)
    with pytest.raises(ValueError, match="No node of a grid with 2 points"):
        regular_lattice(Disk(), None, 2)
    with pytest.raises(ValueError, match="No cell of the grid"):
        regular_lattice(Disk(), None, 3).only_corners()


def test_instants() -> None:
    domain = TimeDomain(2.0, Disk(), start=1.0)
    assert instants(domain, ()) == pytest.approx(np.linspace(1, 3, 11).tolist())
    assert instants(domain, (3.0, 1.5, 3.0)) == [3.0, 1.5]
    assert instants(Disk(), ()) == [None]
    with pytest.raises(ValueError, match=r"--time 0.5 is outside the domain: .* \[1, 3\]"):
        instants(domain, (0.5,))
    with pytest.raises(ValueError, match="outside the domain"):
        instants(domain, (float("nan"),))
    with pytest.raises(ValueError, match="This problem has no time"):
        instants(Disk(), (0.5,))
