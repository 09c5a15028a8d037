"""What a report tells in words and numbers: key figures, settings, unknowns, findings of the guard."""

import math
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from pinn.runs.uncertainty import UnknownEstimate
from pinn.training.accuracy import score

_CHOICES = ("pde", "domain", "network", "optimizer", "sampler", "weighting", "vjp")


@dataclass(frozen=True)
class Table:
    """A table of plain texts; without a head if all names of the `header` are empty. `kind` is its style."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    kind: str = ""


def key_figures(summary: Mapping[str, Any]) -> dict[str, str]:
    """The numbers that are looked at first, by name."""
    error, reference = _float(summary.get("rel_l2")), _float(summary.get("reference_error"))
    known = math.isfinite(error)
    measured = score(error, reference if math.isfinite(reference) else 0.0) if known else "unknown"
    return {
        Markup("relative L<sup>2</sup> error"): measured,
        "max error": _number(summary.get("max_error"), "unknown"),
        "residual, held out": _number(summary.get("heldout_residual")),
        "residual, in training": _number(summary.get("train_residual")),
        "seconds of training": _number(summary.get("wall_s"), form=".1f"),
        "parameters": _number(summary.get("parameters"), form="d"),
    }


def settings(summary: Mapping[str, Any]) -> list[Table]:
    """How the run was made and how it ended, in two tables beside each other."""
    choices = {name: summary[name] for name in _CHOICES if name in summary}
    made = {name: summary[name] for name in ("seed", "device", "dtype", "threads", "points") if name in summary}
    ended = {
        "status": summary.get("status"),
        "stopped by": summary.get("stopped_by"),
        "steps": summary.get("steps"),
        "seconds of compilation": _number(summary.get("compile_s"), form=".1f"),
        "loss": _number(summary.get("loss")),
    }
    ended |= {f"term {name} of the loss": _number(value) for name, value in (summary.get("terms") or {}).items()}
    ended |= {f"seconds to an error of {k}": _number(v, form=".2f") for k, v in (summary.get("time_to") or {}).items()}
    versions = summary.get("versions") or {}
    made |= {f"{name} (version)": version for name, version in versions.items()}
    return [
        Table(("", ""), [(name, _text(value)) for name, value in values.items()], "pairs")
        for values in (choices | made, ended)
    ]


def unknowns(summary: Mapping[str, Any]) -> list[Table]:
    """Unknown numbers with their intervals, and unknown fields with what is known of their error; none without any."""
    rows = []
    for name, entry in (summary.get("unknowns") or {}).items():
        deviation = entry.get("deviation")  # null where no interval can be given
        estimate = UnknownEstimate(**{**entry, "deviation": math.nan if deviation is None else deviation})
        low, high = estimate.interval()
        measured = estimate.deviation > 0
        interval = f"{low:.6g} … {high:.6g}" if measured else estimate.why or "–"
        truth = "–" if estimate.truth is None else f"{estimate.truth:.6g}"
        inside = "–" if estimate.truth is None or not measured else "yes" if low <= estimate.truth <= high else "no"
        deviation = f"{estimate.deviation:.2g}" if measured else "–"
        rows.append((name, f"{estimate.value:.8g}", deviation, interval, truth, inside))
    header = ("unknown", "found", "standard deviation", "95 % interval", "true value", "within the interval")
    numbers = Table(header, rows)
    fields = [
        (name, _number(entry.get("rel_l2"), "unknown"), _number(entry.get("coverage"), "unknown", ".0%"))
        for name, entry in (summary.get("unknown_fields") or {}).items()
    ]
    header = ("unknown field", "relative L2 error", "points whose truth lies within the 95 % interval")
    return [shown for shown in (numbers, Table(header, fields)) if shown.rows]


def findings(summary: Mapping[str, Any], *, guarded: bool) -> Table | str:
    """What the guard against fitting points found, and did; a sentence if there is nothing to list."""
    events = summary.get("guard") or []
    if not guarded:
        return "The run had no guard (guard=false)."
    if not events:
        return "The residual at held-out points never parted from that in training."
    header = ("step", "residual in training", "residual at held-out points", "what was done")
    return Table(header, [(_text(e["step"]), _number(e["train"]), _number(e["heldout"]), e["action"]) for e in events])


def command(folder: Path) -> str:
    """The command line that made the run, from what Hydra has left in its folder; empty if that is nothing."""
    file = folder / ".hydra" / "overrides.yaml"
    if not file.is_file():
        return ""
    overrides = [str(override) for override in yaml.safe_load(file.read_text(encoding="utf-8")) or []]
    return without_passwords(shlex.join(["pinn", "train", *_config_dir(file.with_name("hydra.yaml")), *overrides]))


def _config_dir(file: Path) -> list[str]:
    """The user's folder of configurations, as an option; nothing if the run had none."""
    hydra: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    for name in ("hydra", "runtime", "config_sources"):
        hydra = hydra.get(name) if isinstance(hydra, Mapping) else None
    sources = [source for source in hydra or () if isinstance(source, Mapping)]
    folders = [str(source.get("path")) for source in sources if source.get("provider") == "command-line"]
    return ["--config-dir", folders[0]] if folders else []


def without_passwords(text: str) -> str:
    """The text, in which an address such as https://name:password@host loses its name and password."""
    return re.sub(r"://[^/\s@]*@", "://…@", text)


def _number(value: Any, missing: str = "–", form: str = ".2e") -> str:
    return missing if not math.isfinite(_float(value)) else format(value, form)


def _float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def _text(value: Any) -> str:
    return "–" if value is None else str(value)
