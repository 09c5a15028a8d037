"""How an elementwise function, given by its derivatives, becomes a rule."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from pinn.operators.jet.chain_rule import Stream, chain
from pinn.operators.jet.fused_chain import can_fuse, fused_chain
from pinn.operators.jet.jet_tensor import JetTensor, jet_or_value
from pinn.operators.jet.registry import rule
from pinn.operators.strategies.base import MissingRuleError

Derivatives = tuple[Stream, ...]
"""(f, f′, f″, …) at a value."""


def elementwise(*names: str, factored: bool = False, fused: int = 0) -> Callable[[Callable[..., Derivatives]], Any]:
    """Register a function given by its derivatives; `factored` ones return (f, f′, f″/f′, f‴/f′, f⁗/f′).

    Up to order `fused`, one less than what the function knows, a network's chain rule is one node of autograd's graph.
    """

    def register(function: Callable[..., Derivatives]) -> Any:
        def propagate(x: JetTensor, *args: Any, out: None = None, inplace: bool = False, **kwargs: Any) -> Any:
            if out is not None or inplace:
                raise MissingRuleError(f"Jet has no rule for {names[0]!r} in place; use the plain function.")
            plan = x.propagation.plan
            if x.propagation.batched and can_fuse(plan, fused, x.value, x.streams):
                table = partial(_table, function, args, kwargs)
                return JetTensor(x.propagation, *fused_chain(plan, table, factored, x.value, x.streams))
            value, *f = function(x.value, plan.order, *args, **kwargs)
            if f[0] is None:
                return value
            f += [None] * (plan.order - len(f))
            return jet_or_value(x.propagation, value, chain(plan, f, x.streams, factored))

        rule(*names)(propagate)
        return function

    return register


def _table(function: Callable[..., Derivatives], args: Any, kwargs: Any, v: Tensor, order: int) -> Derivatives:
    return function(v, order, *args, **kwargs)
