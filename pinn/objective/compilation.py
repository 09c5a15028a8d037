"""Whole-step compilation: loss and parameter gradients as one graph."""

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from pinn.torch_private import (
    TreeSpec,
    compile_graph,
    make_fx,
    run_node,
    transforms_active,
    tree_flatten,
    tree_unflatten,
)

log = logging.getLogger("pinn")

Backend = Callable[[torch.fx.GraphModule, list[Tensor]], Callable[..., Any]]


class Compiled:
    """Runs functions of tensors as compiled graphs, one for each set of shapes.

    `torch.compile` cannot differentiate nested `autograd.grad` ("double backward"). So the whole step is traced first,
    derivatives in x and in θ included, to a graph of plain tensor operations (`make_fx`), and inductor compiles that;
    on CUDA with graph capture, since shapes are static. If that fails there is one warning, and the function runs as
    it is from then on. `seconds` is the time spent on tracing and compiling.

    `backend` makes a callable from the graph and its example inputs.
    """

    def __init__(self, backend: Backend | None = None) -> None:
        self.backend = backend or inductor
        self.seconds = 0.0
        self.failed = False
        self._graphs: dict[object, tuple[Callable[..., Any], TreeSpec]] = {}

    def __call__(self, function: Callable[..., Any], *arguments: Any, key: object) -> Any:
        """`function(*arguments)`, whose arguments and result are nested dicts and tuples of tensors.

        `key` tells apart functions, and whatever the function depends on besides its arguments.
        """
        leaves, structure = tree_flatten(arguments)
        # Inside a transform of torch.func, or if autograd records, the function runs as it is.
        recorded = torch.is_grad_enabled() and any(leaf.requires_grad for leaf in leaves)
        if self.failed or recorded or transforms_active():
            return function(*arguments)
        signature = (key, str(structure), tuple((leaf.shape, leaf.dtype, leaf.device) for leaf in leaves))
        if signature not in self._graphs:
            start = time.perf_counter()
            try:
                self._graphs[signature] = self._compile(function, leaves, structure)
            except Exception as error:
                # What is wrong with the function itself is raised here again, by its own name.
                result = function(*arguments)
                self.failed = True
                reason = next(iter(str(error).splitlines()), "")
                log.warning("compile: %s: %s. Training goes on without compilation.", type(error).__name__, reason)
                return result
            finally:
                self.seconds += time.perf_counter() - start
        graph, result_structure = self._graphs[signature]
        with torch.no_grad():  # the graph holds its own gradients; autograd has nothing to record
            return tree_unflatten(graph(*leaves), result_structure)

    def _compile(
        self, function: Callable[..., Any], leaves: list[Tensor], structure: TreeSpec
    ) -> tuple[Callable[..., Any], TreeSpec]:
        """A callable from leaves to leaves, and the structure of the result."""
        structures = []

        def flat(*leaves: Tensor) -> list[Tensor]:
            values, result_structure = tree_flatten(function(*tree_unflatten(leaves, structure)))
            structures.append(result_structure)
            return values

        with warnings.catch_warnings(), _default_dtype(leaves[0].dtype):
            warnings.simplefilter("ignore")  # torch's own, about its insides
            graph = make_fx(flat)(*leaves)
            if leaves[0].device.type != "cpu":
                constants_on_device(graph, leaves[0].device)
            compiled = self.backend(graph, leaves)
            with torch.no_grad():
                compiled(*leaves)  # the first call may compile, too
        return compiled, structures[0]


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """The dtype in which torch's own forward-mode rules make their constants, which inductor does not promote."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def constants_on_device(graph: torch.fx.GraphModule, device: torch.device) -> torch.fx.GraphModule:
    """The graph with what it makes on the host, as by `torch.tensor(rows, device=…)`, made once and kept on the device.

    A copy from the host within a step would wait, and a graph with tensors of the host is not captured.
    """
    # Of tensors of zeros torch computes with shapes alone, on the device "meta", and forgets what comes of it.
    graph.graph.eliminate_dead_code()
    made: dict[torch.fx.Node, Tensor] = {}  # nodes that depend on constants of the host alone
    with torch.no_grad():
        for node in list(graph.graph.nodes):
            if node.op == "get_attr":
                value = getattr(graph, node.target)
                if isinstance(value, Tensor):
                    made[node] = value
            elif node.op == "call_function" and node.all_input_nodes and all(n in made for n in node.all_input_nodes):
                value = run_node(node, made)
                if isinstance(value, Tensor):
                    made[node] = value
    for node, value in made.items():
        if any(user not in made for user in node.users):
            name = f"_made_{node.name}"
            kept_on = value.device if value.is_meta else device
            graph.register_buffer(name, value.detach().to(kept_on), persistent=False)
            with graph.graph.inserting_before(node):
                kept = graph.graph.get_attr(name)
            node.replace_all_uses_with(kept, delete_user_cb=lambda user: user not in made)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def inductor(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Callable[..., Any]:
    """Machine code from inductor; on CUDA one captured graph, whose results are copied out of its memory."""
    options: dict[str, Any] = {"triton.cudagraphs": True} if inputs[0].is_cuda else {}
    with torch.no_grad():
        compiled = compile_graph(graph, inputs, options)
    if not inputs[0].is_cuda:
        return compiled
    return lambda *leaves: [value.clone() for value in compiled(*leaves)]
