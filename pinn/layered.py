"""The parameter Jacobian by layers: what a Linear adds to a row is an outer product, not a reverse sweep.

A pass of `Jet` sends a point through each Linear once, as streams h_s (the value and its derivatives) to streams
z_s = W h_s, with the bias b added to the value alone. So with the adjoints a_s = ∂r/∂z_s of a residual r at that point

    ∂r/∂W = Σ_s a_s h_sᵀ,    ∂r/∂b = a_0,

and the tangent kernel K = JJᵀ of points i and j is a sum over layers of products of two small inner products,

    K_ij = Σ_ss' (a_is · a_js') (h_is · h_js') + a_i0 · a_j0.

One adjoint sweep over all points gives every a_s; then each Linear takes one batched matrix product.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import jacrev, vmap
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.overrides import TorchFunctionMode

from pinn.operators.series import Series
from pinn.typing import Params

PointResidual = Callable[..., Tensor]
"""`residual(params, *sample)` at one point: shape (k,)."""


class NotLayeredError(RuntimeError):
    """The residual reaches a parameter by another way than as weight or bias of a Linear."""


@dataclass(frozen=True)
class Layer:
    """A Linear at all points: adjoints (N, k, S, out) and inputs (N, S, in) of the S streams that passed it.

    `valued` are the streams to which the bias is added.
    """

    weight: str
    bias: str | None
    adjoints: Tensor
    inputs: Tensor
    valued: tuple[int, ...]


def detached(params: Params) -> dict[str, Tensor]:
    """The same numbers, unknown to autograd."""
    return {name: value.detach() for name, value in params.items()}


def layers(residual: PointResidual, params: Params, sample: Sequence[Tensor]) -> tuple[Tensor, list[Layer]]:
    """The residual at all points, shape (N, k), and every Linear on its way, from one adjoint sweep.

    Raises NotLayeredError where parameters are used in another way, or where streams mix within a layer.
    """
    params = detached(params)
    first = tuple(part[0] for part in sample)
    residual(params, *first)  # whose operators may learn to share propagations; from now on every call is alike
    with _Taps(params) as probe:
        residual(params, *first)
    if not probe.uses:
        raise NotLayeredError("The residual passes no Linear.")
    zeros = [torch.zeros(use.shape, dtype=use.dtype, device=use.device) for use in probe.uses]

    def shifted(shifts: list[Tensor], *point: Tensor) -> tuple[Tensor, tuple[Tensor, list[Tensor]]]:
        with _Taps(params, shifts) as taps:
            r = residual(params, *point)
        return r, (r, [use.inputs for use in taps.uses])

    batched = vmap(jacrev(shifted, has_aux=True), in_dims=(None, *(0 for _ in sample)))
    adjoints, (r, inputs) = batched(zeros, *sample)
    return r, _merged(probe.uses, adjoints, inputs)


def rows(found: Sequence[Layer], params: Params, scale: float = 1.0) -> Tensor:
    """The Jacobian times `scale`, shape (N, k, P), the parameters flattened in their order."""
    if get_proxy_mode() is not None:
        return _traced_rows(found, params, scale)
    points, k = found[0].adjoints.shape[:2]
    sizes = [value.numel() for value in params.values()]
    J = found[0].adjoints.new_empty(points, k, sum(sizes))
    columns = dict(zip(params, J.split(sizes, dim=2), strict=True))
    for name in set(params) - {layer.weight for layer in found}:
        columns[name].zero_()
    for layer in found:
        adjoints = layer.adjoints * scale  # so much smaller than J
        weight = columns[layer.weight].unflatten(2, params[layer.weight].shape)
        for i in range(k):
            # Straight into its place: J is large, and a further pass over it costs as much as the product.
            torch.bmm(adjoints[:, i].mT, layer.inputs, out=weight[:, i])
        if layer.bias is not None:
            columns[layer.bias].add_(adjoints[:, :, layer.valued].sum(2))
    return J


def _traced_rows(found: Sequence[Layer], params: Params, scale: float) -> Tensor:
    """The same without writing in place, which a compiler turns into copies of all J."""
    points = found[0].adjoints.shape[:2]
    blocks = {name: found[0].adjoints.new_zeros(*points, value.numel()) for name, value in params.items()}
    for layer in found:
        adjoints = layer.adjoints * scale
        blocks[layer.weight] = torch.einsum("nkso,nsi->nkoi", adjoints, layer.inputs).flatten(2)
        if layer.bias is not None:
            blocks[layer.bias] = blocks[layer.bias] + adjoints[:, :, layer.valued].sum(2)
    return torch.cat([blocks[name] for name in params], dim=2)


def pointwise_rows(residual: PointResidual, params: Params, sample: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Residual, shape (N, k), and Jacobian, shape (N, k, P), of any residual: its own gradient at each point."""

    def twice(theta: Params, *point: Tensor) -> tuple[Tensor, Tensor]:
        r = residual(theta, *point)
        return r, r

    theta = detached(params)
    blocks, r = vmap(jacrev(twice, has_aux=True), in_dims=(None, *(0 for _ in sample)))(theta, *sample)
    return r, torch.cat([block.reshape(*r.shape, -1) for block in blocks.values()], dim=2)


