"""Operators in curvilinear coordinates against the same fields in Cartesian ones."""

import math
from collections.abc import Sequence
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import (
    Coordinates,
    Cylindrical,
    Hutchinson,
    Jet,
    Polar,
    Rows,
    Spherical,
    Strategy,
    curl,
    div,
    grad,
    jacobian,
    laplacian,
)
from pinn.typing import Field

F64 = torch.float64
SYSTEMS = [Polar(), Cylindrical(), Spherical(), Polar(axes=(1, 2)), Cylindrical((3, 1, 2)), Spherical((1, 2, 3))]
EACH = pytest.mark.parametrize("system", SYSTEMS, ids=repr)
close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-10)


def point(system: Coordinates) -> Tensor:
    """A point away from singularities, with time or another coordinate before them where the axes leave one out."""
    return torch.tensor([1.1, 0.7, 1.9, 1.3], dtype=F64)[: max(system.axes) + 1]


def scalar(x: Tensor) -> Tensor:
    """A smooth field in Cartesian coordinates, of time too where the point has it."""
    return torch.sin(x[0] + 2 * x[-1]) * torch.exp(x[-2] / 3) + x.prod() * x[0]


def vector(axes: Sequence[int], x: Tensor) -> Tensor:
    fields = [
        torch.sin(x[-1] * x[-2]) + x[0] ** 2,
        torch.cos(x[0] - x[-1]) * x[-2],
        torch.exp(x[0] / 2) * x.sin().sum(),
    ]
    return torch.stack(fields[: len(axes)])


def frame(system: Coordinates, x: Tensor) -> Tensor:
    """The unit vectors as columns, in Cartesian components: normalised derivatives of the position."""
    axes = list(system.axes)
    J = jacobian(system.to_cartesian, x)[axes][:, axes]
    return J / J.square().sum(0).sqrt()


def physical(system: Coordinates) -> Field:
    """The vector field in components along the unit vectors."""
    return lambda x: frame(system, x).T @ vector(system.axes, system.to_cartesian(x))


def explicit(system: Coordinates) -> Field:
    """The same with unit vectors by hand, which every strategy can differentiate."""

    def field(x: Tensor) -> Tensor:
        v = vector(system.axes, system.to_cartesian(x))
        q = [x[a] for a in system.axes]
        azimuth = q[2] if isinstance(system, Spherical) else q[1]
        c, s = torch.cos(azimuth), torch.sin(azimuth)
        radial, around = c * v[0] + s * v[1], c * v[1] - s * v[0]
        if isinstance(system, Polar):
            return torch.stack([radial, around])
        if isinstance(system, Cylindrical):
            return torch.stack([radial, around, v[2]])
        ct, st = torch.cos(q[1]), torch.sin(q[1])
        return torch.stack([st * radial + ct * v[2], ct * radial - st * v[2], around])

    return field


@EACH
def test_scale_factors_are_lengths_of_the_tangents(system: Coordinates) -> None:
    x, axes = point(system), list(system.axes)
    J = jacobian(system.to_cartesian, x)[axes][:, axes]
    h = system.scale_factors(x)
    close(J.T @ J, torch.diag(h * h))
    assert torch.linalg.det(J) > 0
    close(explicit(system)(x), physical(system)(x))


@EACH
def test_gradient_and_laplacian_of_a_scalar(system: Coordinates) -> None:
    x, axes = point(system), tuple(system.axes)
    X, E = system.to_cartesian(x), frame(system, x)
    close(system.grad(lambda y: scalar(system.to_cartesian(y)), x), E.T @ grad(scalar, X, axes=axes))
    close(system.laplacian(lambda y: scalar(system.to_cartesian(y)), x), laplacian(scalar, X, axes=axes))


@EACH
def test_first_derivatives_of_a_vector(system: Coordinates) -> None:
    x, axes, v = point(system), tuple(system.axes), explicit(system)
    X, E = system.to_cartesian(x), frame(system, x)
    F = partial(vector, axes)
    close(system.div(v, x), div(F, X, axes=axes))
    close(system.jacobian(v, x), E.T @ jacobian(F, X)[:, list(axes)] @ E)
    rotation = curl(F, X, axes=axes)
    close(system.curl(v, x), rotation if rotation.dim() == 0 else E.T @ rotation)


@EACH
def test_vector_laplacian(system: Coordinates) -> None:
    x, axes, v = point(system), tuple(system.axes), explicit(system)
    expected = frame(system, x).T @ laplacian(partial(vector, axes), system.to_cartesian(x), axes=axes)
    close(system.vector_laplacian(v, x), expected)


@pytest.mark.parametrize("system", [Cylindrical(), Spherical()], ids=repr)
def test_vector_laplacian_is_grad_div_minus_curl_curl(system: Coordinates) -> None:
    x, v, s = point(system), explicit(system), Rows()
    rotation = system.curl(lambda y: system.curl(v, y, s), x, s)
    close(system.vector_laplacian(v, x), system.grad(lambda y: system.div(v, y, s), x, s) - rotation)


