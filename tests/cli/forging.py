"""A run folder with other recipes in it, and what a command says of it."""

from pathlib import Path
from typing import Any

import torch

from pinn.cli.main import main
from pinn.runs.checksum import fingerprint


def forge(folder: Path, **changes: Any) -> None:
    """The same checkpoint with other recipes and a checksum that fits; a problem keeps the scales that it had."""
    path = folder / "checkpoint.pt"
    whole = torch.load(path, weights_only=True)
    scales = {"scale": whole["config"]["pde"]["scale"]} if "scale" in whole["config"]["pde"] else {}
    whole["config"] |= {key: {**scales, **value} if key == "pde" else value for key, value in changes.items()}
    content = {name: value for name, value in whole.items() if name != "fingerprint"}
    torch.save({**content, "fingerprint": fingerprint(content)}, path)


def code(words: list[str]) -> object:
    """The exit code of a command in this process."""
    try:
        main(words)
    except SystemExit as stop:
        return stop.code
    return 0
