"""What a captured graph may hold: no tensor of the host, and nothing that the host has to wait for."""

from typing import Any

import pytest
import torch

from pinn.objective import Objective
from pinn.objective.compilation import Compiled, constants_on_device
from pinn.operators import Auto, Estimate, Strategy
from pinn.pdes import PDE, Poisson
from pinn.samplers import Sobol
from tests.conftest import FINAL
from tests.contracts.test_pdes import PDES, network
from tests.cuda.simulated import WAITS

STRATEGIES = [cls() for cls in FINAL if cls.__name__ != "Ones"]  # v = 1 asks the host whether its Jacobian is diagonal
ELSEWHERE = torch.device("meta")


def graphs(pde: PDE, strategy: Strategy, *what: str) -> list[tuple[torch.fx.GraphModule, list[torch.Tensor]]]:
    """The graphs of methods of the objective, as they go to the compiler, with their inputs."""
    found: list[tuple[torch.fx.GraphModule, list[torch.Tensor]]] = []

    def traced(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
        found.append((graph, inputs))
        return graph

    module, compiled = network(pde), Compiled(traced)
    samples = Sobol(6, 4).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), next(module.parameters()))
    params: dict[str, Any] = {name: value.detach() for name, value in module.named_parameters()}
    objective = Objective(pde, module, samples, strategy, compiled=compiled)
    for name in what:
        getattr(objective.eager(), name)(params)  # learns what the residual asks for, as training does ahead
        getattr(objective, name)(params)
    assert not compiled.failed
    return found


def tensors_of(graph: torch.fx.GraphModule) -> list[torch.Tensor]:
    """The constants that a graph uses."""
    return [getattr(graph, node.target) for node in graph.graph.nodes if node.op == "get_attr"]


def twin(graph: torch.fx.GraphModule) -> torch.fx.GraphModule:
    """The same graph with the same constants, to be changed by itself."""
    nodes = torch.fx.Graph()
    nodes.output(nodes.graph_copy(graph.graph, {}))
    return torch.fx.GraphModule(graph, nodes)


def assert_capturable(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> None:
    """Once its constants are made, all of them are on the device, the host waits for nothing, and no number changes."""
    expected, there = graph(*inputs), constants_on_device(twin(graph), ELSEWHERE)
    for ours, theirs in zip(constants_on_device(graph, torch.device("cpu"))(*inputs), expected, strict=True):
        assert torch.equal(ours, theirs)
    assert all(constant.device.type == "meta" for constant in tensors_of(there))
    names = {node.target._schema.name for node in there.graph.nodes if hasattr(node.target, "_schema")}
    assert names, "a graph without operations"
    assert not names & {f"aten::{wait}" for wait in WAITS}, names


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: type(s).__name__)
def test_every_strategy(strategy: Strategy) -> None:
    for graph, inputs in graphs(Poisson(hard=False), strategy, "evaluate", "gradient", "linearize"):
        assert_capturable(graph, inputs)


@pytest.mark.parametrize("pde", PDES, ids=lambda pde: type(pde).__name__)
def test_every_problem(pde: PDE) -> None:
    for graph, inputs in graphs(pde, Auto(), "gradient"):
        assert_capturable(graph, inputs)


def test_graphs_do_take_constants_from_the_host() -> None:
    """The test can fail: untouched, the graph of a Poisson problem holds tensors of the host."""
    ((graph, _),) = graphs(Poisson(), Auto(), "gradient")
    assert any(constant.dim() for constant in tensors_of(graph))


@pytest.mark.parametrize("strategy", [s for s in STRATEGIES if isinstance(s, Estimate)], ids=lambda s: type(s).__name__)
def test_the_seed_of_an_estimate_is_an_input_with_the_device_of_the_parameters(strategy: Strategy) -> None:
    ((_, inputs),) = graphs(Poisson(), strategy, "gradient")
    assert sum(tensor.dtype == torch.int64 for tensor in inputs) == 1
