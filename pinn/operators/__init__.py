"""Differential operators on fields, one point at a time. Imports torch alone.

A field u maps a point x of shape (d,) to () or (m,). For many points: `vmap(partial(laplacian, u))(X)`.
"""

from pinn.operators.arguments import refuse_batch_norm
from pinn.operators.curvilinear import Coordinates, Cylindrical, Polar, Spherical
from pinn.operators.first_order import curl, diagonal, directional, div, grad, jacobian, sym_grad
from pinn.operators.higher_order import biharmonic, hessian, laplacian, partials
from pinn.operators.jet.batching import call_batched
from pinn.operators.jet.jet import Jet
from pinn.operators.jet.request_cache import RequestCache
from pinn.operators.strategies.auto import Auto
from pinn.operators.strategies.base import MissingRuleError, MultiIndex, NotDiagonalError, Strategy
from pinn.operators.strategies.forward_over_reverse import ForwardOverReverse
from pinn.operators.strategies.hutchinson import Distribution, Gaussian, Hutchinson, Rademacher
from pinn.operators.strategies.reverse import Eye, Ones, Rows
from pinn.operators.strategies.sampled_dimensions import SampledDimensions
from pinn.operators.strategies.stochastic import Estimate

__all__ = [
    "Auto",
    "Coordinates",
    "Cylindrical",
    "Distribution",
    "Estimate",
    "Eye",
    "ForwardOverReverse",
    "Gaussian",
    "Hutchinson",
    "Jet",
    "MissingRuleError",
    "MultiIndex",
    "NotDiagonalError",
    "Ones",
    "Polar",
    "Rademacher",
    "RequestCache",
    "Rows",
    "SampledDimensions",
    "Spherical",
    "Strategy",
    "biharmonic",
    "call_batched",
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
