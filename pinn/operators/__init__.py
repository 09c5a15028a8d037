"""Differential operators on fields, one point at a time. Imports torch alone.

A field u maps a point x of shape (d,) to () or (m,). For many points: `vmap(partial(laplacian, u))(X)`.
"""

from pinn.operators.arguments import refuse_batch_norm
from pinn.operators.auto import Auto
from pinn.operators.first_order import curl, diagonal, directional, div, grad, jacobian, sym_grad
from pinn.operators.forward import ForwardOverReverse
from pinn.operators.higher_order import biharmonic, hessian, laplacian, partials
from pinn.operators.jet import Jet
from pinn.operators.recording import Recording
from pinn.operators.reverse import Eye, Ones, Rows
from pinn.operators.strategy import MissingRuleError, MultiIndex, NotDiagonalError, Strategy

__all__ = [
    "Auto",
    "Eye",
    "ForwardOverReverse",
    "Jet",
    "MissingRuleError",
    "MultiIndex",
    "NotDiagonalError",
    "Ones",
    "Recording",
    "Rows",
    "Strategy",
    "biharmonic",
    "curl",
    "diagonal",
    "directional",
    "div",
    "grad",
    "hessian",
    "jacobian",
    "laplacian",
    "partials",
    "refuse_batch_norm",
    "sym_grad",
]
