"""Boxes that may hold a point."""

import numpy as np
import pytest
import torch

from pinn.domains.shapes.buckets import Buckets


@pytest.mark.parametrize("d", [1, 2, 3])
def test_every_box_that_holds_a_point_is_in_its_bucket(d: int) -> None:
    rng = np.random.default_rng(d)
    lower = rng.random((300, d))
    upper = lower + rng.random((300, d)) * rng.choice([0.01, 0.3], size=(300, 1))
    buckets = Buckets(lower, upper)
    x = torch.from_numpy(np.concatenate([rng.random((500, d)) * 1.3, lower, upper]))
    near = buckets.near(x)
    held = (x[:, None] >= torch.from_numpy(lower)).all(-1) & (x[:, None] <= torch.from_numpy(upper)).all(-1)
    found = torch.zeros(len(x), 301, dtype=torch.bool).scatter_(1, torch.where(near < 0, 300, near), True)
    assert (found[:, :300] | ~held).all()
    assert near.shape[1] < 300


def test_flat_boxes_have_buckets_too() -> None:
    buckets = Buckets(np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[1.0, 1.0], [2.0, 1.0]]))
    assert set(buckets.near(torch.tensor([[0.5, 1.0]], dtype=torch.float64))[0].tolist()) >= {0}
