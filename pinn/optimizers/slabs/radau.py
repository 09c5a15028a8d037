"""Collocation in time at Radau points, in the terms of Legendre polynomials on [0, 1]."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.polynomial import legendre
from torch import Tensor


@dataclass(frozen=True)
class Radau:
    """The Radau IIA method with `stages` points in (0, 1], of order 2·stages − 1 (Hairer & Wanner 1996, chap. IV.5).

    Rates F at the points make the values u(τ) = u₀ + ∫₀^τ of the polynomial through them; A has the integrals up to the
    points. All tensors are float64.
    """

    stages: int = 8

    @cached_property
    def nodes(self) -> Tensor:
        """The roots of P_S − P_{S−1}, the last of them 1: shape (S,)."""
        p = np.zeros(self.stages + 1)
        p[self.stages], p[self.stages - 1] = 1, -1
        roots = np.sort(legendre.legroots(p).real)
        roots[-1] = 1.0
        return torch.from_numpy((roots + 1) / 2)

    @cached_property
    def between(self) -> Tensor:
        """Points halfway between those, where no equation is asked for."""
        before = torch.cat([torch.zeros(1, dtype=torch.float64), self.nodes[:-1]])
        return (before + self.nodes) / 2

    @cached_property
    def spectrum(self) -> Tensor:
        """From values at the points to coefficients in Legendre polynomials: (S, S)."""
        return torch.linalg.inv(self.polynomials(self.nodes, self.stages))

    @cached_property
    def A(self) -> Tensor:
        """The integration matrix (Butcher's), shape (S, S)."""
        return self.integrals(self.nodes)

    @cached_property
    def eigen(self) -> tuple[Tensor, Tensor, Tensor]:
        """A = V Λ V⁻¹: Λ, V and V⁻¹, complex."""
        values, vectors = torch.linalg.eig(self.A)
        return values, vectors, torch.linalg.inv(vectors)

    def polynomials(self, tau: Tensor, terms: int) -> Tensor:
        """P_0, …, P_{terms − 1} at points of [0, 1]: shape (n, terms)."""
        return torch.from_numpy(legendre.legvander(2 * tau.numpy() - 1, terms - 1))

    def integrals(self, tau: Tensor) -> Tensor:
        """From rates at the points to their integrals from 0 to τ: shape (n, S)."""
        return self.polynomials(tau, self.stages + 1) @ self.antiderivative

    def interpolation(self, tau: Tensor) -> Tensor:
        """From values at the points to those of their polynomial at τ: shape (n, S)."""
        return self.polynomials(tau, self.stages) @ self.spectrum

    @cached_property
    def antiderivative(self) -> Tensor:
        """From rates at the points to the S + 1 coefficients of their integral from 0: shape (S + 1, S)."""
        J = torch.zeros(self.stages + 1, self.stages, dtype=torch.float64)
        J[0, 0] = J[1, 0] = 0.5
        for k in range(1, self.stages):
            J[k + 1, k], J[k - 1, k] = 0.5 / (2 * k + 1), -0.5 / (2 * k + 1)
        return J @ self.spectrum
