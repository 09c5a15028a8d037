"""Counter-based random numbers: what they are made of, and that they have the distribution that is claimed."""

import math

import pytest
import torch
from torch import Tensor
from torch.func import grad, jvp, vmap

from pinn.operators.strategies.counter_rng import fold, normals, point_key, signs, subset, words

F64 = torch.float64
KEYS = words(torch.tensor(7), 4000)


def key(x: Tensor) -> Tensor:
    return point_key(x, 0, 0)


def test_the_sequence_is_splitmix64() -> None:
    """The first numbers of the published algorithm from the state 1234567."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [int(word) % 2**64 for word in words(torch.tensor(1234567), 4)] == expected


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16], ids=str)
def test_every_point_has_its_own_key(dtype: torch.dtype) -> None:
    """Also points of a coarse grid, whose coordinates have few bits set, and permuted coordinates."""
    line = torch.linspace(-1, 1, 17, dtype=dtype)
    nodes = torch.stack(torch.meshgrid(line, line, line, indexing="ij"), -1).reshape(-1, 3)
    assert len(vmap(key)(nodes).unique()) == len(nodes)


def test_keys_differ_with_seed_and_depth() -> None:
    x = torch.rand(3, dtype=F64)
    keys = [point_key(x, seed, depth) for seed in range(30) for depth in range(3)]
    assert len(torch.stack(keys).unique()) == 90
    assert point_key(x, torch.tensor(5), 1) == point_key(x, 5, 1)
    assert fold(torch.tensor(1), 2) != fold(torch.tensor(2), 1)


def test_a_key_is_a_constant_inside_derivatives() -> None:
    x = torch.rand(3, dtype=F64)
    expected = key(x)
    assert jvp(lambda y: y.sum() * 0 + key(y), (x,), (x,))[0] == expected.to(F64)
    assert grad(lambda y: y.sum() * key(y).to(F64))(x)[0] == expected.to(F64)


def test_signs_are_balanced_and_uncorrelated() -> None:
    s = vmap(lambda k: signs(k, 70, F64))(KEYS)
    assert torch.equal(s.abs(), torch.ones_like(s))
    N = len(KEYS)
    assert s.mean(0).abs().max() <= 5 / math.sqrt(N)
    covariance = s.T @ s / N - torch.eye(70, dtype=F64)
    assert covariance.abs().max() <= 5 / math.sqrt(N)


def test_normals_have_the_moments_of_a_normal_distribution() -> None:
    z = vmap(lambda k: normals(k, 50, F64))(KEYS).flatten()
    n = math.sqrt(len(z))
    for power, moment, spread in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        assert abs(float(z.pow(power).mean()) - moment) <= 5 * math.sqrt(spread) / n, power
    assert z.isfinite().all()


@pytest.mark.parametrize(("count", "n"), [(1, 5), (2, 5), (4, 5), (5, 5), (3, 200_000)])
def test_subsets_are_distinct_and_each_as_likely_as_any(count: int, n: int) -> None:
    chosen = vmap(lambda k: subset(k, count, n))(KEYS)
    assert chosen.min() >= 0
    assert chosen.max() < n
    assert all(len(set(row)) == count for row in chosen.tolist())
    if n == 5:
        kinds, times = torch.unique(chosen.sort(1).values, dim=0, return_counts=True)
        number = math.comb(n, count)
        assert len(kinds) == number
        probability = 1 / number
        error = math.sqrt(probability * (1 - probability) / len(KEYS))
        assert (times / len(KEYS) - probability).abs().max() <= 5 * error + 1e-12
    else:
        assert abs(float(chosen.double().mean()) / n - 0.5) <= 5 / math.sqrt(12 * chosen.numel())
