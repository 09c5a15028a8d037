"""The first instant of a domain in time, and the data that it takes."""

import torch
from torch.func import vmap

from pinn.domains import (
    Disk,
    Initial,
    InitialCauchy,
    TimeDomain,
)
from pinn.operators import partials
from tests.contracts.test_domains import smooth, sobol


def test_initial_region_is_the_first_instant() -> None:
    domain = TimeDomain(2.0, Disk())
    (x,) = Initial(domain).sample(100, sobol())
    assert (x[:, 0] == 0).all()
    assert Disk().contains(x[:, 1:]).all()
    held = Initial(domain).extend(smooth)
    torch.testing.assert_close(held(torch.tensor([1.5, 0.1, 0.2])), smooth(torch.tensor([0.0, 0.1, 0.2])))
    (later,) = Initial(TimeDomain(2.0, Disk(), start=3.0)).sample(10, sobol())
    assert (later[:, 0] == 3).all()


def test_cauchy_data_hold_value_and_velocity() -> None:
    region = InitialCauchy(TimeDomain(2.0, Disk(), start=1.0))
    (x,) = region.sample(20, sobol())
    extension = region.extend(smooth)
    for order in ((), (0,)):
        found = vmap(lambda y: partials(extension, y, [order])[0])(x)  # noqa: B023
        torch.testing.assert_close(found, vmap(lambda y: partials(smooth, y, [order])[0])(x))  # noqa: B023
        flat = vmap(lambda y: partials(region.distance, y, [order])[0])(x)  # noqa: B023
        assert (flat == 0).all()
