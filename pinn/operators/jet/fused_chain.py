"""The chain rule of an activation as one node of autograd's graph, with an adjoint written by hand.

Autograd would differentiate every product of Faà di Bruno's formula by itself. But ∂y_k/∂v is the formula for y_k with
each f⁽ʲ⁾ replaced by f⁽ʲ⁺¹⁾, call it S_k, and ∂y_k/∂x_j is a binomial number times S_(k−j). So with cotangents g_k

    ḡ_v = Σ_k g_k S_k,    ḡ_xj = Σ_k C(k, j) S_(k−j) g_k,    S_0 = f′,

which takes half as many passes over memory (4 layers of 64 tanh, N = 1000, a step of the Laplacian in two dimensions).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from pinn.operators.jet.chain_rule import Stream, Streams, chain, rows, times
from pinn.operators.jet.plan import Plan
from pinn.torch_private import is_tracing, transforms_active

Table = Callable[[Tensor, int], Sequence[Stream]]
"""(f, f′, f″, …) at a value up to an order."""

_LONG = 2**14
"""From so many numbers on an operation takes longer than its call."""


def can_fuse(plan: Plan, highest: int, v: Any, x: Streams) -> bool:
    """Whether autograd alone differentiates here, and the adjoint of this plan is written."""
    return (
        2 <= plan.order <= highest
        and not plan.quartics
        and isinstance(v, Tensor)
        and not v.is_complex()
        and torch.is_grad_enabled()
        and v.requires_grad
        and not transforms_active()
        and not torch.compiler.is_compiling()
        and not is_tracing()
    )


def fused_chain(plan: Plan, table: Table, factored: bool, v: Tensor, x: Streams) -> tuple[Tensor, Streams]:
    """The value f(v), and its streams."""
    value, *y = _Chain.apply(plan, table, factored, v, *x)
    return value, tuple(y)


class _Chain(Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, table: Table, factored: bool, v: Tensor, *x: Stream) -> Any:
        # The table is computed again in `backward`: to keep it would cost more memory traffic than it saves.
        ctx.plan, ctx.table, ctx.factored = plan, table, factored
        ctx.save_for_backward(v, *x)
        ctx.set_materialize_grads(False)
        value, streams = _plain(plan, table, factored, v, x)
        return value, *streams

    @staticmethod
    def backward(ctx: Any, *g: Stream) -> Any:
        v, *x = ctx.saved_tensors
        plan: Plan = ctx.plan
        if not torch.is_grad_enabled():
            _, *f = ctx.table(v, plan.order + 1)
            return None, None, None, *_adjoint(plan, ctx.factored, f, tuple(x), g)
        # A derivative of this derivative is wanted: autograd finds it from the formula itself.
        inputs = [a for a in (v, *x) if a is not None and a.requires_grad]
        value, streams = _plain(plan, ctx.table, ctx.factored, v, tuple(x))
        given = [(y, gy) for y, gy in zip((value, *streams), g, strict=True) if y is not None and gy is not None]
        outputs, cotangents = [y for y, _ in given], [gy for _, gy in given]
        gradients = iter(torch.autograd.grad(outputs, inputs, cotangents, create_graph=True, allow_unused=True))
        return None, None, None, *(next(gradients) if a is not None and a.requires_grad else None for a in (v, *x))


def _plain(plan: Plan, table: Table, factored: bool, v: Tensor, x: Streams) -> tuple[Tensor, Streams]:
    value, *f = table(v, plan.order)
    assert value is not None
    return value, chain(plan, [*f, *[None] * (plan.order - len(f))], x, factored)


def _adjoint(plan: Plan, factored: bool, f: Sequence[Stream], x: Streams, g: Sequence[Stream]) -> list[Stream]:
    """The gradients of v and of each stream of x; None is a zero, among the cotangents too."""
    scaled = [times(f[0], gk) for gk in g]
    gv, gx = scaled[0], scaled[1:]
    gy = list(gx if factored else g[1:])  # a factored table leaves f′ out of S, and puts it into g
    S = chain(plan, [*f[1:], *[None] * (plan.order + 1 - len(f))], x, factored=False)
    for Sk, gk in zip(S, gy, strict=True):
        if Sk is not None and gk is not None:
            gv = _contracted(gv, Sk, gk)
    for j, xj in enumerate(x):
        for k in range(j + 1, plan.order):
            Sk, gk = S[k - j - 1], gy[k]
            if xj is not None and Sk is not None and gk is not None:
                gx[j] = _spread(plan, len(xj), gx[j], Sk, gk, j, k)
    return [gv, *(None if a is None or gk is None else gk.sum_to_size(a.shape) for a, gk in zip(x, gx, strict=True))]


def _contracted(total: Stream, S: Tensor, g: Tensor) -> Tensor:
    """total + Σ_i S_i g_i, row by row if rows are long: a product of all of them goes to memory and back."""
    if total is None or (len(g) > 1 and total.numel() < _LONG):
        product = (S * g).sum(0)
        return product if total is None else total.add_(product)
    for Si, gi in zip(S, g, strict=True):
        total.addcmul_(Si, gi)
    return total


def _spread(plan: Plan, n_x: int, gx: Stream, S: Tensor, g: Tensor, j: int, k: int) -> Tensor:
    """gx + C(k+1, j+1) S g: the share of y_(k+1) in the gradient of x_(j+1)."""
    if gx is None:
        gx = g.new_zeros(n_x, *g.shape[1:])
    if k > 1:
        n = plan.counts[k]
        gx[:n].addcmul_(S[:n], g[:n], value=math.comb(k + 1, j + 1))
        return gx
    n = plan.counts[1]
    if n:
        gx[:n].addcmul_(S[:n], g[:n], value=2)
    for row, (p, q) in enumerate(plan.mixed, n):
        gx[p].addcmul_(S[q], g[row])
        gx[q].addcmul_(S[p], g[row])
    for row, trace in enumerate(plan.traces, n + len(plan.mixed)):
        if trace[-1] - trace[0] == len(trace) - 1:
            rows(gx, trace).addcmul_(rows(S, trace), g[row], value=2)
        else:
            for p in trace:
                gx[p].addcmul_(S[p], g[row], value=2)
    return gx
