"""What a run was, how good it is and how to go on, in ten lines.

    pinn info RUN

Nothing is built and nothing is imported that the run names: this is safe for every folder.
"""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pinn.runs.checkpoint import newest_checkpoint
from pinn.runs.results import Results
from pinn.runs.trusted import TARGET, modules_named, refuse_links
from pinn.runs.uncertainty import band_in_words
from pinn.training.accuracy import score


def lines(folder: Path) -> list[str]:
    """The ten lines at most. Raises FileNotFoundError and ValueError if there is no sound run in the folder."""
    refuse_links(folder)
    checkpoint, results = newest_checkpoint(folder), Results(folder)
    config, summary = checkpoint.config, results.summary
    told = {
        "run": str(folder),
        "problem": _problem(config),
        "network": f"{_arguments(config.get('network'))}, {_size(checkpoint.weights)} parameters, "
        f"{config.get('dtype', 'dtype unknown')}",
        "training": _training(config, summary, checkpoint.step),
        "ended": _ended(summary, results.failure, checkpoint.step),
        "error": _error(summary),
        "doubt": "; ".join(results.doubts),
        "unknowns": _unknowns(summary),
        "band": _bands(summary),
        "needs": ", ".join(f"--trust {module}" for module in sorted(modules_named(config))),
        "go on": _next(folder, summary, resumable=checkpoint.state is not None),
    }
    width = max(map(len, told))
    return [f"{name:<{width}}  {text}" for name, text in told.items() if text]


def _name(recipe: Any) -> str:
    """The class that a recipe names, without its module."""
    return str(recipe.get(TARGET, "unknown")).rpartition(".")[2] if isinstance(recipe, Mapping) else "unknown"


def _problem(config: Mapping[str, Any]) -> str:
    pde = config.get("pde")
    equation = pde.get("equation") if isinstance(pde, Mapping) else None
    domain = pde.get("domain") if isinstance(pde, Mapping) else None
    place = f" on {_arguments(domain)}" if isinstance(domain, Mapping) else ""
    return f"{_name(pde)}{f' ({equation})' if equation else ''}{place}"


def _arguments(recipe: Any) -> str:
    """A class with its plain arguments, cut short."""
    if not isinstance(recipe, Mapping):
        return "unknown"
    parts = [f"{name}={value}" for name, value in recipe.items() if not isinstance(value, Mapping) and name != TARGET]
    text = f"{_name(recipe)}({', '.join(parts)})"
    return text if len(text) <= 90 else f"{text[:88]}…)"


def _size(weights: Mapping[str, Any]) -> int:
    return sum(value.numel() for value in weights.values())


def _training(config: Mapping[str, Any], summary: Mapping[str, Any], step: int) -> str:
    seconds = summary.get("wall_s")
    spent = f" in {seconds:.1f} s on {summary.get('device')}" if isinstance(seconds, (int, float)) else ""
    found = config.get("method")
    chosen = str(found.get("chosen")) if isinstance(found, Mapping) else config.get("choices", {}).get("optimizer")
    method = chosen or _name(config.get("optimizer"))
    return f"{step} steps of {method}{spent}, seed {config.get('seed', 'unknown')}"


def _ended(summary: Mapping[str, Any], failure: str | None, step: int) -> str:
    if failure:
        return f"failed: {failure.splitlines()[0] if failure else ''}"
    if not summary:
        return f"not at its end: at step {step}, or cut off there"
    return f"{summary.get('status', 'completed')} ({summary.get('reason') or summary.get('stopped_by')})"


def _error(summary: Mapping[str, Any]) -> str:
    error, residual = summary.get("rel_l2"), summary.get("heldout_residual")
    parts = []
    if isinstance(error, (int, float)) and math.isfinite(error):
        parts.append(f"relative L2 {score(error, summary.get('reference_error') or 0.0)}")
    elif summary:
        parts.append("unknown, since no exact solution is (pinn validate tells what to believe)")
    estimate = summary.get("error_estimate")
    if isinstance(estimate, Mapping) and estimate.get("known"):
        parts.append(f"relative L2 {estimate['relative_l2']:.1e} by the linearised equation")
    if isinstance(residual, (int, float)):
        parts.append(
            f"residual {residual:.2e} at held-out points, {summary.get('train_residual') or 0:.2e} in training"
        )
    return "; ".join(parts)


def _unknowns(summary: Mapping[str, Any]) -> str:
    found = summary.get("unknowns") or {}
    return ", ".join(f"{name} = {one['value']:.5g}{_spread(one.get('deviation'))}" for name, one in found.items())


def _bands(summary: Mapping[str, Any]) -> str:
    """The 95 % bands of the solution of an inverse problem."""
    found = summary.get("bands") or {}
    return "; ".join(band_in_words(name, one) for name, one in found.items())


def _spread(deviation: Any) -> str:
    known = isinstance(deviation, (int, float)) and deviation > 0
    return f" ± {1.96 * deviation:.1g}" if known else " (no interval)" if deviation is None else ""


def _next(folder: Path, summary: Mapping[str, Any], *, resumable: bool) -> str:
    steps = summary.get("steps")
    more = f" steps={2 * steps}" if isinstance(steps, int) and summary.get("status") == "completed" else ""
    train = [f"pinn train resume={folder}{more}"] if resumable else []
    return "; ".join([*train, f"pinn validate {folder}", f"load_run({str(folder)!r})"])


def main(argv: Sequence[str] | None = None) -> int:
    """Print them; 1 if there is no sound run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", type=Path, help="run folder")
    args = parser.parse_args(argv)
    try:
        told = lines(args.run)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    # What a run says of itself may hold anything, and a terminal obeys some of it.
    print("\n".join("".join(letter if letter.isprintable() else "?" for letter in line) for line in told))
    return 0
