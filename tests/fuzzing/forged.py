"""Forged run folders: recipes that name what they should not, links, and files that are not what they seem.

A watch on the interpreter (audit hooks, PEP 578) sees what a folder would have it do: import a module, write a file
elsewhere, send a request, start a program.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hypothesis import strategies as st

from pinn.runs.checksum import fingerprint

EVIL = "evil_of_forgery"
"""A module that lies in the forged folder, in its parent, which is the working folder, and on the path of Python."""
FOREIGN = (EVIL, f"outputs.run.{EVIL}", "outputs", "antigravity", "this", "turtledemo", "ensurepip", "no_such_module")
"""Modules that nothing but a forged recipe would have imported."""
_FOREIGN_TOPS = {name.split(".")[0] for name in FOREIGN}
KEYS = ("pde", "network", "vjp", "optimizer", "sampler", "weighting", "tracker")
_PINN = (
    *("pinn.pdes.Poisson", "pinn.pdes.Heat", "pinn.pdes.Expression", "pinn.pdes.Inverse", "pinn.pdes.Parametric"),
    *("pinn.pdes.TimeWindowed", "pinn.domains.Box", "pinn.domains.Mesh", "pinn.domains.PointCloud"),
    *("pinn.domains.TimeDomain", "pinn.networks.MLP", "pinn.networks.Siren", "pinn.operators.Auto"),
    *("pinn.optimizers.Adam", "pinn.optimizers.Schedule", "pinn.samplers.Sobol", "pinn.weighting.Fixed"),
    *("pinn.runs.tracking.MetricsAlone", "pinn.trackers.mlflow.MLflow", "pinn.trackers.tensorboard.TensorBoard"),
    *("pinn.cli.train.Task", "pinn.cli.gallery.Entry", "pinn.runs.run.Run", "pinn.runs.job.Job", "pinn.no.such.Class"),
    *("pinn.runs.resuming.Resumed", "pinn.parallel.Ranks", "pinn.optimizers.memory_check.Objective", "pinn.pdes.PDE"),
    *("pinn", "pinn.", ".pinn.pdes.Poisson", "pinn..pdes.Poisson", "pinn.pdes.__builtins__", "pinn.__main__.main"),
)
_NAMES = st.one_of(
    st.sampled_from(_PINN),
    st.sampled_from([f"{module}.{name}" for module in FOREIGN for name in ("Poisson", "Box", "x")]),
    st.sampled_from(
        ["os.system", "subprocess.Popen", "builtins.exec", "torch.nn.Linear", "pathlib.Path", "", ".", "a.b"]
    ),
    st.builds(lambda a, b: f"{a}.{b}", st.sampled_from(["pinn.pdes", *FOREIGN]), st.text(max_size=8)),
    st.none() | st.integers() | st.lists(st.integers(), max_size=2) | st.text(max_size=20),
)
_TEXTS = st.one_of(
    st.sampled_from(["http://127.0.0.1:9/x", "file:///tmp/elsewhere", "sqlite:////tmp/elsewhere.db", "/dev/zero"]),
    st.sampled_from(
        ["../../elsewhere", "/etc/passwd", "${oc.env:HOME}", "${now:%Y}", "tanh", "<script>alert(1)</script>"]
    ),
    st.sampled_from(["-laplacian(u) = 1", "__import__('os')", "u*" * 50 + "u", "x", "0", "nan"]),
    st.text(max_size=20),
)
_NUMBERS = st.one_of(st.integers(-3, 40), st.sampled_from([10**9, 10**30, -(10**9), 1e300, float("nan"), float("inf")]))
_ARGUMENTS = (
    *("domain", "exact", "hard", "penalty", "pde", "windows", "data", "file", "width", "depth", "activation", "space"),
    *("duration", "lower", "upper", "stages", "steps", "lr", "interior", "boundary", "tracking_uri", "experiment"),
    *("equation", "coefficients", "unknowns", "initial", "points", "vertices", "faces", "seed", "flush_s", "nonsense"),
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(_NUMBERS, _TEXTS, st.none(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(_ARGUMENTS), inner, max_size=3),
        st.builds(
            lambda name, rest: {"_target_": name, **rest},
            _NAMES,
            st.dictionaries(st.sampled_from(_ARGUMENTS), inner, max_size=3),
        ),
    ),
    max_leaves=8,
)
_RECIPES = st.one_of(
    st.builds(
        lambda name, rest: {"_target_": name, **rest},
        _NAMES,
        st.dictionaries(st.sampled_from(_ARGUMENTS), _VALUES, max_size=3),
    ),
    _VALUES,
)
_PLAIN = ("steps", "budget_s", "windows", "seed", "device", "dtype", "guard", "compile", "chunk_size", "resumed")
_LINKS = ("checkpoint.pt.part", "summary.json", "metrics.csv", "checkpoints", "solution.png", "config.yaml", ".lock")


@dataclass(frozen=True)
class Forgery:
    """What is changed in a good run folder: entries of its configuration, a link that leads out, a summary."""

    config: Mapping[str, Any]
    link: str | None
    summary: str | None


forgeries = st.builds(
    Forgery,
    st.one_of(
        st.dictionaries(st.sampled_from(KEYS), _RECIPES, min_size=1, max_size=3),
        st.dictionaries(st.sampled_from([*KEYS, *_PLAIN]), _VALUES, min_size=1, max_size=3),
    ),
    st.none() | st.none() | st.none() | st.sampled_from(_LINKS),
    st.none() | st.sampled_from(["", "{}", "[" * 5000, '{"steps": "<script>"}', "null", '{"status": []}']),
)


def forge(folder: Path, whole: Mapping[str, Any], forgery: Forgery) -> None:
    """Make the forged folder of a good checkpoint's content; `elsewhere` beside it is what no link may reach."""
    content = {**whole, "config": {**whole["config"], **forgery.config}}
    content.pop("fingerprint", None)
    torch.save({**content, "fingerprint": fingerprint(content)}, folder / "checkpoint.pt")
    (folder / f"{EVIL}.py").write_text("IMPORTED = True\n")
    if forgery.summary is not None:
        (folder / "summary.json").write_text(forgery.summary)
    if forgery.link:
        (folder / forgery.link).unlink(missing_ok=True)
        (folder / forgery.link).symlink_to(folder.parent / "elsewhere")