def kernel(found: Sequence[Layer]) -> Tensor:
    """K = JJᵀ without J, shape (Nk, Nk), from the Gram matrices of adjoint and input streams."""
    total: Tensor | float = 0.0
    for layer in found:
        _, k, streams, _ = layer.adjoints.shape
        a = layer.adjoints.flatten(0, 1)
        h = layer.inputs
        for s in range(streams):
            for t in range(s + 1):
                inputs = h[:, s] @ h[:, t].T
                inputs = inputs.repeat_interleave(k, 0).repeat_interleave(k, 1) if k > 1 else inputs
                product = (a[:, s] @ a[:, t].T) * inputs
                total = total + (product if s == t else product + product.T)
        if layer.bias is not None:
            b = a[:, layer.valued].sum(1)
            total = total + b @ b.T
    assert isinstance(total, Tensor)
    return total


def kernel_is_cheaper(found: Sequence[Layer], points: int, parameters: int) -> bool:
    """Whether Gram matrices of streams take fewer products than JJᵀ from J: S²(in + out) against in·out a layer."""
    streams = 0
    for layer in found:
        count, (into, out) = layer.inputs.shape[1], (layer.inputs.shape[2], layer.adjoints.shape[3])
        streams += count * (count + 1) * (into + out + 2) // 2
    return points * streams < (points + 1) * parameters


@dataclass(frozen=True)
class _Use:
    """One call of a Linear at one point."""

    weight: str
    bias: str | None
    inputs: Tensor
    valued: int
    shape: torch.Size
    dtype: torch.dtype
    device: torch.device


class _Taps(TorchFunctionMode):
    """Records the inputs of every Linear whose weight is a parameter, and adds a shift to its outputs."""

    def __init__(self, params: Params, shifts: Sequence[Tensor] | None = None) -> None:
        super().__init__()
        self.names = {id(value): name for name, value in params.items()}
        self.shifts = shifts
        self.uses: list[_Use] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.nn.functional.linear and id(args[1]) in self.names:
            return self._tap(*args, **kwargs)
        for argument in (*args, *kwargs.values()):
            if id(argument) in self.names and getattr(func, "__name__", "") not in _HARMLESS:
                raise NotLayeredError(f"The parameter {self.names[id(argument)]!r} enters {func}, not a Linear.")
        return func(*args, **kwargs)

    def _tap(self, x: Any, weight: Tensor, bias: Tensor | None = None) -> Any:
        if bias is not None and id(bias) not in self.names:
            raise NotLayeredError("A Linear has a parameter as weight and none as bias.")
        y = torch.nn.functional.linear(x, weight, bias)
        if getattr(y, "seed", None) is not getattr(x, "seed", None):
            raise NotLayeredError("Rank reduction mixes the streams of a Linear.")
        into, out = list(_leaves(x)), list(_leaves(y))
        inputs = torch.cat([leaf.reshape(-1, leaf.shape[-1]) for leaf in into])
        shape = torch.Size((inputs.shape[0], weight.shape[0]))
        valued = into[0].numel() // weight.shape[1]
        name = None if bias is None else self.names[id(bias)]
        self.uses.append(_Use(self.names[id(weight)], name, inputs, valued, shape, out[0].dtype, out[0].device))
        if self.shifts is None:
            return y
        shift = self.shifts[len(self.uses) - 1]
        parts = shift.split([leaf.numel() // weight.shape[0] for leaf in out])
        return _rebuilt(y, iter([leaf + part.reshape(leaf.shape) for leaf, part in zip(out, parts, strict=True)]))


_HARMLESS = {"__get__", "is_complex", "is_floating_point", "dim", "size", "numel"}
"""Functions that ask a parameter for its properties."""


def _leaves(x: Any) -> Iterator[Tensor]:
    """The tensors of a series, its value first; series nest."""
    if not isinstance(x, Series):
        yield x
        return
    yield from _leaves(x.value)
    for stream in x.streams:
        if stream is not None:
            yield from _leaves(stream)


def _rebuilt(x: Any, leaves: Iterator[Tensor]) -> Any:
    """The same series with other tensors."""
    if not isinstance(x, Series):
        return next(leaves)
    value = _rebuilt(x.value, leaves)
    return Series(x.seed, value, tuple(None if s is None else _rebuilt(s, leaves) for s in x.streams))


def _merged(uses: Sequence[_Use], adjoints: Sequence[Tensor], inputs: Sequence[Tensor]) -> list[Layer]:
    """One layer for each weight: several passes through it are so many more streams."""
    found: dict[str, Layer] = {}
    for use, a, h in zip(uses, adjoints, inputs, strict=True):
        before = found.get(use.weight)
        start = 0 if before is None else before.inputs.shape[1]
        valued = tuple(range(start, start + use.valued))
        if before is not None:
            a, h = torch.cat([before.adjoints, a], 2), torch.cat([before.inputs, h], 1)
            valued = (*before.valued, *valued)
        found[use.weight] = Layer(use.weight, use.bias, a, h, valued)
    return list(found.values())
