"""The same Poisson problem, −Δu = 2π² sin πx sin πy on the unit square, written for each tool as its own manual does.

Everywhere: a tanh network, N interior and M boundary points drawn once, the sum of the two mean squares, Adam. Each
program trains for ever, in the tool's own loop, and reports to `Pace` after each step.
"""

# pyright: reportMissingImports=false
# The peers are no dependencies: a program imports its tool when it runs.

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pinn import train
from pinn.networks import MLP
from pinn.operators import Auto, Jet, Strategy
from pinn.optimizers import Adam
from pinn.pdes import Poisson
from pinn.samplers import Uniform

FOREVER = 10**9
Values = Callable[[np.ndarray], np.ndarray]
"""The network in training: points of shape (N, 2) to values of shape (N,)."""


@dataclass(frozen=True)
class Problem:
    """What all tools are given: `width` × `depth` hidden neurons, points, learning rate of Adam, dtype, seed."""

    width: int = 50
    depth: int = 4
    interior: int = 2000
    boundary: int = 400
    lr: float = 1e-3
    dtype: str = "float32"
    seed: int = 0

    @property
    def torch_dtype(self) -> torch.dtype:
        return getattr(torch, self.dtype)


class Pace(ABC):
    """Who decides how far a tool trains."""

    @abstractmethod
    def stepped(self, u: Values, compile_s: float = 0.0) -> None:
        """Called after each training step, parameters updated; `compile_s` seconds went into compilation so far."""