class Watch:
    """A list of the deeds of the interpreter that a run folder must never bring about.

    Imports are seen as the first of those who are asked where a module lies: those by `importlib` raise no audit event.
    """

    def __init__(self) -> None:
        self.deeds: list[str] = []
        self._folder: Path | None = None
        sys.addaudithook(self._see)  # for good; no hook can be taken away

    @contextlib.contextmanager
    def over(self, folder: Path) -> Iterator[None]:
        """Watch, and let files be written in the folder alone."""
        self.deeds, self._folder = [], folder.resolve()
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            self._folder = None
            sys.meta_path.remove(self)
            for name in [name for name in sys.modules if name.split(".")[0] in _FOREIGN_TOPS]:
                del sys.modules[name]

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Note the import of a foreign module, and leave it to others."""
        if name.split(".")[0] in _FOREIGN_TOPS:
            self.deeds.append(f"import {name}")

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._folder is None:
            return
        if event == "open" and _writes(arguments) and not self._within(arguments[0]):
            self.deeds.append(f"write {arguments[0]}")
        elif event.startswith(
            ("socket.connect", "socket.getaddrinfo", "subprocess", "os.system", "os.exec", "webbrowser")
        ):
            self.deeds.append(f"{event} {arguments!r}"[:200])

    def _within(self, path: Any) -> bool:
        if isinstance(path, int):
            return True
        place = Path(os.fsdecode(path))
        folder = self._folder
        self._folder = None  # to resolve a path asks the system, and the hook would see it
        try:
            return str(place) == os.devnull or place.resolve().is_relative_to(str(folder))
        finally:
            self._folder = folder


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
