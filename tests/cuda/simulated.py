"""A device that is not the CPU, simulated: its tensors hold numbers of the CPU, and must not meet tensors of the CPU.

torch's fake tensors have no numbers, so that every `if` on a value ends them, and a build of torch without CUDA cannot
differentiate fake tensors of a GPU at all. A tensor of this device has true numbers: training, factorizations and
resuming run on it from end to end. As on a GPU, an operation on tensors of two devices is an error unless one of them
is a number (a CPU tensor of shape ()), and `crossings` lists each transfer between the devices, for which a GPU waits.
What only CUDA has is not covered: its kernels, their rounding, streams, capture and memory.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "simulated"
WAITS = {"_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "item", "unique_dim", "_unique2"}
"""Operations whose result, or its shape, the host has to wait for."""


class CrossingError(RuntimeError):
    """Numbers went from one device to the other where none may."""


class SimulatedTensor(Tensor):
    """A tensor of the simulated device; `held` has its numbers, on the CPU."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor, requires_grad: bool = False) -> "SimulatedTensor":
        tensor = Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device(NAME, 0),
            requires_grad=requires_grad,
        )
        tensor.held = held
        return tensor

    __torch_function__ = torch._C._disabled_torch_function_impl  # pyright: ignore[reportAssignmentType]

    def __init__(self, held: Tensor, requires_grad: bool = False) -> None:
        super().__init__()

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"Simulated({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        return _run(func, args, kwargs or {}, lambda _: None)


class Simulation(TorchDispatchMode):
    """While it lasts, `device="simulated"` makes tensors of that device.

    `crossings` are the operations so far in which numbers crossed between it and the host, each with the line of ours
    that asked for it. With `strict` the first one raises CrossingError.
    """

    def __init__(self) -> None:
        super().__init__()
        self.crossings: list[str] = []
        self.strict = False

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        return _run(func, args, kwargs or {}, self._crossed)

    def __enter__(self) -> "Simulation":
        self._before = torch._C._only_lift_cpu_tensors()
        torch._C._set_only_lift_cpu_tensors(True)  # or torch.tensor(…, device=…) would reach no mode
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        torch._C._set_only_lift_cpu_tensors(self._before)
        super().__exit__(*error)

    @contextmanager
    def captured(self) -> Iterator[None]:
        """As within a captured graph: nothing may cross."""
        self.strict = True
        try:
            yield
        finally:
            self.strict = False

    def _crossed(self, operation: str) -> None:
        ours = [frame for frame in traceback.extract_stack() if "/pinn/" in frame.filename]
        where = f"{ours[-1].filename.split('/pinn/')[-1]}:{ours[-1].lineno}" if ours else "outside of the library"
        self.crossings.append(f"{operation} at {where}")
        if self.strict:
            raise CrossingError(self.crossings[-1])


def _run(func: Any, args: tuple, kwargs: dict[str, Any], crossed: Callable[[str], None]) -> Any:
    """The operation on the numbers held, refused where devices meet; its results on the device of its inputs."""
    name = func._schema.name.removeprefix("aten::")
    leaves = [leaf for leaf in pytree.arg_tree_leaves(*args, **kwargs) if isinstance(leaf, Tensor)]
    ours = any(isinstance(leaf, SimulatedTensor) for leaf in leaves)
    asked = kwargs.get("device")
    there = ours if asked is None else torch.device(asked).type == NAME
    if asked is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    if name == "copy_":
        there = isinstance(args[0], SimulatedTensor)
        if there != isinstance(args[1], SimulatedTensor):
            crossed(name)
    elif leaves and there != ours and name not in {"zeros_like", "ones_like", "empty_like", "full_like"}:
        crossed(f"{name} of shape {tuple(leaves[0].shape)}")
    elif ours:
        lost = [leaf for leaf in leaves if not isinstance(leaf, SimulatedTensor) and leaf.dim() > 0]
        if lost:
            shapes = ", ".join(f"{tuple(leaf.shape)} {leaf.dtype}" for leaf in lost)
            raise RuntimeError(f"{func}: a tensor left on the CPU ({shapes}) meets one on the device.")
        masks = name in {"index", "index_put_"} and any(
            leaf.dtype in (torch.bool, torch.uint8) for leaf in pytree.tree_leaves(args[1]) if isinstance(leaf, Tensor)
        )
        if name in WAITS or masks:
            crossed(name)
    if name == "_efficientzerotensor":  # zeros without memory, which no wrapper can hold
        func = torch.ops.aten.zeros.default
    result = func(*pytree.tree_map(_held, args), **pytree.tree_map(_held, kwargs))
    if not there:
        return result
    if func._schema.is_mutable and isinstance(result, Tensor) and isinstance(args[0], SimulatedTensor):
        if torch.Tag.inplace_view in func.tags:  # such as squeeze_, which the matmul of vectors uses
            with no_dispatch():
                func(*args, **kwargs)
        return args[0]
    return pytree.tree_map(lambda t: SimulatedTensor(t) if isinstance(t, Tensor) else t, result)


def _held(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, SimulatedTensor) else leaf


# torch's place for a further backend. At import, since autograd counts the devices before its first backward pass.
_setup_privateuseone_for_python_backend(NAME)
