"""The trained field as an ONNX model."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from pinn.optional import package
from pinn.typing import Points


def onnx_bytes(program: ExportedProgram) -> bytes:
    """An ONNX model with input `x` (N, d) and output `u` (N, m), N free, in the dtype of the program.

    Raises MissingPackageError without onnxscript, ValueError if an operation has no counterpart in ONNX.
    """
    for name in ("onnx", "onnxscript"):
        package(name, "export", "--format onnx")
    from pinn.export.onnx_operations import OPSET, translations

    try:
        found = _quietly(
            torch.onnx.export,
            program,
            (),
            input_names=["x"],
            output_names=["u"],
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            optimize=False,  # its rules take numbers below 1e-8 for zero; ONNX Runtime has optimizations of its own
            custom_translation_table=dict(translations()),
        )
    except Exception as error:  # the exporter raises many kinds, all meaning one thing here
        raise ValueError(f"ONNX cannot express this field ({_reason(error)}): use --format torch-export.") from error
    return found.model_proto.SerializeToString()


def onnx_values(file: Path, x: Points) -> torch.Tensor:
    """What ONNX Runtime computes from the model in a file, on the CPU.

    Raises MissingPackageError without onnxruntime, ValueError if it cannot run the model.
    """
    runtime = package("onnxruntime", "export", "--format onnx")
    try:
        session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        (values,) = session.run(None, {"x": x.cpu().numpy()})
    except Exception as error:  # the runtime does not export its kinds
        raise ValueError(
            f"ONNX Runtime cannot run this field ({_reason(error)}): use --format torch-export."
        ) from error
    return torch.from_numpy(values)


def _quietly(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """The result of a call, without torch's warnings about packages that are not needed and about its own insides."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(*arguments, **options)
    finally:
        logging.disable(before)


def _reason(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
