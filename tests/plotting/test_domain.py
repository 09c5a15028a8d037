"""Pictures of domains."""

from pathlib import Path

import numpy as np
import pytest

from pinn.domains import Ball, Box, CenteredBall, Disk, Domain, PeriodicBox
from pinn.plotting.domain import parts_of, plot_domain


@pytest.mark.parametrize(
    "domain",
    [Box((0.0,), (1.0,)), Box() - Disk((0.5, 0.5), 0.2), Ball(), PeriodicBox((-1.0,), (1.0,))],
    ids=["line", "plate", "ball", "period"],
)
def test_a_picture_is_drawn(domain: Domain, tmp_path: Path) -> None:
    assert plot_domain(domain, tmp_path / "a.png", points=50).stat().st_size > 5000


def test_parts_have_their_own_points_however_small() -> None:
    parts = {part.name: part for part in parts_of(Box().tagged(gap="x < 1e-9 and 0.5 < y < 0.501"), 100)}
    assert len(parts["gap"].points) == 8
    assert ((parts["gap"].points[:, 1] > 0.5) & (parts["gap"].points[:, 1] < 0.501)).all()
    np.testing.assert_array_equal(parts["left"].normals, np.tile([-1.0, 0.0], (len(parts["left"].normals), 1)))
    assert parts["left"].built_in
    assert not parts["gap"].built_in


def test_more_than_three_dimensions_have_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one to three dimensions; this domain has 5"):
        plot_domain(CenteredBall(dimensions=5), tmp_path / "a.png")
