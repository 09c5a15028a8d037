"""Parts of a boundary by predicates, typed or as functions."""

import pytest
import torch

from pinn.domains import Boundary, Box, Disk, TimeDomain


def test_parts_by_text() -> None:
    box = Box().tagged(inlet="x < 1e-9 and y > 0.5", roof="ny > 0.5")
    assert box.tags[-2:] == ("inlet", "roof")
    assert Boundary(box, "inlet").measure == pytest.approx(0.5, abs=5e-3)
    x, normal = Boundary(TimeDomain(1.0, box), "roof").sample(50, torch.rand)
    assert (x[:, 2] == 1).all()
    assert (normal[:, 2] == 1).all()


def test_text_and_function_agree() -> None:
    disk = Disk().tagged(a="x > 0.3", b=lambda x: x[..., 0] > 0.3)
    x, normal = disk.boundary(torch.rand(200, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(disk.boundary_mask("a", x, normal), disk.boundary_mask("b", x, normal))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("inlet", "x < -1", "No point of the boundary of Box.* belongs to the part 'inlet'"),
        ("inlet", "0.4 < x < 0.6 and 0.4 < y < 0.6", "No point of the boundary"),
        ("left", "x < 1e-9", "are those of parts"),
        ("in let", "x < 1e-9", "needs a name of letters"),
        ("inlet", "x + 1", "where a comparison such as"),
    ],
)
def test_what_is_no_part_is_refused(name: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Box().tagged(**{name: text})
