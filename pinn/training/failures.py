"""What can go wrong in mid-course: numbers that are not finite, and memory that is not enough."""

import math
from typing import Any

import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.objective.free_memory import LESS_MEMORY, NotEnoughMemoryError
from pinn.torch_private import tree_map
from pinn.typing import Params


class DivergedError(FloatingPointError):
    """Training met a number that is not finite. `params` are the last parameters at which all were."""

    def __init__(self, message: str, step: int, params: Params) -> None:
        super().__init__(message)
        self.step, self.params = step, params


def bad_term(evaluation: LossTerms) -> str | None:
    """The first term of the loss that is not finite."""
    return next((name for name, term in evaluation.terms.items() if not math.isfinite(term)), None)


def first_nonfinite_point(objective: Objective, params: Params, term: str) -> str:
    """The first point of a term at which its residual is not finite, in words; empty if there is none."""
    with torch.no_grad():
        residual = objective.eager().residuals(params)[term]
    rows = (~residual.isfinite()).flatten(1).any(1).nonzero()
    if not len(rows):
        return ""
    k = int(rows[0])
    point = ", ".join(f"{float(c):.4g}" for c in objective.samples[term][0][k])
    value = next(float(v) for v in residual[k].reshape(-1) if not math.isfinite(v))
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"; the residual is {value} at the point ({point}){more} of {len(residual)}"


def refuse_nonfinite(loss_terms: LossTerms, objective: Objective, params: Params, step: int) -> None:
    """Raise FloatingPointError if a term of the loss, at the parameters from which `step` started, is not finite."""
    if (term := bad_term(loss_terms)) is None:
        return
    if step == 1:
        raise FloatingPointError(
            f"The term {term!r} of the loss is {float(loss_terms.terms[term])} before training has begun"
            f"{first_nonfinite_point(objective, params, term)}. Look at the numbers of the equation, its data and the "
            "size of the domain."
        )
    raise FloatingPointError(
        f"Training diverged at step {step}: the term {term!r} of the loss is {float(loss_terms.terms[term])}"
        f"{first_nonfinite_point(objective, params, term)}. Take smaller steps (optimizer.lr, more optimizer.damping), "
        "let training go back and try again (retries=3), or look at the data of this condition."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch or Python means that memory is exhausted."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def not_enough_memory(objective: Objective, params: Params, step: int, method: str) -> NotEnoughMemoryError:
    """The error that says which numbers to lower."""
    points = sum(len(sample[0]) for sample in objective.samples.values())
    parameters = sum(value.numel() for value in params.values())
    chunks = "all at once (chunk_size=null)" if objective.chunk_size is None else f"chunk_size={objective.chunk_size}"
    return NotEnoughMemoryError(
        f"Out of memory at step {step} of {method}: {points} points, {chunks}, {parameters} parameters. {LESS_MEMORY}"
    )


def clone_tensors(state: Any) -> Any:
    """A copy of plain data in which every tensor has memory of its own."""
    return tree_map(lambda leaf: leaf.detach().clone() if isinstance(leaf, Tensor) else leaf, state)


def on_device(state: Any, device: torch.device) -> Any:
    """Plain data with its real and complex tensors on a device; the states of generators stay where they are."""

    def moved(leaf: Any) -> Any:
        return leaf.to(device) if isinstance(leaf, Tensor) and leaf.dtype != torch.uint8 else leaf

    return tree_map(moved, state)
