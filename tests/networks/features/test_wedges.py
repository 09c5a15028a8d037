"""Powers in corners: solutions of Laplace's equation, without a jump inside, whatever the corner."""

import math

import pytest
import torch

from pinn.networks import WedgePowers
from pinn.networks.features import Space
from pinn.operators import laplacian

CORNERS = [(0.0, 0.0, 0.0, 1.5 * math.pi), (0.2, -0.1, 2.5, math.pi / 2), (0.0, 0.3, -3.0, 2.0), (0, 0, 1.0, 6.0)]
SPACE = Space((-1.0, -1.0), (1.0, 1.0))


def around(corner: tuple[float, ...], radius: float, n: int = 60) -> torch.Tensor:
    x, y, direction, angle = corner
    turned = direction + angle * torch.linspace(0.001, 0.999, n, dtype=torch.float64)
    return torch.stack([x + radius * torch.cos(turned), y + radius * torch.sin(turned)], 1)


@pytest.mark.parametrize("corner", CORNERS)
def test_the_first_ones_are_harmonic(corner: tuple[float, ...]) -> None:
    powers = WedgePowers([corner], orders=8, powers=1).draw(SPACE, None)
    points = around(corner, 0.37)
    values = torch.vmap(lambda x: laplacian(powers, x))(points)
    assert values.shape == (60, 16)
    assert values.abs().max() < 1e-9
    assert powers(points).std(0).min() > 1e-6  # none is a constant


@pytest.mark.parametrize("corner", CORNERS)
def test_there_is_no_jump_inside(corner: tuple[float, ...]) -> None:
    values = WedgePowers([corner], orders=4, powers=2).draw(SPACE, None)(around(corner, 0.5, 2000))
    assert values.diff(dim=0).abs().max() < 0.02


def test_values_vanish_on_both_edges_for_even_orders_and_the_flux_for_their_cosines() -> None:
    x, y, direction, angle = corner = CORNERS[2]
    powers = WedgePowers([corner], orders=4, powers=1).draw(SPACE, None)
    for end in (direction, direction + angle):
        point = torch.tensor([x + 0.4 * math.cos(end), y + 0.4 * math.sin(end)], dtype=torch.float64)
        normal = torch.tensor([-math.sin(end), math.cos(end)], dtype=torch.float64)
        slope = torch.func.jvp(powers, (point,), (normal,))[1]
        assert powers(point)[[1, 3]].abs().max() < 1e-12
        assert slope[[5, 7]].abs().max() < 1e-12


def test_several_corners_and_products_with_powers_of_the_coordinates() -> None:
    family = WedgePowers(CORNERS, orders=3, powers=3)
    assert family.width == 2 * 3 * 6 * 4
    assert family.draw(SPACE, None)(torch.rand(5, 2, dtype=torch.float64)).shape == (5, family.width)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"corners": []}, "a corner at least"),
        ({"corners": CORNERS, "orders": 0}, "orders >= 1"),
        ({"corners": [(0.0, 0.0, 0.0)]}, r"\(x, y, direction, angle\)"),
        ({"corners": [(0.0, 0.0, 0.0, 7.0)]}, r"angle <= 2π"),
    ],
)
def test_wrong_numbers_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WedgePowers(**arguments)
    with pytest.raises(ValueError, match="plane domain"):
        WedgePowers(CORNERS).draw(Space((0.0,), (1.0,)), None)
