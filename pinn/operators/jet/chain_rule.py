"""The two rules of calculus on streams: the chain rule for y = f(x) and Leibniz' rule for y = a·b.

Streams hold derivatives, not Taylor coefficients: the k-th of a tuple is of order k and has one leading axis for what
`Plan` lists. None is a structural zero, such as all higher derivatives of a coordinate.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.operators.jet.plan import Plan

Stream = Tensor | None
Streams = tuple[Stream, ...]

_FEW = 4
"""Up to so many rows are summed one by one: a product of all of them goes to memory and back."""


def chain(plan: Plan, f: Sequence[Stream], x: Streams, factored: bool) -> Streams:
    """Faà di Bruno's formula: derivatives of f(x) from f = (f′, f″, …) at the value.

    Along one direction y″ = f′x″ + f″x′² and so on. `factored` says that f holds (f′, f″/f′, f‴/f′, …): then f′
    multiplies each order once, y″ = f′(x″ + (f″/f′)x′²), which saves passes over memory.
    """
    f1, x1 = f[0], x[0]
    assert f1 is not None
    assert x1 is not None

    def close(linear: Stream, a: Stream, b: Stream) -> Stream:
        return times(f1, fused(linear, a, b)) if factored else fused(times(f1, linear), a, b)

    y: list[Stream] = [f1 * x1]
    if plan.order >= 2:
        products = pairs(plan, x1, x1)
        y.append(close(x[1], f[1], products))
        if plan.order >= 3:
            n = plan.counts[2]
            a, b, square = x1[:n], head(x[1], n), products[:n]
            y.append(close(x[2], a, fused(times(f[1], scaled(3, b)), f[2], square)))
            if plan.order >= 4:
                inner = fused(scaled(4, times(a, x[2])), scaled(3, b), b)
                outer = fused(times(f[2], scaled(6, b)), f[3], square)
                terms = fourth(plan, fused(times(f[1], inner), square, outer))
                y.append(times(f1, plus(x[3], terms)) if factored else plus(times(f1, x[3]), terms))
    return tuple(y)


def leibniz(plan: Plan, a0: Tensor, a: Streams, b0: Tensor, b: Streams) -> Streams:
    """Derivatives of a product: (ab)⁗ = a⁗b + 4a‴b′ + 6a″b″ + 4a′b‴ + ab⁗ along one direction."""
    y = [plus(times(p, b0), times(a0, q)) for p, q in zip(a, b, strict=True)]
    if a[0] is None or b[0] is None:
        return tuple(y)
    if plan.order >= 2:
        y[1] = plus(y[1], crossed(plan, a[0], b[0]))
    if plan.order >= 3:
        n = plan.counts[2]
        a1, b1, a2, b2 = a[0][:n], b[0][:n], head(a[1], n), head(b[1], n)
        y[2] = plus(y[2], scaled(3, plus(times(a1, b2), times(a2, b1))))
        if plan.order >= 4:
            sides = scaled(4, plus(times(a1, b[2]), times(a[2], b1)))
            y[3] = plus(y[3], fourth(plan, plus(sides, scaled(6, times(a2, b2)))))
    return tuple(y)


def pairs(plan: Plan, a: Tensor, b: Tensor) -> Tensor:
    """Products of first derivatives, a_i b_j, for each stream of second order."""
    parts: list[Tensor] = []
    if n := plan.counts[1]:
        parts.append(a[:n] * b[:n])
    if plan.mixed:
        parts.append(rows(a, [i for i, _ in plan.mixed]) * rows(b, [j for _, j in plan.mixed]))
    for trace in plan.traces:
        p, q = rows(a, trace), rows(b, trace)
        if len(trace) > _FEW:
            parts.append((p * q).sum(0, keepdim=True))
            continue
        total = p[:1] * q[:1]
        for i in range(1, len(trace)):
            total = torch.addcmul(total, p[i : i + 1], q[i : i + 1])
        parts.append(total)
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def crossed(plan: Plan, a: Tensor, b: Tensor) -> Tensor:
    """a_i b_j + a_j b_i for each stream of second order."""
    if not plan.mixed:
        return 2 * pairs(plan, a, b)
    return pairs(plan, a, b) + pairs(plan, b, a)


def fourth(plan: Plan, terms: Stream) -> Stream:
    """Terms of fourth order along each direction, gathered into the streams of fourth order."""
    if terms is None:
        return None
    parts = [terms[: plan.counts[3]]] if plan.counts[3] else []
    for quartic in plan.quartics:
        summands = rows(terms, [i for i, _ in quartic])
        weights = torch.tensor([w for _, w in quartic], dtype=real(terms.dtype), device=terms.device)
        parts.append((summands * weights.reshape(-1, *[1] * (terms.dim() - 1))).sum(0, keepdim=True))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def rows(stream: Tensor, index: Sequence[int]) -> Tensor:
    """Chosen rows of a stream: a view if they are contiguous."""
    first, n = index[0], len(index)
    if tuple(index) == tuple(range(first, first + n)):
        return stream if n == stream.shape[0] else stream[first : first + n]
    return stream[list(index)]


def real(dtype: torch.dtype) -> torch.dtype:
    """The real dtype of the same precision."""
    return dtype.to_real() if dtype.is_complex else dtype


def times(a: Stream, b: Stream) -> Stream:
    """The product, zero if a factor is."""
    return None if a is None or b is None else a * b


def plus(a: Stream, b: Stream) -> Stream:
    """The sum; a zero adds nothing."""
    if a is None or b is None:
        return b if a is None else a
    return a + b


def fused(a: Stream, b: Stream, c: Stream) -> Stream:
    """a + b·c in one pass over memory."""
    if a is None or b is None or c is None:
        return plus(a, times(b, c))
    return torch.addcmul(a, b, c)


def scaled(number: float, a: Stream) -> Stream:
    """A multiple."""
    return None if a is None else number * a


def head(a: Stream, n: int) -> Stream:
    """The first n rows."""
    return None if a is None else a[:n]


def lifted(stream: Stream, rank: int) -> Stream:
    """The stream of a value that is broadcast to `rank` dimensions."""
    if stream is None:
        return None
    while stream.dim() < rank + 1:
        stream = stream.unsqueeze(1)
    return stream


def fitted(streams: Streams, value: Tensor, batched: bool = False) -> Streams:
    """Streams of a smaller shape broadcast to that of `value`, but not along its first axis if that is `batched`."""
    out = []
    for stream in streams:
        stream = lifted(stream, value.dim())
        if stream is not None and stream.shape[1:] != value.shape:
            points = stream.shape[1:2] if batched else value.shape[:1]
            stream = stream.expand(stream.shape[0], *points, *value.shape[1:])
        out.append(stream)
    return tuple(out)
