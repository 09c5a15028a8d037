"""A run trained once more from its own stored configuration, and the comparison: the same parameters, bit for bit?"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pinn.pdes import TimeWindowed
from pinn.runs.claim import claimed, left_by_a_run, refuse_used
from pinn.runs.data_files import with_copies
from pinn.runs.job import Job, stored_config
from pinn.runs.metrics import METRICS, MetricsFile
from pinn.runs.process import prepare
from pinn.runs.run import Run, is_refined, load_run, read_summary
from pinn.runs.saving import save_run

_OTHERS = ("versions", "git", "cpu", "threads", "matmul_precision", "deterministic", "device")


def repeat(run: Run, output: Path) -> Run:
    """Train as the run was trained, up to the step at which it ended, into the folder `output`.

    Raises ValueError if that is the folder of another run, unless it is an earlier repetition, and for a run that
    `pinn refine` has made.
    """
    if is_refined(run.config.get("network")):
        of = run.summary.get("refined", {}).get("run", "the run below it")
        raise ValueError(f"{str(run.folder)!r} is refined, not trained as it is: reproduce and refine {of!r} again.")
    if left_by_a_run(output) and "repeats" not in read_summary(output):
        refuse_used(output)
    with claimed(output):
        return _repeated(run, output)


def _repeated(run: Run, output: Path) -> Run:
    job = Job.of_run(_without_clock(run), run.trust, root=run.folder)
    prepare(job.config["threads"], job.config["deterministic"])
    metrics, last, step = MetricsFile(output), run.summary["steps"], None
    for step in job.train():
        if step.step % job.config["log_every"] == 0 or step.step in (1, last) or step.stop:
            metrics.record(step)
        if step.step == last and not isinstance(job.pde, TimeWindowed):
            break
    assert step is not None, "training takes at least one step"
    config = with_copies(job.config, output, run.folder, run.trust)
    save_run(output, step, config, seed=job.config["seed"], status="completed", repeats=str(run.folder))
    return load_run(output, run.trust)


def compare(run: Run, again: Run) -> dict[str, Any]:
    """What is equal and what is not: parameters, error, metrics by column, and what the machine and versions were."""
    old, new = run.network.state_dict(), again.network.state_dict()
    differences = {name: _difference(old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])}
    differences = {name: difference for name, difference in differences.items() if difference is not None}
    columns = _columns(run.folder / METRICS, again.folder / METRICS)
    error = [run.summary.get("rel_l2"), again.summary.get("rel_l2")]
    return {
        "equal": not differences and not columns and error[0] == error[1],
        "parameters": {"equal": not differences, "largest_differences": differences},
        "rel_l2": {"equal": error[0] == error[1], "run": error[0], "again": error[1]},
        "metrics": {"equal": not columns, "columns_that_differ": columns},
        "steps": [run.summary["steps"], again.summary["steps"]],
        "conditions_that_differ": _conditions(run.summary, again.summary),
    }


def words(found: Mapping[str, Any]) -> str:
    """The comparison as lines of text."""
    parameters, error, metrics = found["parameters"], found["rel_l2"], found["metrics"]
    largest = max(parameters["largest_differences"].values(), default=0.0)
    lines = [
        "parameters: equal bit for bit" if parameters["equal"] else f"parameters: differ by up to {largest:.3e}",
        f"rel_l2: equal, {error['run']}" if error["equal"] else f"rel_l2: {error['run']}, now {error['again']}",
        "metrics: equal in all columns but seconds"
        if metrics["equal"]
        else "metrics: differ in "
        + ", ".join(f"{n} (first in row {k})" for n, k in metrics["columns_that_differ"].items()),
    ]
    for name, (then, now) in found["conditions_that_differ"].items():
        lines.append(f"{name}: {then}, now {now}")
    return "\n".join([*lines, "equal" if found["equal"] else "NOT equal"])


def _without_clock(run: Run) -> dict[str, Any]:
    """The configuration without budget. The number of steps stays, since a method may plan its rates on it."""
    config = stored_config(run, budget_s=None)
    if (
        config["windows"] > 1
        and run.config["budget_s"] is not None
        and run.summary["steps"] < Job.of_run(config, run.trust, root=run.folder).steps
    ):
        raise ValueError(
            "A run in windows that a budget has ended does not say how many steps each window took, so it cannot be "
            "repeated: train it with steps=… in place of budget_s."
        )
    return config


def _difference(a: Tensor | None, b: Tensor | None) -> float | None:
    """The largest difference; None if they are equal bit for bit, infinite if one has not what the other has."""
    if a is None or b is None or a.shape != b.shape:
        return float("inf")
    return None if torch.equal(a, b) else float((a.double() - b.double()).abs().max())


def _columns(before: Path, after: Path) -> dict[str, int]:
    """The columns of the metrics that differ, with the first row in which they do."""
    old, new = _rows(before), _rows(after)
    found: dict[str, int] = {}
    for number, (a, b) in enumerate(zip(old, new, strict=False), 1):
        for name in dict.fromkeys([*a, *b]):
            if name != "seconds" and a.get(name) != b.get(name):
                found.setdefault(name, number)
    if len(old) != len(new):
        found.setdefault("step", min(len(old), len(new)) + 1)
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no {METRICS} in {str(path.parent)!r} to compare with.")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _conditions(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Versions, commits, processor and switches, where they are not those of the run."""
    old, new = ({**facts, **(facts.get("versions") or {})} for facts in (before, now))
    names = [*(name for name in _OTHERS if name != "versions"), *new.get("versions", {})]
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}