def test_textbook_forms() -> None:
    """Δu = u_rr + u_r/r + u_φφ/r² + u_zz and Δu = (r²u_r)_r/r² + …, for u by hand."""
    x = torch.tensor([1.7, 0.6, -0.4], dtype=F64)
    r, a, z = x.unbind()
    found = Cylindrical().laplacian(lambda x: x[0] ** 3 * torch.sin(2 * x[1]) * x[2] ** 2, x)
    close(found, torch.sin(2 * a) * (5 * r * z**2 + 2 * r**3))
    # r P₁(cos θ) is harmonic, 1/r too; (r² sin θ) along φ has the divergence 0.
    close(Spherical().laplacian(lambda x: x[0] * torch.cos(x[1]) + 1 / x[0], x), torch.zeros((), dtype=F64))
    # Poiseuille's flow: Δ((1 − r²) e_z) = −4 e_z, and the rotation r e_φ is harmonic.
    flow = Cylindrical().vector_laplacian(lambda x: torch.stack([0 * x[0], x[0], 1 - x[0] ** 2]), x)
    close(flow, torch.tensor([0.0, 0.0, -4.0], dtype=F64))


@EACH
def test_all_exact_strategies_agree(system: Coordinates, strategy: Strategy) -> None:
    x, v = point(system), explicit(system)
    for operator in ("jacobian", "div", "curl", "vector_laplacian"):
        operate = getattr(system, operator)
        close(operate(v, x, strategy), operate(v, x, Rows()), rtol=1e-11, atol=1e-11)
    u = lambda y: scalar(system.to_cartesian(y))  # noqa: E731
    close(system.grad(u, x, strategy), system.grad(u, x, Rows()), rtol=1e-12, atol=1e-12)
    close(system.laplacian(u, x, strategy), system.laplacian(u, x, Rows()), rtol=1e-12, atol=1e-12)


def test_estimates_keep_first_derivatives_exact() -> None:
    x, v = point(Spherical()), explicit(Spherical())
    close(Spherical().div(v, x, Hutchinson()), Spherical().div(v, x))


def test_operators_nest_and_map() -> None:
    """∇·(k∇u) within one Jet, at many points."""
    system = Spherical()
    u = lambda y: scalar(system.to_cartesian(y))  # noqa: E731
    X = torch.rand(5, 3, generator=torch.Generator().manual_seed(0), dtype=F64) + 0.5

    def flux(strategy: Strategy, x: Tensor) -> Tensor:
        return system.div(lambda y: torch.exp(y[0]) * system.grad(u, y, strategy), x, strategy)

    expected = vmap(lambda x: torch.exp(x[0]) * (system.laplacian(u, x) + system.grad(u, x)[0]))(X)
    for strategy in (Rows(), Jet()):
        close(vmap(partial(flux, strategy))(X), expected)
    assert system.to_cartesian(X).shape == (5, 3)


def test_components_as_scalars() -> None:
    """A field of several scalars has the Laplacian of each."""
    x = point(Polar())
    found = Polar().laplacian(lambda y: torch.stack([y[0] ** 2, y[0] ** 4]), x)
    close(found, torch.stack([torch.full_like(x[0], 4.0), 16 * x[0] ** 2]))


def test_singular_points_are_not_finite() -> None:
    for system, x in ((Polar(), [0.0, 1.0]), (Spherical(), [1.0, 0.0, 1.0])):
        found = system.laplacian(lambda y: y[0] + y[1], torch.tensor(x, dtype=F64))
        assert not found.isfinite()


def test_errors() -> None:
    x = point(Polar())
    with pytest.raises(ValueError, match="Polar needs 2 different axes"):
        Polar(axes=(0, 0))
    with pytest.raises(ValueError, match="Spherical needs 3 different axes"):
        Spherical(axes=(0, 1))
    with pytest.raises(ValueError, match=r"Polar.div takes a vector field of shape \(2,\), got one of shape \(\)"):
        Polar().div(lambda y: y[0], x)
    with pytest.raises(ValueError, match=r"Polar.grad takes a scalar field of shape \(\), got one of shape \(2,\)"):
        Polar().grad(lambda y: y, x)
    with pytest.raises(ValueError, match="axes must be integers in"):
        Cylindrical().div(lambda y: y, x)
    with pytest.raises(ValueError, match="one point of shape"):
        Polar().laplacian(lambda y: y[0], x.expand(4, 2))
    assert math.isclose(
        float(Polar(axes=(1, 2)).laplacian(lambda y: y[0] * y[1] ** 2, torch.tensor([3.0, 2.0, 1.0]))), 12
    )