def relative_l2(u: Values) -> float:
    """‖u − u*‖/‖u*‖ on a grid of 101 × 101 points, u* = sin πx sin πy."""
    axis = np.linspace(0.0, 1.0, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    exact = np.sin(np.pi * grid[:, 0]) * np.sin(np.pi * grid[:, 1])
    return float(np.linalg.norm(u(grid) - exact) / np.linalg.norm(exact))


def run_pinn(problem: Problem, pace: Pace, strategy: Strategy, compiled: bool) -> None:
    """This library's own training loop."""
    generator = torch.Generator().manual_seed(problem.seed)
    network = MLP(inputs=2, width=problem.width, depth=problem.depth, generator=generator).to(problem.torch_dtype)
    adam = Adam(lr=problem.lr, final_lr=problem.lr, steps=FOREVER)
    points = Uniform(problem.interior, problem.boundary, every=0)
    equation = Poisson(hard=False, penalty=1.0)
    for step in train(equation, network, adam, points, strategy, seed=problem.seed, compile=compiled):
        pace.stepped(_by_torch(torch.func.vmap(step.field), problem), step.compile_s)


def run_plain(problem: Problem, pace: Pace) -> None:
    """The loop that everybody writes first: nested torch.autograd.grad over the coordinates."""
    torch.manual_seed(problem.seed)
    dtype = problem.torch_dtype
    sizes = [2, *[problem.width] * problem.depth]
    hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.Tanh())]
    network = nn.Sequential(*hidden, nn.Linear(problem.width, 1)).to(dtype)
    for layer in network:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    x = torch.rand(problem.interior, 2, dtype=dtype, requires_grad=True)
    edge = _boundary(problem)
    source = 2 * math.pi**2 * torch.sin(math.pi * x.detach()).prod(dim=1)
    adam = torch.optim.Adam(network.parameters(), lr=problem.lr)
    while True:
        adam.zero_grad()
        u = network(x)
        (u_x,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        u_xx, u_yy = (torch.autograd.grad(u_x[:, k].sum(), x, create_graph=True)[0][:, k] for k in range(2))
        loss = (u_xx + u_yy + source).square().mean() + network(edge).square().mean()
        loss.backward()
        adam.step()
        pace.stepped(_by_torch(lambda points: network(points)[:, 0], problem))


def run_deepxde(problem: Problem, pace: Pace) -> None:
    """DeepXDE. Boundary points are given as a set: its DirichletBC would evaluate them twice."""
    os.environ["DDE_BACKEND"] = "pytorch"  # read when it loads
    import deepxde as dde

    dde.config.set_random_seed(problem.seed)
    dde.config.set_default_float(problem.dtype)

    def residual(x: Tensor, u: Tensor) -> Tensor:
        u_xx, u_yy = (dde.grad.hessian(u, x, i=k, j=k) for k in range(2))
        return u_xx + u_yy + 2 * np.pi**2 * torch.sin(np.pi * x[:, 0:1]) * torch.sin(np.pi * x[:, 1:2])

    square = dde.geometry.Rectangle([0, 0], [1, 1])
    edge = _boundary(problem).numpy()
    condition = dde.icbc.PointSetBC(edge, np.zeros((len(edge), 1), dtype=edge.dtype))
    data = dde.data.PDE(square, residual, [condition], num_domain=problem.interior)
    network = dde.nn.FNN([2, *[problem.width] * problem.depth, 1], "tanh", "Glorot normal")
    model = dde.Model(data, network)
    model.compile("adam", lr=problem.lr)
    values = _by_torch(lambda points: network(points)[:, 0], problem)

    class Step(dde.callbacks.Callback):
        def on_epoch_end(self) -> None:
            pace.stepped(values)

    model.train(iterations=FOREVER, display_every=FOREVER, callbacks=[Step()], verbose=0)


def run_pina(problem: Problem, pace: Pace) -> None:
    """PINA with Lightning's trainer, its progress bar, log and checkpoints off."""
    import lightning
    from pina import Condition, Trainer
    from pina.domain import CartesianDomain
    from pina.equation.zoo import FixedValue, PoissonEquation
    from pina.model import FeedForward
    from pina.optim import TorchOptimizer
    from pina.problem import SpatialProblem
    from pina.solver import PINN

    lightning.seed_everything(problem.seed, verbose=False)
    torch.set_default_dtype(problem.torch_dtype)

    def source(x: Any) -> Any:
        return -2 * torch.pi**2 * torch.sin(torch.pi * x.extract(["x"])) * torch.sin(torch.pi * x.extract(["y"]))

    square = CartesianDomain({"x": [0, 1], "y": [0, 1]})

    class Square(SpatialProblem):
        output_variables = ["u"]  # noqa: RUF012
        spatial_domain = square
        domains = {"interior": square, "boundary": square.partial()}  # noqa: RUF012
        conditions = {  # noqa: RUF012
            "interior": Condition(domain="interior", equation=PoissonEquation(forcing_term=source)),
            "boundary": Condition(domain="boundary", equation=FixedValue(0.0)),
        }

    equation = Square()
    equation.discretise_domain(n=problem.interior, mode="random", domains="interior")
    equation.discretise_domain(n=problem.boundary, mode="random", domains="boundary")
    hidden = [problem.width] * problem.depth
    network = FeedForward(input_dimensions=2, output_dimensions=1, layers=hidden, func=nn.Tanh)
    solver = PINN(problem=equation, model=network, optimizer=TorchOptimizer(torch.optim.Adam, lr=problem.lr))
    values = _by_torch(lambda points: network(points)[:, 0], problem)

    class Step(lightning.pytorch.callbacks.Callback):
        def on_train_batch_end(self, *_: object) -> None:
            pace.stepped(values)

    precision = "64-true" if problem.dtype == "float64" else "32-true"
    quiet = {"enable_progress_bar": False, "logger": False, "enable_checkpointing": False}
    trainer = Trainer(
        solver,
        max_epochs=FOREVER,
        accelerator="cpu",
        precision=precision,
        callbacks=[Step()],
        enable_model_summary=False,
        **quiet,
    )
    trainer.train()


@dataclass(frozen=True)
class Program:
    """A tool's program, the module that it needs, and how to install that."""

    run: Callable[[Problem, Pace], None]
    module: str = "torch"
    install: str = ""


PROGRAMS: dict[str, Program] = {
    "plain torch": Program(run_plain),
    "DeepXDE": Program(run_deepxde, "deepxde", "pip install deepxde"),
    "PINA": Program(run_pina, "pina", "pip install pina-mathlab"),
    "pinn auto": Program(lambda problem, pace: run_pinn(problem, pace, Auto(), False)),
    "pinn jet": Program(lambda problem, pace: run_pinn(problem, pace, Jet(), False)),
    "pinn auto compiled": Program(lambda problem, pace: run_pinn(problem, pace, Auto(), True)),
    "pinn jet compiled": Program(lambda problem, pace: run_pinn(problem, pace, Jet(), True)),
}


def _boundary(problem: Problem) -> Tensor:
    """Random points on the four sides in turn, shape (M, 2)."""
    generator = torch.Generator().manual_seed(problem.seed)
    along = torch.rand(problem.boundary, generator=generator, dtype=problem.torch_dtype)
    side = torch.arange(problem.boundary) % 4
    end = (side % 2).to(along.dtype)
    return torch.where((side < 2)[:, None], torch.stack([end, along], 1), torch.stack([along, end], 1))


def _by_torch(u: Callable[[Tensor], Tensor], problem: Problem) -> Values:
    def values(points: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return u(torch.as_tensor(points, dtype=problem.torch_dtype)).as_subclass(Tensor).numpy()

    return values
