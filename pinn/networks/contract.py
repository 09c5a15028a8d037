"""What training asks of a network beyond its layers: one dtype, no chance, no memory, and points that do not meet."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from pinn.networks.parameters import trained_parameters
from pinn.operators import refuse_batch_norm
from pinn.torch_private import Dropout
from pinn.typing import Points

_ROUNDING = 1e3
"""Units in the last place by which the value at a point may differ between two calls of the same shape."""


def refuse_unfit(network: nn.Module, points: Points) -> None:
    """Raise ValueError, which names the fault, for a network that is not a field u(x; θ) of its trained parameters.

    Refused are parameters of several dtypes or on several devices, and none to train; BatchNorm and Dropout in
    training mode; a forward pass that draws random numbers, changes parameters, buffers or its input, gives another
    dtype, or at one point depends on the other points of a batch. The last ones are found by calling the network at a
    few `points` (N, d), N even; what it changes is put back.
    """
    _refuse_mixed(network)
    refuse_batch_norm(network)
    for name, module in network.named_modules():
        if isinstance(module, Dropout) and module.training and module.p > 0:
            raise ValueError(
                f"{type(module).__name__} {name!r} is in training mode: it is random, so the network is no field and "
                "its loss no function of the parameters. Call network.eval()."
            )
    value = _examined_call(network, points)
    if not isinstance(value, Tensor) or value.shape[:1] != points.shape[:1]:
        return  # no value for each point: refused where the network becomes a field
    if value.dtype != points.dtype:
        raise ValueError(
            f"{type(network).__name__} gives {value.dtype} at points of {points.dtype}: convert all of it, "
            "network.to(dtype), with the constants that it makes."
        )
    _refuse_coupling(network, points, value)


def _refuse_mixed(network: nn.Module) -> None:
    trained = trained_parameters(network)
    if not trained:
        raise ValueError(
            f"{type(network).__name__} has no parameter to train: all have requires_grad=False, or there are none. "
            "Call requires_grad_(True) of those that training may change."
        )
    first, one = next(iter(trained.items()))
    for name, value in network.named_parameters():
        if value.dtype != one.dtype and (value.requires_grad or value.is_floating_point() or value.is_complex()):
            raise ValueError(
                f"The parameters of {type(network).__name__} have several dtypes, {one.dtype} ({first!r}) and "
                f"{value.dtype} ({name!r}): convert the network, network.to({one.dtype})."
            )
        if value.device != one.device:
            raise ValueError(
                f"The parameters of {type(network).__name__} lie on several devices, {one.device} ({first!r}) and "
                f"{value.device} ({name!r}): move the network, network.to({str(one.device)!r})."
            )
    if not one.is_floating_point():
        raise ValueError(
            f"The parameter {first!r} is of {one.dtype}: training takes real ones, so keep real and imaginary parts."
        )


def _examined_call(network: nn.Module, points: Points) -> Tensor:
    """The value at the points, from a first call after which nothing may be different, and a second one."""
    before, given = {name: value.detach().clone() for name, value in _state(network)}, points.clone()
    noise = _random_state(points)
    value = network(given)
    drawn = any(not torch.equal(a, b) for a, b in zip(noise, _random_state(points), strict=True))
    changed = [name for name, now in _state(network) if not _same(now, before[name])]
    again = value if drawn or changed else network(points.clone())
    with torch.no_grad():
        for name, now in _state(network):
            now.copy_(before[name])  # also where a buffer has been replaced by another tensor
    _restore_random_state(noise, points)
    if changed:
        raise ValueError(
            f"The forward pass of {type(network).__name__} changes {changed[0]!r}, as spectral_norm and running "
            "statistics do in training mode: its loss would be another function at each call. Call network.eval(), or "
            "leave out what writes in place."
        )
    if drawn or not _close(value, again):
        raise ValueError(
            f"The forward pass of {type(network).__name__} is random or remembers earlier calls, as Dropout does in "
            "training mode: two calls at the same points differ, so its loss is no function of the parameters. Call "
            "network.eval(), or leave out what is random."
        )
    if not _same(given, points):
        raise ValueError(
            f"The forward pass of {type(network).__name__} changes its input in place: write x = x + 1 for x += 1."
        )
    return value


def _refuse_coupling(network: nn.Module, points: Points, value: Tensor) -> None:
    """The value at the first point beside other points, and at each point alone."""
    half = len(points) // 2
    others = torch.cat([points[:1], points[half:].flip(0)[: half - 1], points[1 : half + 1]])
    beside = network(others)[:1]
    alone = torch.cat([network(points[k : k + 1]) for k in range(len(points))])
    # A product of matrices of another shape may sum in another order, and layers amplify that.
    single = torch.finfo(value.dtype).eps ** -0.5
    if not _close(value[:1], beside) or not _close(value, alone, single):
        raise ValueError(
            f"{type(network).__name__} couples the points of a batch: its value at a point changes with the other "
            "points (a mean over the batch, say), so it is no field and has no derivative at a point. Let each row of "
            "the output depend on the same row of the input alone."
        )


def _state(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from network.named_parameters()
    yield from network.named_buffers()


def _same(a: Tensor, b: Tensor) -> bool:
    return torch.equal(a.detach().nan_to_num(), b.detach().nan_to_num())


def _close(a: Tensor, b: Tensor, ulps: float = _ROUNDING) -> bool:
    """Whether two values agree to so many units in the last place of the largest, as far as they are finite."""
    if not isinstance(a, Tensor):
        return True
    if a.shape != b.shape:
        return False
    a, b = a.detach().nan_to_num(0, 0, 0), b.detach().nan_to_num(0, 0, 0)
    size = torch.maximum(a.abs().amax(), b.abs().amax())
    return bool(((a - b).abs() <= ulps * torch.finfo(a.dtype).eps * size).all())


def _random_state(like: Tensor) -> list[Tensor]:
    """The states of torch's own generators that a network at these points may use."""
    states = [torch.get_rng_state()]
    return states + ([torch.cuda.get_rng_state(like.device)] if _on_gpu(like) else [])


def _restore_random_state(states: list[Tensor], like: Tensor) -> None:
    torch.set_rng_state(states[0])
    if _on_gpu(like):
        torch.cuda.set_rng_state(states[1], like.device)


def _on_gpu(like: Tensor) -> bool:
    return like.is_cuda and torch.cuda.is_available()
