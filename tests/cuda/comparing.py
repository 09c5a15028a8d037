"""The same on the CPU and on a device: what is moved, and how far two results may be apart."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes

T = TypeVar("T")
CPU = torch.device("cpu")

TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-4}
"""Of the largest entry. A kernel adds in its own order, which costs n·ε at worst: 1e-10 leaves a factor of 10⁵ on ε in
float64. In float32 ε is 6e-8, and second to fourth derivatives lose three digits to cancellation."""
STEPS = 1e-6
"""Of the loss after a few steps of training, in float64: each step magnifies the rounding of the one before."""


def dtypes(device: torch.device) -> tuple[torch.dtype, ...]:
    """What is compared: float64, and float32 on a real device, whose kernels differ between the two."""
    return (torch.float64, torch.float32) if device.type == "cuda" else (torch.float64,)


def on_cpu(call: Callable[[], T]) -> T:
    """The result of a call outside of any simulation: at full speed, with whatever it computes once and keeps."""
    with _disable_current_modes():
        return call()


def on(value: Any, device: torch.device) -> Any:
    """The same containers with their tensors on a device."""
    return pytree.tree_map(lambda leaf: leaf.to(device) if isinstance(leaf, Tensor) else leaf, value)


def assert_agree(found: Any, expected: Any, device: torch.device, tolerance: float | None = None) -> None:
    """Every tensor found is on the device and has the numbers of the one expected, which is on the CPU."""
    ours, theirs = (pytree.tree_leaves(value) for value in (found, expected))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if not isinstance(b, Tensor):
            assert a == b
            continue
        assert a.device.type == device.type, f"{tuple(a.shape)} was left on {a.device}"
        a, b = a.detach().cpu(), b.detach()
        if not b.is_floating_point():
            assert torch.equal(a, b)
            continue
        scale = float(b[b.isfinite()].abs().max()) if b.isfinite().any() else 0.0
        atol = (tolerance or TOLERANCE[b.dtype]) * max(scale, 1e-3)
        torch.testing.assert_close(a, b, rtol=0, atol=atol, equal_nan=True)
