"""The trained field as a program: one graph of tensor operations, which runs without this library."""

import copy
import io
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.func import vmap
from torch.overrides import TorchFunctionMode

from pinn.domains import Interior
from pinn.export.onnx_file import onnx_bytes, onnx_values
from pinn.networks import field
from pinn.pdes import PDE
from pinn.runs import Run
from pinn.runs.atomic_write import atomic_write
from pinn.typing import Points

PROGRAMS = {"onnx": ".onnx", "torch-export": ".pt2"}
TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-5}
"""By how much a program may part from the run, in parts of the largest value: some hundred roundings."""


class TrainedField(nn.Module):
    """The solution of `pde` by `network` at many points: x of shape (N, d) to u of shape (N, m), m = 1 for a scalar.

    Everything between point and value is in it: the embedding of the domain, and the conditions built into the field.

    >>> from pinn.networks import MLP
    >>> from pinn.pdes import Poisson
    >>> u = TrainedField(Poisson(), MLP(inputs=2, width=8, depth=1))
    >>> u(torch.rand(5, 2)).shape
    torch.Size([5, 1])
    >>> u(torch.tensor([[0.0, 0.3]])).abs().item()  # on the boundary
    0.0
    """

    def __init__(self, pde: PDE, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.pde = pde
        self.ansatz = pde.ansatz()

    def forward(self, x: Points) -> Tensor:
        u = self.pde.solution(self.ansatz(field(self.network, components=self.pde.components)))
        with _StackInsteadOfCat():
            values = vmap(u)(x)
        return values.reshape(x.shape[0], -1)


def exported(pde: PDE, network: nn.Module) -> ExportedProgram:
    """The trained field as a `torch.export` program for any number of points, at the weights that `network` has now.

    It takes x of shape (N, d) in the dtype of the network and gives (N, m). `torch.export.save` writes it to a file,
    which `torch.export.load(file).module()` runs. Raises ValueError if the field cannot be traced.
    """
    network = copy.deepcopy(network).requires_grad_(False).eval()
    like = next(network.parameters())
    generator = torch.Generator().manual_seed(0)
    (points,) = Interior(pde.domain).sample(
        7, lambda n, k: torch.rand(n, k, generator=generator, dtype=like.dtype).to(like.device)
    )
    try:
        return torch.export.export(TrainedField(pde, network), (points,), dynamic_shapes=({0: Dim("N")},), strict=False)
    except Exception as error:  # torch.export raises many kinds, all meaning one thing here
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"The field of {type(pde).__name__} cannot be traced by torch.export: {reason}") from error


class _StackInsteadOfCat(TorchFunctionMode):
    """Writes `cat` as `stack` of single entries: under `vmap`, torch 2.13 would fix N in a graph that has a `cat`."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is not torch.cat:
            return func(*args, **(kwargs or {}))
        return _by_entries(*args, **(kwargs or {}))


def _by_entries(tensors: tuple[Tensor, ...], dim: int = 0) -> Tensor:
    return torch.stack([entry for tensor in tensors for entry in tensor.unbind(dim)], dim)


def export_program(run: Run, format: str, output: Path) -> list[Path]:
    """Write the field as a program, and see that what was written agrees with the run. Returns the file.

    Raises ValueError if the field cannot be written or the file does not agree.
    """
    program = exported(run.pde, run.network)
    with atomic_write(output) as temporary:
        temporary.write_bytes(onnx_bytes(program) if format == "onnx" else _torch_bytes(program))
        generator = torch.Generator().manual_seed(1)
        (x,) = Interior(run.pde.domain).sample(
            1000, lambda n, k: torch.rand(n, k, generator=generator, dtype=run.like.dtype)
        )
        written = onnx_values(temporary, x) if format == "onnx" else _loaded(temporary)(x)
        expected = vmap(run)(x).reshape(len(x), -1)
        difference, size = float((written - expected).abs().max()), float(expected.abs().max())
        if not difference <= TOLERANCES[run.like.dtype] * max(size, 1.0):
            raise ValueError(
                f"The {format} file does not agree with the run: {difference:.1e} where |u| <= {size:.1e}."
            )
    print(f"agrees with the run to {difference:.1e} at {len(x)} random points", file=sys.stderr)
    return [output]


def _torch_bytes(program: ExportedProgram) -> bytes:
    """In memory, since torch's own writer reports a full disk as a RuntimeError."""
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()


def _loaded(file: Path) -> torch.nn.Module:
    with file.open("rb") as stream:
        return torch.export.load(stream).module()
