"""What a report tells in words and numbers: key figures, settings, unknowns, findings of the guard."""

import html
import math
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pinn.runs.uncertainty import UnknownEstimate
from pinn.training.accuracy import score

_CHOICES = ("pde", "domain", "network", "optimizer", "sampler", "weighting", "vjp")


def key_figures(summary: Mapping[str, Any]) -> str:
    """The numbers that are looked at first, as tiles."""
    error, reference = _float(summary.get("rel_l2")), _float(summary.get("reference_error"))
    known = math.isfinite(error)
    tiles = {
        "relative L<sup>2</sup> error": score(error, reference if math.isfinite(reference) else 0.0)
        if known
        else "unknown",
        "max error": _number(summary.get("max_error"), "unknown"),
        "residual, held out": _number(summary.get("heldout_residual")),
        "residual, in training": _number(summary.get("train_residual")),
        "seconds of training": _number(summary.get("wall_s"), form=".1f"),
        "parameters": _number(summary.get("parameters"), form="d"),
    }
    return "".join(f"<div class='tile'><b>{_text(value)}</b><span>{name}</span></div>" for name, value in tiles.items())


def settings(summary: Mapping[str, Any]) -> str:
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
    return "".join(table(("", ""), values.items(), "pairs") for values in (choices | made, ended))


def unknowns(summary: Mapping[str, Any]) -> str:
    """Unknown numbers with their intervals, and unknown fields with what is known of their error; empty without any."""
    rows = []
    for name, entry in (summary.get("unknowns") or {}).items():
        found = UnknownEstimate(**entry)
        low, high = found.interval()
        measured = found.deviation > 0
        interval = f"{low:.6g} … {high:.6g}" if measured else "–"
        truth = "–" if found.truth is None else f"{found.truth:.6g}"
        inside = "–" if found.truth is None or not measured else "yes" if low <= found.truth <= high else "no"
        deviation = f"{found.deviation:.2g}" if measured else "–"
        rows.append((name, f"{found.value:.8g}", deviation, interval, truth, inside))
    header = ("unknown", "found", "standard deviation", "95 % interval", "true value", "within the interval")
    text = table(header, rows) if rows else ""
    fields = [
        (name, _number(entry.get("rel_l2"), "unknown"), _number(entry.get("coverage"), "unknown", ".0%"))
        for name, entry in (summary.get("unknown_fields") or {}).items()
    ]
    header = ("unknown field", "relative L2 error", "points whose truth lies within the 95 % interval")
    return text + (table(header, fields) if fields else "")


def findings(summary: Mapping[str, Any], *, guarded: bool) -> str:
    """What the guard against fitting points found, and did."""
    found = summary.get("guard") or []
    if not guarded:
        return "<p>The run had no guard (guard=false).</p>"
    if not found:
        return "<p>The residual at held-out points never parted from that in training.</p>"
    header = ("step", "residual in training", "residual at held-out points", "what was done")
    return table(header, [(f["step"], _number(f["train"]), _number(f["heldout"]), f["action"]) for f in found])


def command(folder: Path) -> str:
    """The command line that made the run, from what Hydra has left in its folder; empty where there is none."""
    file = folder / ".hydra" / "overrides.yaml"
    if not file.is_file():
        return ""
    overrides = [str(override) for override in yaml.safe_load(file.read_text(encoding="utf-8")) or []]
    return without_passwords(shlex.join(["python", "scripts/train.py", *overrides]))


def without_passwords(text: str) -> str:
    """The text, in which an address such as https://name:password@host loses its name and password."""
    return re.sub(r"://[^/\s@]*@", "://…@", text)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], kind: str = "") -> str:
    """A table of escaped texts; without a head where all its names are empty."""
    head = "".join(f"<th>{_text(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<table class='{kind}'>{f'<thead><tr>{head}</tr></thead>' if any(header) else ''}<tbody>{body}</tbody></table>"
    )


def _number(value: Any, missing: str = "–", form: str = ".2e") -> str:
    return missing if not math.isfinite(_float(value)) else format(value, form)


def _float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def _text(value: Any) -> str:
    return html.escape("–" if value is None else str(value))
