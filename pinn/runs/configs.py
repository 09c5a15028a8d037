"""Where the configurations lie: beside the package in a clone, within it where it is installed."""

from pathlib import Path


def config_folder() -> Path:
    """The folder that has `train.yaml` and the groups."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"
