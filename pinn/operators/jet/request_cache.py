"""One propagation for all that a residual asks of a field at a point.

    def residual(x, strategy):
        (u_t,) = partials(u, x, [(0,)], strategy)        # propagates, for both lines
        return u_t - laplacian(u, x, strategy, axes=(1, 2))

    requests = RequestCache.recorded(lambda strategy: residual(x, strategy))    # once, at any point
    residual(x, requests.evaluation())                                          # at each evaluation

A residual asks for one derivative after the other, so the evaluation that is recorded propagates again for each new
request. Every other one propagates the union of the requests once, on the first of them, and changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from torch import Tensor

from pinn.operators.jet.jet import Expansion, Forward, propagate
from pinn.operators.jet.plan import plan
from pinn.operators.jet.requests import Request
from pinn.operators.strategies.base import Strategy
from pinn.typing import Field


@dataclass(frozen=True)
class RequestCache:
    """What each evaluation of one residual asks for: the requests at its first field and point, at the next, …

    >>> import torch
    >>> from pinn.operators import grad, laplacian
    >>> u, x = lambda x: (x @ x) ** 2, torch.tensor([1.0, 2.0])
    >>> requests = RequestCache.recorded(lambda strategy: (grad(u, x, strategy), laplacian(u, x, strategy)))
    >>> shared = requests.evaluation()
    >>> _ = grad(u, x, shared), laplacian(u, x, shared)
    >>> shared.propagations
    1
    """

    requests: Sequence[frozenset[Request]] = ()

    @classmethod
    def recorded(cls, evaluate: Callable[["SharedJet"], object]) -> "RequestCache":
        """What one evaluation of a residual by the given strategy asks for."""
        shared = SharedJet(())
        evaluate(shared)
        return cls(tuple(shared.asked))

    def evaluation(self) -> "SharedJet":
        """The strategy for one evaluation of the residual."""
        return SharedJet(self.requests)


class _Known(NamedTuple):
    """A field and a point of this evaluation, what was propagated for them, and what it answers."""

    u: Field
    x: Tensor
    requests: frozenset[Request]
    expansion: Expansion


class SharedJet(Forward):
    """`Jet` for one evaluation of a residual: a field at a point is propagated once.

    Fields and points are recognised as the same objects, in the order in which the residual meets them: the k-th has
    the `expected[k]`. `asked` is what was propagated for each, or would have been but for a missing rule.
    """

    shares: ClassVar[bool] = True

    def __init__(self, expected: Sequence[frozenset[Request]]) -> None:
        self.expected = expected
        self.asked: list[frozenset[Request]] = []
        self.known: list[_Known | None] = []
        self.propagations = 0

    def sharing(self, shared: Strategy) -> Strategy:
        return shared

    def expand(self, u: Field, x: Tensor, requests: frozenset[Request]) -> Expansion:
        k = next((i for i, known in enumerate(self.known) if known and known.u is u and known.x is x), len(self.known))
        if k == len(self.known):
            wanted = requests | self.expected[k] if k < len(self.expected) else requests
            self.known.append(None)
            self.asked.append(wanted)
        else:
            known = self.known[k]
            assert known is not None
            if requests <= known.requests:
                return known.expansion
            wanted = requests | known.requests
            self.asked[k] = self.asked[k] | wanted
        self.propagations += 1
        expansion = propagate(u, x, plan(wanted))
        self.known[k] = _Known(u, x, wanted, expansion)
        return expansion
