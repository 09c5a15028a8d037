"""Each rule of `Jet` against nested reverse mode: value, orders one to four, sums, and jets of jets."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from pinn.operators import Eye, Jet, biharmonic, laplacian, partials

ORDERS = [(), (0,), (1,), (1, 1), (0, 2), (1, 1, 1), (0, 1, 2), (0, 0, 1), (2, 2, 2, 2), (0, 0, 1, 1), (0, 1, 1, 2)]
C = torch.tensor([0.3, -1.2, 0.7], dtype=torch.float64)
M = torch.tensor([[0.5, 0.1, -0.4], [1.1, -0.2, 0.3], [0.9, 0.8, -0.6]], dtype=torch.float64)
B = torch.stack([M, 2 * M.T])
LAYER = nn.LayerNorm(3, dtype=torch.float64)


def mixed(x):
    """Three smooth functions of all coordinates, with values in (0.2, 0.8)."""
    return 0.5 + 0.3 * torch.sin(M @ x)


def table(x):
    return mixed(x).unsqueeze(-1) * mixed(2 * x).unsqueeze(0)


ELEMENTWISE = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "softplus": F.softplus,
    "softplus_beta": lambda y: F.softplus(40 * (y - 0.5), beta=2.0, threshold=5.0),
    "gelu": F.gelu,
    "gelu_tanh": lambda y: F.gelu(y, approximate="tanh"),
    "mish": F.mish,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "log2": torch.log2,
    "log10": torch.log10,
    "square": torch.square,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "reciprocal": torch.reciprocal,
    "atan": torch.atan,
    "asin": torch.asin,
    "asinh": torch.asinh,
    "erf": torch.erf,
    "elu": lambda y: F.elu(y - 0.5, 1.3),
    "relu": lambda y: F.relu(y - 0.5) * y,
    "leaky_relu": lambda y: F.leaky_relu(y - 0.5, 0.2) * y,
    "abs": lambda y: torch.abs(y - 0.5) * y,
    "cube": lambda y: y**3,
    "fifth": lambda y: y.pow(5),
    "root": lambda y: y**0.3,
    "inverse_square": lambda y: y**-2,
    "power_of_number": lambda y: 2.5**y,
    "power_of_tensor": lambda y: C.abs() ** y,
    "power_of_field": lambda y: y ** (2 * y),
    "clamp": lambda y: y.clamp(0.3, 0.6) * y,
    "maximum": lambda y: torch.maximum(y, 1 - y) * torch.minimum(y, y.flip(0)),
    "where": lambda y: torch.where(C > 0, y * y, 1.0) + torch.where(C > 0, C, torch.exp(y)),
}

ARITHMETIC = {
    "add": lambda y: (y + C) * (C + y) * (y + 1) * (2.0 + y) * torch.add(y, y, alpha=3) * (y + y[0]),
    "sub": lambda y: (y - C) * (C - y) * (y - 1) * (2.0 - y) * torch.sub(C, y, alpha=3) * (y[1] - y),
    "neg": lambda y: y * -y * torch.neg(y),
    "mul": lambda y: y * C * y * 2 * (3 * y) * y[0] * torch.mul(C, y),
    "div": lambda y: y / C + C / y + 1 / y + y / 2 + y / y.sum() + torch.div(y, C[0]),
    "addcmul": lambda y: torch.addcmul(y, y, C, value=2) * torch.lerp(y, C, 0.3),
    "augmented": lambda y: _augmented(y),
    "linear": lambda y: F.linear(y, M, C) * F.linear(y * y, M),
    "linear_of_field": lambda y: F.linear(C, table(y), y) * F.linear(y, table(y)),
    "matmul": lambda y: M @ y * (y @ M) * torch.matmul(y, C) * torch.mv(M, y) * torch.dot(C, y) * (y @ y),
    "matrices": lambda y: (
        (table(y) @ M) * (M @ table(y)) * (table(y) @ C) * (C @ table(y)) * (B @ table(y)).sum(0) * (table(y) @ B)[1]
    ),
    "matrices_of_field": lambda y: (table(y) @ y) * (y @ table(y)) * (table(y) @ table(y) @ C),
    "outer": lambda y: torch.outer(y, y * C) * torch.outer(C, y),
    "cross": lambda y: torch.linalg.cross(y, C * y) + torch.linalg.cross(C, y),
}

SHAPES = {
    "index": lambda y: y[0] * y[-1] * y[1:] * y[None, :2] * y[..., 2] * y[[0, 2]],
    "index_table": lambda y: table(y)[0, 1] * table(y)[:, 2] * table(y)[torch.tensor([0, 2, 2]), 1],
    "reshape": lambda y: table(y).reshape(9) * table(y).view(-1) * table(y).flatten() * table(y).reshape((9,)),
    "unsqueeze": lambda y: y.unsqueeze(0) * y.unsqueeze(-1) * y[None].squeeze(0) * y[:, None].squeeze(),
    "transpose": lambda y: table(y).T * table(y).mT * table(y).transpose(0, 1) * table(y).permute(1, 0) * table(y).t(),
    "movedim": lambda y: table(y)[None].movedim(0, 2)[..., 0],
    "expand": lambda y: y.expand(2, 3) * y[:, None].expand(-1, 2).T * y.expand_as(M[:2]) * y.repeat(2, 1),
    "flip": lambda y: y.flip(0) * y.roll(1, 0) * y.roll(2) * table(y).roll(1).sum(0) * table(y).roll((1, 2), (0, 1))[0],
    "diagonal": lambda y: torch.diagonal(table(y)) * torch.trace(table(y)) * torch.diag_embed(y).sum(0),
    "sum": lambda y: y.sum() * torch.sum(table(y), 0) * table(y).sum(dim=1) * table(y).sum((0, 1)) * y.sum(0, True),
    "mean": lambda y: y.mean() * table(y).mean(0) * torch.mean(table(y), -1, keepdim=True).T,
    "scalar": lambda y: y[0].sum() * y[1].mean() * y[2].reshape(1) * y[0].flatten() * y[0].prod(),
    "prod": lambda y: y.prod() * torch.prod(table(y), 1) * table(y).prod(0, True) * table(y).prod(),
    "cumsum": lambda y: y.cumsum(0) * torch.cumsum(table(y), -1),
    "split": lambda y: y.unbind()[0] * y.split(2)[0] * torch.chunk(y, 2)[1] * torch.split(y, [1, 2])[1],
    "iterate": lambda y: sum(k * c * c for k, c in enumerate(y)) * len(y),
    "narrow": lambda y: y.narrow(0, 1, 2) * y.select(0, 0) * y.index_select(0, torch.tensor([2, 1])),
    "cat": lambda y: torch.cat([y, C, y * y]) * torch.cat((table(y), M), dim=1).sum() * torch.hstack([y, C]).sum(),
    "stack": lambda y: torch.stack([y, C, y * y], -1) @ torch.stack([y[0], C[0], y[1] * 0 + 2]),
    "norm": lambda y: y.norm() * torch.linalg.norm(y) * torch.linalg.vector_norm(table(y), dim=1) * torch.norm(y),
    "softmax": lambda y: F.softmax(y, -1) * torch.softmax(table(y), 0),
    "layer_norm": lambda y: LAYER(y * C),
    "constants": lambda y: (torch.zeros_like(y) + torch.full_like(y, 2.0)) * torch.ones_like(y) * y * (y > 0.4),
    "detach": lambda y: y * y.clone().contiguous(),
    "properties": lambda y: y * y.dim() * y.ndim * y.numel() * y.shape[0] * y.size(0) * y.new_ones(3) + y.real,
    "dropout": lambda y: F.dropout(y, 0.5, training=False) ** 2,
}


def _normalised(y):
    centred = y * C - (y * C).mean()
    return centred / torch.sqrt((centred * centred).mean() + LAYER.eps)


# Nested reverse mode through torch 2.13's own layer_norm has a wrong third derivative, so its formula is the reference.
REFERENCE: dict[str, Any] = {"layer_norm": _normalised}


def _augmented(y):
    z = y * 1
    z += y
    z *= C
    return z


@pytest.mark.parametrize("name", [*ELEMENTWISE, *ARITHMETIC, *SHAPES])
def test_rule_against_reverse_mode(name):
    function = (ELEMENTWISE | ARITHMETIC | SHAPES)[name]
    reference = REFERENCE.get(name, function)
    x = torch.tensor([0.4, -0.3, 0.8], dtype=torch.float64)

    def u(x):
        return function(mixed(x))

    jet, reverse = partials(u, x, ORDERS, Jet()), partials(lambda x: reference(mixed(x)), x, ORDERS, Eye())
    for order, got, expected in zip(ORDERS, jet, reverse, strict=True):
        assert_close(got, expected, rtol=1e-10, atol=1e-11, msg=lambda text, order=order: f"{order}: {text}")
    laplacians = laplacian(u, x, Jet()), laplacian(u, x, Eye())
    assert_close(*laplacians, rtol=1e-11, atol=1e-12)
    nested = laplacian(lambda y: laplacian(u, y, Jet()), x, Jet())
    assert_close(biharmonic(u, x, Jet()), nested, rtol=1e-10, atol=1e-10)
