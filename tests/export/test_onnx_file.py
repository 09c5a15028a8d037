"""ONNX files: another program finds the numbers of the run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch.func import vmap

from pinn import Run
from pinn.domains import Interior
from pinn.export.program import export_program

F64 = torch.float64
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "name", ["square", "periodic", pytest.param("heat", marks=SLOW), pytest.param("system", marks=SLOW)]
)
def test_onnx_runtime_gives_the_field_at_any_number_of_points(
    name: str, run_of: Callable[..., Run], tmp_path: Path
) -> None:
    run = run_of(name)
    (file,) = export_program(run, "onnx", tmp_path / "field.onnx")
    session = onnxruntime.InferenceSession(str(file))
    ((x,), (u,)) = session.get_inputs(), session.get_outputs()
    m = run.pde.components or 1
    assert (x.name, x.type, x.shape[1], u.name, u.shape[1]) == ("x", "tensor(double)", run.pde.domain.dim, "u", m)
    for n in (1, 40):
        (points,) = Interior(run.pde.domain).sample(n, lambda n, k: torch.rand(n, k, dtype=F64))
        (values,) = session.run(None, {"x": points.numpy()})
        np.testing.assert_allclose(np.asarray(values), vmap(run)(points).reshape(n, m), rtol=0, atol=1e-12)


@SLOW
@pytest.mark.parametrize("activation", ["sin", "silu", "gelu", "softplus", "sigmoid"])
def test_onnx_has_every_activation_in_float64(
    activation: str, run_of: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export_program(run_of("square", activation=activation), "onnx", tmp_path / "field.onnx")
    assert float(capsys.readouterr().err.split(" to ")[1].split()[0]) < 1e-14


@SLOW
def test_onnx_in_float32(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("square", torch.float32)
    (file,) = export_program(run, "onnx", tmp_path / "field.onnx")
    x = torch.rand(30, 2)
    (values,) = onnxruntime.InferenceSession(str(file)).run(None, {"x": x.numpy()})
    np.testing.assert_allclose(np.asarray(values), vmap(run)(x)[:, None], rtol=0, atol=1e-6)
