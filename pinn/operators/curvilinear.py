"""Operators in orthogonal curvilinear coordinates: polar, cylindrical, spherical.

A system is its scale factors h_i = |∂X/∂q_i|, X the Cartesian position at coordinates q, and everything else follows:

    ∇u   = (1/h_i) ∂u/∂q_i
    ∇v   = (∂v_i/∂q_j)/h_j + δ_ij Σ_k H_ik v_k/h_i − H_ji v_j/h_j,    H_ij = (1/h_j) ∂h_i/∂q_j
    Δu   = Σ_i ∂²u/∂q_i²/h_i² + c_i ∂u/∂q_i,                          c_i = Σ_k H_ki/(h_i h_k) − 2H_ii/h_i²

(Morse & Feshbach 1953, Section 1.3, where the unit vectors obey ∂e_k/∂q_j = H_jk e_j − δ_jk Σ_i H_ji e_i.)
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pinn.operators.arguments import check_axes, check_field, check_point
from pinn.operators.higher_order import partials
from pinn.operators.jet.jet import Jet
from pinn.operators.strategies.auto import Auto
from pinn.operators.strategies.base import Strategy
from pinn.typing import Field

_AUTO = Auto()
_GEOMETRY = Jet()  # the scale factors have a rule for each operation, whatever differentiates the field


class Coordinates(ABC):
    """Orthogonal coordinates q, the entries `axes` of a point x of shape (d,); other entries, such as time, are kept.

    A vector field has n physical components, those along the unit vectors e_i = (1/h_i) ∂X/∂q_i, in the order of the
    coordinates. If a scale factor is zero, at r = 0 or sin θ = 0, the operators divide by it and give inf or NaN,
    also if their limit is finite: keep points away from there, or work in Cartesian coordinates.

    Every operator takes one point and a strategy, like those of `pinn.operators`, and asks for all derivatives of the
    field at once. Raises ValueError for axes that the point does not have and for fields of another shape.
    """

    axes: Sequence[int]

    @abstractmethod
    def scale_factors(self, x: Tensor) -> Tensor:
        """h at a point, shape (n,)."""

    @abstractmethod
    def to_cartesian(self, x: Tensor) -> Tensor:
        """The point with Cartesian coordinates in the place of q: (…, d) to (…, d)."""

    def grad(self, u: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
        """The gradient ∇u of a scalar field in physical components, shape (n,)."""
        slopes = self._derivatives(u, x, strategy, "grad", (), 1)[1]
        return slopes / self.scale_factors(x)

    def jacobian(self, v: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
        """J_ij = e_i·(∇v)·e_j, the change of v along e_j, shape (n, n). `jacobian(v, x) @ v(x)` is (v·∇)v."""
        return self._jacobian(v, x, strategy, "jacobian")

    def div(self, v: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
        """The divergence ∇·v, shape ()."""
        return self._jacobian(v, x, strategy, "div").trace()

    def curl(self, v: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
        """The curl ∇×v in physical components, shape (3,); in the plane its component normal to it, shape ()."""
        J = self._jacobian(v, x, strategy, "curl")
        if len(self.axes) == 2:
            return J[1, 0] - J[0, 1]
        return torch.stack([J[2, 1] - J[1, 2], J[0, 2] - J[2, 0], J[1, 0] - J[0, 1]])

    def laplacian(self, u: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
        """The Laplacian Δu of a scalar field, shape (); of each component of u for itself if it has several.

        Components of a vector along the e_i are not scalars: for them there is `vector_laplacian`.
        """
        _, first, second = self._derivatives(u, x, strategy, "laplacian", None, 2)
        h, H = self._geometry(x)
        return (second / (h * h) + first * _drift(h, H)).sum(-1)

    def vector_laplacian(self, v: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
        """Δv = ∇(∇·v) − ∇×∇×v in physical components, shape (n,).

        It is Eᵀ Δ(Ev), where the columns of E are the unit vectors and Δ acts on Cartesian components:

            Δv_i + Σ_j (2/h_j²) A_j ∂v/∂q_j + Σ_j [(∂A_j/∂q_j + A_j²)/h_j² + c_j A_j] v,    A_j = Eᵀ ∂E/∂q_j.
        """
        n = len(self.axes)
        value, first, second = self._derivatives(v, x, strategy, "vector_laplacian", (n,), 2)
        h, H = self._geometry(x)
        inverse, drift = 1 / (h * h), _drift(h, H)
        A = _rotations(H)
        change = _GEOMETRY.jacobian(lambda y: _rotations(self._geometry(y)[1]), x)
        turned = [
            (A[j] @ first[:, j], change[j, :, :, a] @ value + A[j] @ (A[j] @ value)) for j, a in self._rows_and_axes(x)
        ]
        total = (second * inverse + first * drift).sum(-1)
        for j, (once, twice) in enumerate(turned):
            total = total + inverse[j] * (2 * once + twice) + drift[j] * (A[j] @ value)
        return total

    def _jacobian(self, v: Field, x: Tensor, strategy: Strategy, operator: str) -> Tensor:
        value, first = self._derivatives(v, x, strategy, operator, (len(self.axes),), 1)
        h, H = self._geometry(x)
        turning = torch.diag_embed((H @ value) / h) - (H * (value / h).unsqueeze(-1)).transpose(0, 1)
        return first / h + turning

    def _derivatives(
        self, u: Field, x: Tensor, strategy: Strategy, operator: str, shape: tuple[int, ...] | None, order: int
    ) -> tuple[Tensor, ...]:
        """u, and its derivatives of each order along every q_i: shape (*m, n). From one pass."""
        name = f"{type(self).__name__}.{operator}"
        check_point(x, name, strategy)
        check_field(u, name)
        axes = check_axes(tuple(self.axes), x, name)
        orders = [(a,) * k for k in range(1, order + 1) for a in axes]
        value, *derivatives = partials(u, x, [(), *orders], strategy)
        if shape is not None and tuple(value.shape) != shape:
            wanted = f"a vector field of shape {shape}" if shape else "a scalar field of shape ()"
            raise ValueError(f"{name} takes {wanted}, got one of shape {tuple(value.shape)}.")
        n = len(axes)
        return value, *(torch.stack(derivatives[k * n : (k + 1) * n], -1) for k in range(order))

    def _geometry(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """h_i, shape (n,), and H_ij = (1/h_j) ∂h_i/∂q_j, shape (n, n)."""
        h = self.scale_factors(x)
        slopes = _GEOMETRY.jacobian(self.scale_factors, x)
        return h, torch.stack([slopes[:, a] for _, a in self._rows_and_axes(x)], -1) / h

    def _rows_and_axes(self, x: Tensor) -> list[tuple[int, int]]:
        return list(enumerate(check_axes(tuple(self.axes), x, type(self).__name__)))


@dataclass(frozen=True)
class Polar(Coordinates):
    """Polar coordinates (r, θ) of the plane: x = r cos θ, y = r sin θ, h = (1, r).

    >>> x = torch.tensor([2.0, 0.5])
    >>> Polar().laplacian(lambda x: x[0] ** 2, x)
    tensor(4.)
    """

    axes: Sequence[int] = (0, 1)

    def __post_init__(self) -> None:
        _check(self, 2)

    def scale_factors(self, x: Tensor) -> Tensor:
        r, _ = _chosen(x, self.axes)
        return torch.stack([torch.ones_like(r), r], -1)

    def to_cartesian(self, x: Tensor) -> Tensor:
        r, angle = _chosen(x, self.axes)
        return _replaced(x, self.axes, [r * torch.cos(angle), r * torch.sin(angle)])


@dataclass(frozen=True)
class Cylindrical(Coordinates):
    """Cylindrical coordinates (r, φ, z): x = r cos φ, y = r sin φ, z = z, h = (1, r, 1).

    With time as coordinate 0 it is `Cylindrical(axes=(1, 2, 3))`.

    >>> x = torch.tensor([2.0, 0.5, 1.0])
    >>> Cylindrical().curl(lambda x: torch.stack([0 * x[0], x[0], 0 * x[0]]), x)  # rigid rotation
    tensor([0., 0., 2.])
    """

    axes: Sequence[int] = (0, 1, 2)

    def __post_init__(self) -> None:
        _check(self, 3)

    def scale_factors(self, x: Tensor) -> Tensor:
        r, _, _ = _chosen(x, self.axes)
        return torch.stack([torch.ones_like(r), r, torch.ones_like(r)], -1)

    def to_cartesian(self, x: Tensor) -> Tensor:
        r, angle, z = _chosen(x, self.axes)
        return _replaced(x, self.axes, [r * torch.cos(angle), r * torch.sin(angle), z])


@dataclass(frozen=True)
class Spherical(Coordinates):
    """Spherical coordinates (r, θ, φ) with the polar angle θ from the z axis and the azimuth φ (ISO 80000-2).

    x = r sin θ cos φ, y = r sin θ sin φ, z = r cos θ, h = (1, r, r sin θ).

    >>> x = torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64)
    >>> Spherical().div(lambda x: torch.stack([1 / x[0] ** 2, 0 * x[0], 0 * x[0]]), x).abs() < 1e-15
    tensor(True)
    """

    axes: Sequence[int] = (0, 1, 2)

    def __post_init__(self) -> None:
        _check(self, 3)

    def scale_factors(self, x: Tensor) -> Tensor:
        r, polar, _ = _chosen(x, self.axes)
        return torch.stack([torch.ones_like(r), r, r * torch.sin(polar)], -1)

    def to_cartesian(self, x: Tensor) -> Tensor:
        r, polar, azimuth = _chosen(x, self.axes)
        rho = r * torch.sin(polar)
        return _replaced(x, self.axes, [rho * torch.cos(azimuth), rho * torch.sin(azimuth), r * torch.cos(polar)])


def _drift(h: Tensor, H: Tensor) -> Tensor:
    """c_i, the factor of the first derivative along q_i in Δ."""
    return ((H / h.unsqueeze(-1)).sum(0) - 2 * H.diagonal() / h) / h


def _rotations(H: Tensor) -> Tensor:
    """(A_j)_ik = e_i·∂e_k/∂q_j = δ_ij H_jk − δ_jk H_ji, shape (n, n, n) with j first."""
    rows = torch.diag_embed(H.transpose(0, 1)).permute(1, 2, 0)  # [j, i, k] = δ_ij H_jk
    return rows - rows.transpose(1, 2)


def _check(system: Coordinates, n: int) -> None:
    axes = tuple(system.axes)
    if len(axes) != n or len(set(axes)) < n or not all(isinstance(a, int) and a >= 0 for a in axes):
        raise ValueError(
            f"{type(system).__name__} needs {n} different axes, integers >= 0 such as {tuple(range(n))}, got {axes}."
        )


def _chosen(x: Tensor, axes: Sequence[int]) -> list[Tensor]:
    return [x[..., a] for a in axes]


def _replaced(x: Tensor, axes: Sequence[int], values: list[Any]) -> Tensor:
    entries: list[Any] = [x[..., a] for a in range(x.shape[-1])]
    for a, value in zip(axes, values, strict=True):
        entries[a] = value
    return torch.stack(entries, -1)
