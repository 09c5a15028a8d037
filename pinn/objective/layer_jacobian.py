"""The parameter Jacobian by layers: what a Linear adds to a row is an outer product, not a reverse sweep.

A pass of `Jet` sends a point through each Linear once, as streams h_s (the value and its derivatives) to streams
z_s = W h_s, with the bias b added to the value alone. So with the adjoints a_s = ∂r/∂z_s of a residual r at that point

    ∂r/∂W = Σ_s a_s h_sᵀ,    ∂r/∂b = a_0,

and the tangent kernel K = JJᵀ of points i and j is a sum over layers of products of two small inner products,

    K_ij = Σ_ss' (a_is · a_js') (h_is · h_js') + a_i0 · a_j0.

One adjoint sweep over all points gives every a_s; then each Linear takes one batched matrix product.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap
from torch.overrides import TorchFunctionMode

from pinn.operators.jet.batching import leaves, rebuilt
from pinn.torch_private import is_batched, is_tracing
from pinn.typing import Params

PointResidual = Callable[..., Tensor]
"""`residual(params, *sample)` at one point: shape (k,)."""


class NotLayeredError(RuntimeError):
    """The residual reaches a parameter by another way than as weight or bias of a Linear."""


@dataclass(frozen=True)
class Layer:
    """A Linear at all points: adjoints (N, k, S, out) and inputs (N, S, in) of the S streams that passed it.

    `bias_streams` are the streams to which the bias is added.
    """

    weight: str
    bias: str | None
    adjoints: Tensor
    inputs: Tensor
    bias_streams: tuple[int, ...]


def detached(params: Params) -> dict[str, Tensor]:
    """The same numbers, unknown to autograd."""
    return {name: value.detach() for name, value in params.items()}


def layers(residual: PointResidual, params: Params, sample: Sequence[Tensor]) -> tuple[Tensor, list[Layer]]:
    """The residual at all points, shape (N, k), and every Linear on its way, from one adjoint sweep for each of k.

    The residual calls its networks by `pinn.networks.field`. Raises NotLayeredError if parameters are used in
    another way, if a network sees less than all points at once, or if streams mix within a layer.
    """
    with torch.enable_grad():
        theta = {name: value.detach().requires_grad_() for name, value in params.items()}
        with _Taps(theta, len(sample[0])) as taps:
            r = vmap(partial(residual, theta))(*sample)
        if not taps.uses:
            raise NotLayeredError("The residual passes no Linear.")
        adjoints = _sweeps(r, [use.outputs for use in taps.uses], theta)
    return r.detach(), _merged(taps.uses, adjoints)


def rows(layers: Sequence[Layer], params: Params, scale: float = 1.0) -> Tensor:
    """The Jacobian times `scale`, shape (N, k, P), the parameters flattened in their order."""
    if is_tracing():
        return _traced_rows(layers, params, scale)
    points, k = layers[0].adjoints.shape[:2]
    sizes = [value.numel() for value in params.values()]
    J = layers[0].adjoints.new_empty(points, k, sum(sizes))
    columns = dict(zip(params, J.split(sizes, dim=2), strict=True))
    for name in set(params) - {layer.weight for layer in layers}:
        columns[name].zero_()
    for layer in layers:
        adjoints = layer.adjoints * scale  # so much smaller than J
        weight = columns[layer.weight].unflatten(2, params[layer.weight].shape)
        for i in range(k):
            # Straight into its place: J is large, and a further pass over it costs as much as the product.
            torch.bmm(adjoints[:, i].mT, layer.inputs, out=weight[:, i])
        if layer.bias is not None:
            # An index is a number where it can be: a list goes to the device as a tensor, for which the host waits.
            one = len(layer.bias_streams) == 1
            streams = adjoints[:, :, layer.bias_streams[0]] if one else adjoints[:, :, layer.bias_streams].sum(2)
            columns[layer.bias].add_(streams)
    return J


def _traced_rows(layers: Sequence[Layer], params: Params, scale: float) -> Tensor:
    """The same without writing in place, which a compiler turns into copies of all J."""
    points = layers[0].adjoints.shape[:2]
    blocks = {name: layers[0].adjoints.new_zeros(*points, value.numel()) for name, value in params.items()}
    for layer in layers:
        adjoints = layer.adjoints * scale
        blocks[layer.weight] = torch.einsum("nkso,nsi->nkoi", adjoints, layer.inputs).flatten(2)
        if layer.bias is not None:
            blocks[layer.bias] = blocks[layer.bias] + adjoints[:, :, layer.bias_streams].sum(2)
    return torch.cat([blocks[name] for name in params], dim=2)


def kernel(layers: Sequence[Layer]) -> Tensor:
    """K = JJᵀ without J, shape (Nk, Nk), from the Gram matrices of adjoint and input streams."""
    total: Tensor | float = 0.0
    for layer in layers:
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
            b = a[:, layer.bias_streams].sum(1)
            total = total + b @ b.T
    assert isinstance(total, Tensor)
    return total


def kernel_is_cheaper(layers: Sequence[Layer], points: int, parameters: int) -> bool:
    """Whether Gram matrices of streams take fewer products than JJᵀ from J: S²(in + out) against in·out a layer."""
    streams = 0
    for layer in layers:
        count, (into, out) = layer.inputs.shape[1], (layer.inputs.shape[2], layer.adjoints.shape[3])
        streams += count * (count + 1) * (into + out + 2) // 2
    return points * streams < (points + 1) * parameters


@dataclass(frozen=True)
class _Use:
    """One call of a Linear: its input streams (S, N, in) and the parts of its output, each (…, N, out)."""

    weight: str
    bias: str | None
    inputs: Tensor
    outputs: list[Tensor]
    bias_streams: int


class _Taps(TorchFunctionMode):
    """Records inputs and outputs of every Linear whose weight is a parameter and that sees all the points at once."""

    def __init__(self, params: Params, points: int) -> None:
        super().__init__()
        self.names = {id(value): name for name, value in params.items()}
        self.points = points
        self.uses: list[_Use] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.nn.functional.linear and len(args) > 1 and id(args[1]) in self.names:
            return self._tap(*args, **kwargs)
        return func(*args, **kwargs)

    def _tap(self, x: Any, weight: Tensor, bias: Tensor | None = None) -> Any:
        name = None if bias is None else self.names.get(id(bias))
        # Hidden from autograd: a parameter that still has a gradient enters in another way.
        y = torch.nn.functional.linear(x, weight.detach(), bias if name is None or bias is None else bias.detach())
        if getattr(y, "propagation", None) is not getattr(x, "propagation", None):
            raise NotLayeredError("Rank reduction mixes the streams of a Linear.")
        inputs = [self._at_all_points(tensor) for tensor in leaves(x)]
        outputs = [self._at_all_points(tensor) for tensor in leaves(y)]
        outputs = [tensor if tensor.requires_grad else tensor.requires_grad_() for tensor in outputs]
        if len(outputs) != len(inputs):
            raise NotLayeredError("The bias of a Linear depends on the point.")
        flat = torch.cat([tensor.reshape(-1, *tensor.shape[-2:]) for tensor in inputs]).detach()
        bias_streams = inputs[0].shape[:-2].numel()
        self.uses.append(_Use(self.names[id(weight)], name, flat, outputs, bias_streams))
        return rebuilt(y, iter(outputs))

    def _at_all_points(self, tensor: Tensor) -> Tensor:
        """A stream that is the same at all points, once for each of them: its adjoints differ."""
        if is_batched(tensor) or tensor.dim() < 2:
            raise NotLayeredError("A Linear sees one point at a time.")
        if tensor.shape[-2] == self.points:
            return tensor
        if tensor.shape[-2] != 1:
            raise NotLayeredError("The points are not the last axis but one of what a Linear sees.")
        return tensor.expand(*tensor.shape[:-2], self.points, tensor.shape[-1])


def _sweeps(r: Tensor, outputs: Sequence[Sequence[Tensor]], hidden: Params) -> list[Tensor]:
    """∂r/∂z for the streams z that leave each Linear, shape (k, S, N, out): points are independent.

    Raises NotLayeredError if one of the parameters that the Linears hide has a gradient all the same.
    """
    flat = [z for parts in outputs for z in parts]
    swept: list[list[Tensor]] = [[] for _ in outputs]
    k = r.shape[1]
    for i in range(k):
        wanted = [*flat, *hidden.values()]
        gradients = torch.autograd.grad(r[:, i].sum(), wanted, retain_graph=i + 1 < k, allow_unused=True)
        for name, gradient in zip(hidden, gradients[len(flat) :], strict=True):
            if gradient is not None:
                raise NotLayeredError(f"The parameter {name!r} enters not only as weight or bias of a Linear.")
        streams = iter([torch.zeros_like(z) if g is None else g for z, g in zip(flat, gradients, strict=False)])
        for parts, adjoints in zip(outputs, swept, strict=True):
            adjoints.append(torch.cat([next(streams).reshape(-1, *z.shape[-2:]) for z in parts]))
    return [torch.stack(adjoints) for adjoints in swept]


def _merged(uses: Sequence[_Use], adjoints: Sequence[Tensor]) -> list[Layer]:
    """One layer for each weight: several passes through it are so many more streams."""
    merged: dict[str, Layer] = {}
    pairs = {(use.weight, use.bias) for use in uses}
    biases = [bias for _, bias in pairs if bias is not None]
    if len({weight for weight, _ in pairs}) < len(pairs) or len(set(biases)) < len(biases):
        raise NotLayeredError("A weight with two biases, or a bias of two weights.")
    for use, a in zip(uses, adjoints, strict=True):
        a, h = a.permute(2, 0, 1, 3), use.inputs.movedim(0, 1)
        before = merged.get(use.weight)
        start = 0 if before is None else before.inputs.shape[1]
        bias_streams = tuple(range(start, start + use.bias_streams))
        if before is not None:
            a, h = torch.cat([before.adjoints, a], 2), torch.cat([before.inputs, h], 1)
            bias_streams = (*before.bias_streams, *bias_streams)
        merged[use.weight] = Layer(use.weight, use.bias, a, h, bias_streams)
    return list(merged.values())
