"""The rules that propagate derivatives through torch operations, by the name of the operation."""

from collections.abc import Callable
from typing import Any

from pinn.operators.strategies.base import MissingRuleError

RULES: dict[str, Callable[..., Any]] = {}
"""Rules by the name of the torch operation, for torch.sin, Tensor.sin and F.silu alike."""


def rule(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the rule of the torch operations called `names`."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            RULES[name] = function
        return function

    return register


def apply(name: str, *args: Any, **kwargs: Any) -> Any:
    """The rule of a torch operation on arguments of which some are JetTensors."""
    known = RULES.get(name)
    if known is None:
        raise MissingRuleError(
            f"Jet has no rule for the torch operation {name!r}. Use Auto(), which falls back by itself, or another "
            "exact strategy such as Eye() (vjp=auto, vjp=eye); a rule can be added in pinn/operators/jet/rules/."
        )
    return known(*args, **kwargs)
