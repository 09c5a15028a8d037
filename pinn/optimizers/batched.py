"""Adam and Levenberg–Marquardt on many problems of the same shape at once, each with its own course."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from pinn.objective.stacked import StackedObjective
from pinn.optimizers.adam import Adam
from pinn.optimizers.levenberg_marquardt import _PROBE, LevenbergMarquardt
from pinn.optimizers.optimizer import Optimizer
from pinn.optimizers.parameters import copied
from pinn.typing import Params

_WRONG = 0.1  # as for one problem: a first solution with a larger relative error is not worth correcting


class BatchedIteration(ABC):
    """A running optimization of S problems: stacked `params`, those that have `failed` or `stalled`, shape (S,)."""

    name: str
    params: Params
    failed: Tensor
    stalled: Tensor

    @abstractmethod
    def step(self, objective: StackedObjective) -> Tensor:
        """Take one step in each, and return the losses from which they started: shape (S,)."""

    @property
    def alive(self) -> Tensor:
        """Those that go on."""
        return ~(self.failed | self.stalled)


def start_batched(optimizer: Optimizer, params: Params, steps: int) -> BatchedIteration:
    """Begin at stacked parameters. Raises ValueError for a method without a batched form."""
    if isinstance(optimizer, Adam):
        return _Adam(optimizer, params, steps)
    if isinstance(optimizer, LevenbergMarquardt):
        return _LevenbergMarquardt(optimizer, params)
    raise ValueError(
        f"{type(optimizer).__name__} trains one network at a time: use optimizer=adam_lm, adam or lm, or one run for "
        "each seed."
    )


class _Adam(BatchedIteration):
    """Adam is a matter of single entries: on stacked tensors it is S times Adam."""

    def __init__(self, recipe: Adam, params: Params, steps: int) -> None:
        self._iteration = recipe.start(params, steps)
        self.name, self.params = self._iteration.name, self._iteration.params
        self.failed = _none(params)
        self.stalled = _none(params)

    def step(self, objective: StackedObjective) -> Tensor:
        losses = self._iteration.step(objective).loss  # pyright: ignore[reportArgumentType]  (asks for `gradient` alone)
        self.failed |= ~losses.isfinite()
        return losses


class _LevenbergMarquardt(BatchedIteration):
    """The steps of `LevenbergMarquardt`, with a damping for each problem and trials for those that still refuse."""

    name = "lm"

    def __init__(self, recipe: LevenbergMarquardt, params: Params) -> None:
        self.params, self._recipe = copied(params), recipe
        self._theta = _flat(params)
        like = self._theta[:, 0]
        self._damping, self._growth = torch.full_like(like, recipe.damping), torch.full_like(like, 2.0)
        self._scale, self._needs_qr = torch.zeros_like(self._theta), torch.zeros_like(like)
        self.failed, self.stalled = _none(params), _none(params)
        self._objective: StackedObjective | None = None

    @torch.no_grad()
    def step(self, objective: StackedObjective) -> Tensor:
        if objective is not self._objective:
            self._objective, self._loss = objective, objective.loss(self.params)
        start = self._loss
        self.failed |= ~start.isfinite() & ~self.stalled
        self.stalled |= start == 0
        r, J = objective.linearize(self.params)
        norms = J.norm(dim=1)
        self.failed |= ~norms.isfinite().all(1) & ~self.stalled
        pending = self.alive.clone()
        self._scale = torch.where(pending[:, None], torch.maximum(self._scale, norms), self._scale)
        D = torch.where(self._scale > 0, self._scale, 1)
        system = _Damped(J / D[:, None])
        eps = torch.finfo(D.dtype).eps
        while True:
            self.stalled |= pending & (self._damping >= 1 / eps**2)
            pending &= ~self.stalled
            if not bool(pending.any()):
                break
            self._try(objective, system, r, D, pending, eps)
        return start

    def _try(
        self, objective: StackedObjective, system: "_Damped", r: Tensor, D: Tensor, pending: Tensor, eps: float
    ) -> None:
        """One trial of each pending problem, which is no longer so once it is accepted or at its end."""
        v, by_qr = system.solve(self._damping, -r, pending, self._damping <= self._needs_qr)
        self._needs_qr = torch.where(by_qr, torch.maximum(self._needs_qr, self._damping), self._needs_qr)
        ended = pending & ~(v.norm(dim=1) > eps * (D * self._theta).norm(dim=1))
        self.stalled |= ended
        pending &= ~ended
        Jv, s = system.times(v), v
        if self._recipe.acceleration > 0:
            probed = objective.residual(self._at(_PROBE * v, D))
            a = system.solve_again((probed - r - _PROBE * Jv) * (-2 / _PROBE**2))
            trusted = 2 * a.norm(dim=1) <= self._recipe.acceleration * v.norm(dim=1)
            s = torch.where(trusted[:, None], v + a / 2, v)
        trial = self._theta + s / D
        loss = objective.loss(_unflat(trial, self.params))
        accepted, refused = pending & (loss < self._loss), pending & ~(loss < self._loss)
        predicted = Jv.square().sum(1) + 2 * self._damping * v.square().sum(1)
        gain = ((self._loss - loss) / predicted).clamp(max=1.0)
        factor = (1 - (2 * gain - 1) ** 3).clamp(min=1 / 3) * loss / self._loss
        calmer = (self._damping * factor).clamp(min=eps**2)
        self._damping = torch.where(accepted, calmer, torch.where(refused, self._damping * self._growth, self._damping))
        self._growth = torch.where(accepted, 2.0, torch.where(refused, 2 * self._growth, self._growth))
        self._theta = torch.where(accepted[:, None], trial, self._theta)
        self._loss = torch.where(accepted, loss, self._loss)
        self.params = _unflat(self._theta, self.params)
        pending &= ~accepted

    def _at(self, step: Tensor, D: Tensor) -> dict[str, Tensor]:
        return _unflat(self._theta + step / D, self.params)


class _Damped:
    """`DampedLeastSquares` for matrices J of shape (S, M, P), each with its own λ."""

    def __init__(self, jacobians: Tensor) -> None:
        self._primal = jacobians.shape[1] >= jacobians.shape[2]
        self._A = jacobians if self._primal else jacobians.mT
        self._gram = self._A.mT @ self._A

    def solve(self, damping: Tensor, b: Tensor, wanted: Tensor, at_once: Tensor) -> tuple[Tensor, Tensor]:
        """The solutions, shape (S, P), and which of those wanted have come from QR, some of them `at_once`."""
        C = self._gram.clone()
        C.diagonal(dim1=1, dim2=2).add_(damping[:, None])
        L, info = torch.linalg.cholesky_ex(C)
        self._R, self._damping = L.mT.clone(), damping
        x, error = self._corrected(b)
        by_qr = wanted & (at_once | (info > 0) | ~(error <= _WRONG))
        if bool(by_qr.any()):
            A = self._A[by_qr]
            root = torch.diag_embed(damping[by_qr].sqrt()[:, None].expand(-1, A.shape[2]))
            self._R[by_qr] = torch.linalg.qr(torch.cat([A, root], 1), mode="r").R
            x = self._corrected(b)[0]
        return x, by_qr

    def solve_again(self, b: Tensor) -> Tensor:
        """The solutions for other b."""
        return self._corrected(b)[0]

    def times(self, v: Tensor) -> Tensor:
        """Jv: shape (S, M)."""
        return ((self._A if self._primal else self._A.mT) @ v[..., None])[..., 0]

    def _corrected(self, b: Tensor) -> tuple[Tensor, Tensor]:
        A, damping, b = self._A, self._damping[:, None, None], b[..., None]
        if self._primal:
            x = self._normal(A.mT @ b)
            correction = self._normal(A.mT @ (b - A @ x) - damping * x)
        else:
            y = self._normal(b)
            x = A @ y
            correction = A @ self._normal(b - A.mT @ x - damping * y)
        size = x.norm(dim=(1, 2))
        error = torch.where(size > 0, correction.norm(dim=(1, 2)) / size, 0)
        return (x + correction)[..., 0], error

    def _normal(self, b: Tensor) -> Tensor:
        y = torch.linalg.solve_triangular(self._R.mT, b, upper=False)
        return torch.linalg.solve_triangular(self._R, y, upper=True)


def _none(params: Params) -> Tensor:
    first = next(iter(params.values()))
    return torch.zeros(len(first), dtype=torch.bool, device=first.device)


def _flat(params: Params) -> Tensor:
    """Stacked parameters as rows: shape (S, P)."""
    return torch.cat([value.detach().flatten(1) for value in params.values()], dim=1)


def _unflat(rows: Tensor, like: Params) -> dict[str, Tensor]:
    parts = rows.split([value[0].numel() for value in like.values()], dim=1)
    return {name: part.reshape(value.shape) for (name, value), part in zip(like.items(), parts, strict=True)}
