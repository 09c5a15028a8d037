"""All of torch's private interface that we use: what may change with a new torch is in this file alone.

Tried on torch 2.13.0; 2.11 is the lower bound. What each name is needed for:

- `make_fx`, `is_tracing`: trace a whole step, derivatives included, to a graph of plain operations, and take the path
  without writes in place and without branches on data while doing so (`torch.fx.experimental.proxy_tensor`).
- `compile_graph`: inductor on such a graph, which `torch.compile` offers only for functions it has traced itself.
- `run_node`: the value of a node of a traced graph, or None if it writes in place.
- `transforms_active`, `is_batched`, `innermost_vmap`: which transform of `torch.func` runs now, so that a network is
  called once for all points of a `vmap` and a hand-written adjoint is used by plain autograd alone (`torch._C`).
- `current_function_mode`: the mode that intercepts torch functions, to have it again beneath `vmap`.
- `tree_flatten`, `tree_leaves`, `tree_map`, `tree_unflatten`, `TreeSpec`: nested containers of tensors
  (`torch.utils._pytree`).
- `BatchNorm`, `Dropout`: the classes of all layers of these names.
- `TorchDispatchMode`: sees every operation, to count the memory of what it makes (`torch.utils._python_dispatch`).

Importing it does not load `torch._inductor`, which takes a third of the time of `import pinn`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch._C import _functorch  # pyright: ignore[reportAttributeAccessIssue]
from torch.fx.experimental.proxy_tensor import get_proxy_mode, make_fx
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm
from torch.nn.modules.dropout import _DropoutNd as Dropout
from torch.overrides import _get_current_function_mode as current_function_mode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import TreeSpec, tree_flatten, tree_leaves, tree_map, tree_unflatten

__all__ = [
    "BatchNorm",
    "Dropout",
    "TorchDispatchMode",
    "TreeSpec",
    "compile_graph",
    "current_function_mode",
    "innermost_vmap",
    "is_batched",
    "is_tracing",
    "make_fx",
    "run_node",
    "transforms_active",
    "tree_flatten",
    "tree_leaves",
    "tree_map",
    "tree_unflatten",
]


def is_tracing() -> bool:
    """Whether `make_fx` records what runs."""
    return get_proxy_mode() is not None


def compile_graph(graph: torch.fx.GraphModule, inputs: list[Any], options: dict[str, Any]) -> Callable[..., Any]:
    """Machine code from inductor, for the CPU also from torch's own cache on disk, in TORCHINDUCTOR_CACHE_DIR.

    Inductor looks a graph up by a hash of its operations, shapes, options and the version of torch, but only if there
    is a `ShapeEnv`, which `torch.compile` makes and `torch._inductor.compile` does not. All shapes are static. With
    captured CUDA graphs this has not been tried, so there each process compiles.
    """
    import torch._inductor  # here, since it takes long to load
    from torch._guards import TracingContext, tracing
    from torch._subclasses import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    on_cpu = all(value.device.type == "cpu" for value in inputs)
    context = TracingContext(FakeTensorMode(shape_env=ShapeEnv(), static_shapes=True)) if on_cpu else None
    with tracing(context):
        return torch._inductor.compile(graph, inputs, options=options)  # pyright: ignore[reportReturnType]


def run_node(node: torch.fx.Node, values: Mapping[torch.fx.Node, Tensor]) -> Any:
    """What a node that calls an operation computes from the values of its inputs; None if it writes in place."""
    operation: Any = node.target
    if operation._schema.is_mutable:
        return None
    return operation(*torch.fx.node.map_arg(node.args, values.__getitem__), **node.kwargs)  # pyright: ignore


def transforms_active() -> bool:
    """Whether a transform of `torch.func` runs: vmap, jvp, vjp, …"""
    return torch._C._are_functorch_transforms_active()


def innermost_vmap() -> int | None:
    """The level of the innermost transform if that is a `vmap`, else None."""
    transform = _functorch.peek_interpreter_stack()
    if transform is None or transform.key() != _functorch.TransformType.Vmap:
        return None
    return transform.level()


def is_batched(tensor: Tensor, level: int | None = None) -> bool:
    """Whether a tensor differs along a `vmap`: that of `level`, or any for None."""
    return _functorch.is_batchedtensor(tensor) and (level is None or _functorch.maybe_get_level(tensor) == level)
