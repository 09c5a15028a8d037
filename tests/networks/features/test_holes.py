"""Multipoles about holes: solutions of Laplace's equation outside, in the order of their powers."""

import pytest
import torch

from pinn.networks import HolePowers
from pinn.networks.features import Space
from pinn.operators import laplacian

HOLES = [(0.2, -0.1, 0.3), (-0.6, 0.5, 0.1)]
SPACE = Space((-1.0, -1.0), (1.0, 1.0))


def outside(n: int = 200) -> torch.Tensor:
    points = 2 * torch.rand(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    middle = torch.tensor(HOLES, dtype=torch.float64)
    return points[((points[:, None] - middle[:, :2]).norm(dim=2) > middle[:, 2]).all(1)]


def test_the_first_ones_are_harmonic_and_at_most_one_outside_but_the_logarithm() -> None:
    functions = HolePowers(HOLES, orders=5, powers=1).draw(SPACE, None)
    points = outside()
    assert torch.vmap(lambda x: laplacian(functions, x))(points).abs().max() < 1e-8
    values = functions(points).reshape(len(points), 2, 11)
    assert values[..., 1:].abs().max() <= 1
    r = (points - torch.tensor(HOLES[0][:2], dtype=torch.float64)).norm(dim=1)
    torch.testing.assert_close(values[:, 0, 0], torch.log(r / 0.3))
    torch.testing.assert_close((values[:, 0, 1::2].square() + values[:, 0, 2::2].square())[:, 2], (0.3 / r) ** 6)


def test_products_with_powers_of_the_coordinates() -> None:
    family = HolePowers(HOLES, orders=3, powers=3)
    assert family.width == 2 * 7 * 6
    assert family.draw(SPACE, None)(outside()[:5]).shape == (5, family.width)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"holes": []}, "a hole at least"),
        ({"holes": HOLES, "orders": 0}, "orders >= 1"),
        ({"holes": [(0.0, 0.0)]}, r"\(x, y, R\)"),
        ({"holes": [(0.0, 0.0, 0.0)]}, "R > 0"),
    ],
)
def test_wrong_numbers_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HolePowers(**arguments)
    with pytest.raises(ValueError, match="plane domain"):
        HolePowers(HOLES).draw(Space((0.0,), (1.0,)), None)
