"""Families of features: partition of unity, periods, corners, frequencies for each coordinate, and derivatives."""

import math

import pytest
import torch
from torch.func import vmap

from pinn.domains import Box, PeriodicBox
from pinn.networks import CornerSines, FrozenFeatures, GatedSines, Harmonics, RandomSines, field
from pinn.networks.features import Family, Space
from pinn.networks.features.gated import refined
from pinn.operators import Jet, Rows, partials

F64 = torch.float64
PLANE = Space((0.0, -1.0), (2.0, 1.0))
CIRCLE = PeriodicBox((0.0,), (3.0,))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("family", [RandomSines(7), GatedSines(5, (3, 2)), CornerSines(((0.0, -1.0),), 6)], ids=repr)
def test_derivatives_by_propagation_are_those_by_reverse_mode(family: Family) -> None:
    network = FrozenFeatures(2, features=[family], bounds=(PLANE.lower, PLANE.upper), generator=seeded()).double()
    weight = torch.randn(network.layer.weight.shape, generator=seeded(), dtype=F64)
    u = field(network, {"layer.weight": weight})
    x = torch.rand(9, 2, generator=seeded(), dtype=F64)
    for order in [(), (0,), (1, 1), (0, 1)]:
        by = [vmap(lambda y, o=order, s=s: partials(u, y, [o], s)[0])(x) for s in (Jet(), Rows())]
        torch.testing.assert_close(by[0], by[1], rtol=1e-10, atol=1e-10 * float(by[1].abs().max()))


@pytest.mark.parametrize("family", [RandomSines(7), GatedSines(5, 4), Harmonics(3)], ids=repr)
def test_periodic_features_have_the_period(family: Family) -> None:
    bounds = CIRCLE.embedded_bounds
    network = FrozenFeatures(2, features=[family], bounds=bounds, chart=CIRCLE.chart, generator=seeded()).double()
    weight = torch.randn(network.layer.weight.shape, generator=seeded(), dtype=F64)
    network_field = field(network, {"layer.weight": weight})

    def u(x: torch.Tensor) -> torch.Tensor:
        return network_field(CIRCLE.embed(x))

    x = torch.linspace(0.05, 2.95, 23, dtype=F64)[:, None]
    for order in [(), (0,), (0, 0, 0)]:
        here, there = (vmap(lambda y, o=order: partials(u, y, [o], Jet())[0])(x + shift) for shift in (0.0, 3.0))
        torch.testing.assert_close(here, there, rtol=1e-9, atol=1e-9 * float(here.abs().max()))
        by_rows = vmap(lambda y, o=order: partials(u, y, [o], Rows())[0])(x)
        torch.testing.assert_close(here, by_rows, rtol=1e-9, atol=1e-9 * float(here.abs().max()))


@pytest.mark.parametrize(("space", "count"), [(PLANE, (3, 4)), (Space(*CIRCLE.embedded_bounds, CIRCLE.chart), (5,))])
def test_gates_sum_up_to_one(space: Space, count: tuple[int, ...]) -> None:
    """Sines that are all the same sum up to that sine, whatever the subdomains."""
    features = GatedSines(1, count, frequency=1e-12).draw(space, seeded())
    x = 2 * torch.rand(40, 2, generator=seeded(), dtype=F64) - torch.tensor([0.0, 1.0], dtype=F64)
    x = CIRCLE.embed(x[:, :1]) if space.chart else x
    for edges in (features.edges, tuple(refined(e, torch.arange(len(e) - 1) == 1) for e in features.edges)):
        values = features(x, edges)
        assert values.shape[1] == features.width_with(edges)
        expected = torch.sin(features.get_buffer("bias")).expand(len(x))
        torch.testing.assert_close(values.sum(1), expected, rtol=0, atol=1e-11)


def test_refinement_halves_what_is_asked_for_and_what_is_much_wider_than_its_neighbour() -> None:
    edges = torch.tensor([0.0, 4.0, 5.0, 6.0], dtype=F64)
    assert refined(edges, torch.tensor([False, False, True])).tolist() == [0, 2, 4, 5, 5.5, 6]
    assert refined(edges[1:], torch.tensor([False, False])).tolist() == [4, 5, 6]
    assert refined(edges, torch.tensor([False, False, False]), ratio=5.0, periodic=True).tolist() == edges.tolist()


def test_each_coordinate_has_its_own_frequency() -> None:
    weight = RandomSines(4000, (5.0, 40.0)).draw(PLANE, seeded()).get_buffer("weight")
    scaled = weight * torch.tensor([1.0, 1.0], dtype=F64)  # half the sides of the box
    largest = scaled.abs().amax(0)
    assert 4.9 < largest[0] <= 5.0
    assert 39.5 < largest[1] <= 40.0


def test_harmonics_are_orthogonal_and_products_in_the_plane() -> None:
    torus = PeriodicBox((0.0, 0.0), (1.0, 2.0))
    features = Harmonics((2, 1)).draw(Space(*torus.embedded_bounds, torus.chart), seeded())
    assert features.width == 15
    n = torch.arange(8, dtype=F64) / 8
    x = torch.cartesian_prod(n, 2 * n)
    phi = features(torus.embed(x))
    G = phi.T @ phi / len(x)
    torch.testing.assert_close(G, torch.diag(G.diagonal()), rtol=0, atol=1e-13)


def test_corner_sines_scale_with_the_distance() -> None:
    """Along a ray they are functions of log r: at r and r·e^{2π/a} the same."""
    features = CornerSines(((0.0, 0.0),), 8, radial=3.0).draw(Space((0.0, 0.0), (1.0, 1.0)), seeded())
    a = features.get_buffer("numbers")[0, :, 0]
    direction = torch.tensor([0.6, 0.3], dtype=F64)
    for k in range(8):
        turn = math.exp(-2 * math.pi / abs(float(a[k])))  # far within the regularised neighbourhood of slow ones
        if turn > 1e-6:
            near, far = features(direction)[k], features(turn * direction)[k]
            torch.testing.assert_close(near, far, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RandomSines(0),
        lambda: RandomSines(5, (1.0, 2.0, 3.0)).draw(PLANE, None),
        lambda: RandomSines(5, -1.0).draw(PLANE, None),
        lambda: GatedSines(0),
        lambda: GatedSines(5, (3,)).draw(PLANE, None),
        lambda: GatedSines(5, 2).draw(Space(*CIRCLE.embedded_bounds, CIRCLE.chart), None),
        lambda: GatedSines(gate=0.5),
        lambda: Harmonics(3).draw(PLANE, None),
        lambda: Harmonics(0).draw(Space(*CIRCLE.embedded_bounds, CIRCLE.chart), None),
        lambda: CornerSines(()),
        lambda: CornerSines(((0.0, 0.0, 1.0),)),
        lambda: CornerSines(((0.0, 0.0),)).draw(Space((0.0,), (1.0,)), None),
        lambda: Space((0.0,), (1.0,), ((0,), (1,))),
        lambda: FrozenFeatures(2, features={}, bounds=None) and FrozenFeatures(3, bounds=((0.0,), (1.0,))),
    ],
)
def test_bad_numbers_are_refused(make) -> None:
    with pytest.raises(ValueError, match=r"need|frequency|chart|is for|has corners"):
        make()


def test_the_chart_of_a_box_has_a_column_for_each_coordinate() -> None:
    assert Box().chart == ((0,), (1,))
    assert PeriodicBox((0.0, 0.0), (1.0, 1.0)).chart == ((0, 2), (1, 3))
