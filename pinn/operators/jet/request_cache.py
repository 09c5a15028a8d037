"""One propagation for all that a residual asks of a field at a point.

    recording = Recording()                       # kept from step to step

    def residual(x):
        shared = recording.evaluation()           # one for each evaluation of the residual
        (u_t,) = partials(u, x, [(0,)], shared)   # propagates; from the second evaluation on, for both lines
        return u_t - laplacian(u, x, shared, axes=(1, 2))

A residual asks for one derivative after the other, so its first evaluation propagates again for each new request. The
recording learns the requests, and later evaluations propagate their union once, on the first request. A compiled
evaluation uses what was learned but does not learn: evaluate the residual once before `torch.compile`.
"""

import dataclasses
from typing import NamedTuple

import torch
from torch import Tensor

from pinn.operators.jet.jet import Expansion, Forward, Jet, propagate
from pinn.operators.jet.plan import Request, plan
from pinn.operators.strategies.auto import Auto
from pinn.operators.strategies.base import Strategy
from pinn.typing import Field


class RequestCache:
    """What each evaluation of one residual asks for, learned from the evaluations before.

    >>> from pinn.operators import grad, laplacian
    >>> u, x, recording = lambda x: (x @ x) ** 2, torch.tensor([1.0, 2.0]), Recording()
    >>> for _ in range(2):
    ...     shared = recording.evaluation()
    ...     _ = grad(u, x, shared), laplacian(u, x, shared)
    >>> shared.propagations
    1
    """

    def __init__(self) -> None:
        self.learned: list[frozenset[Request]] = []

    def evaluation(self) -> "SharedJet":
        """The strategy for one evaluation of the residual."""
        return SharedJet(self)

    def sharing(self, strategy: Strategy) -> Strategy:
        """`strategy` for one evaluation of the residual: `Jet` and `Auto` share propagations, others have none."""
        if isinstance(strategy, Jet):
            return self.evaluation()
        return dataclasses.replace(strategy, jet=self.evaluation()) if isinstance(strategy, Auto) else strategy


class _Known(NamedTuple):
    """A field and a point of this evaluation, what was propagated for them, and what it answers."""

    u: Field
    x: Tensor
    requests: frozenset[Request]
    expansion: Expansion


class SharedJet(Forward):
    """`Jet` for one evaluation of a residual: a field at a point is propagated once.

    Fields and points are recognised as the same objects, in the order in which the residual meets them.
    """

    def __init__(self, recording: RequestCache) -> None:
        self.recording = recording
        self.known: list[_Known | None] = []
        self.propagations = 0

    def expand(self, u: Field, x: Tensor, requests: frozenset[Request]) -> Expansion:
        place = next((i for i, k in enumerate(self.known) if k and k.u is u and k.x is x), None)
        if place is None:
            place = len(self.known)
            self.known.append(None)
            learned = self.recording.learned
            wanted = requests | learned[place] if place < len(learned) else requests
        else:
            known = self.known[place]
            assert known is not None
            if requests <= known.requests:
                return known.expansion
            wanted = requests | known.requests
        if not torch.compiler.is_compiling():
            self._learn(place, wanted)
        self.propagations += 1
        expansion = propagate(u, x, plan(wanted))
        self.known[place] = _Known(u, x, wanted, expansion)
        return expansion

    def _learn(self, place: int, wanted: frozenset[Request]) -> None:
        learned = self.recording.learned
        learned.extend([frozenset()] * (place + 1 - len(learned)))
        if not wanted <= learned[place]:
            learned[place] = learned[place] | wanted
