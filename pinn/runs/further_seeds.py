"""The members of an ensemble: a run trained again with other seeds, each in a run folder of its own."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pinn.runs.checkpoint import new_run_id
from pinn.runs.checksum import fingerprint
from pinn.runs.claim import claimed
from pinn.runs.data_files import with_copies
from pinn.runs.ensemble import Ensemble
from pinn.runs.job import FAILURE, Job, record_failure, stored_config
from pinn.runs.members import ENSEMBLE
from pinn.runs.metrics import MetricsFile
from pinn.runs.process import prepare
from pinn.runs.run import Run, is_refined, load_run, read_summary
from pinn.runs.saving import no_nan, save_run, stored_estimate
from pinn.runs.scales import with_scales
from pinn.runs.warm_start import keep_start, read_start
from pinn.training.step import Step
from pinn.trust import estimate_error
from pinn.trust.doubts import doubts

FOLDER = "ensemble"
"""The folder of the members, within that of the run."""
FURTHER = 5
"""Further seeds, unless another number is asked for."""
_DECIDES = (
    *("pde", "network", "vjp", "optimizer", "sampler", "weighting", "windows", "scale", "guard", "dtype", "init_from"),
    *("steps", "budget_s", "target_error", "target_residual", "patience", "retries"),
)
"""What makes a training another one; the rest of a configuration says how it is told and where it runs."""


@dataclass(frozen=True)
class Members:
    """The ensemble of a run, with the seeds whose training has failed and those that speak against themselves."""

    ensemble: Ensemble
    failed: Mapping[int, str]
    doubted: Mapping[int, list[str]]

    def figures(self) -> dict[str, Any]:
        """The numbers of the ensemble as plain data, with what it does not show.

        These are the error of its first run by the linearised equation, if that is found, and the bands of its noise.
        """
        run = self.ensemble.first
        estimate = run.summary.get("error_estimate")
        if not estimate:
            pde = with_scales(run.pde, run.config.get("scale"), torch.float64)
            estimate = stored_estimate(estimate_error(pde, run.network, run.strategy))
        of_seeds = {"failed": dict(self.failed), "doubts": dict(self.doubted)}
        shared = {"noise_bands": run.summary.get("bands") or {}, "same_start": run.config.get("init_from") is not None}
        return no_nan({**self.ensemble.samples().figures(), **of_seeds, **shared, "error_estimate": estimate})


def members(run: Run, further: int | None = None, say: Callable[[str], None] = lambda _: None) -> Members:
    """The run itself, and the same training with so many further seeds, in its folder `ensemble/seed_K`.

    Members that are there are loaded, the others are trained one after the other; one that was cut off begins again. A
    run of several seeds (`seeds=`) brings all of its own, and no further ones are trained unless they are asked for.
    Each has the configuration of the run with another `seed`: other initial weights and other points, and the same
    data, if there are any. A training that diverges is left out and kept as failed.

    Raises ValueError for a run that has not ended, that `pinn refine` has made, or that stores no configuration to
    train from, for a member of another configuration, and if fewer than two are left.
    """
    _refuse(run)
    runs, failed = _own(run)
    first = max([*runs, *failed]) + 1
    further = further if further is not None else 0 if len(runs) > 1 else FURTHER
    doubted = {seed: list(one.summary.get("doubts") or []) for seed, one in runs.items() if one is run}
    for seed in range(first, first + further):
        folder = run.folder / FOLDER / f"seed_{seed}"
        found = _existing(run, folder, seed)
        if found is None:
            say(f"training seed {seed}, about {run.summary['wall_s']:.3g} s …")
            found = _trained(run, folder, seed)
        if isinstance(found, str):
            failed[seed] = found
            continue
        runs[seed] = found
        doubted[seed] = list(found.summary.get("doubts") or [])
    return Members(Ensemble(runs), failed, {seed: words for seed, words in doubted.items() if words})


def _refuse(run: Run) -> None:
    if is_refined(run.config.get("network")):
        raise ValueError(f"{str(run.folder)!r} is refined, not trained as it is: take the run below it.")
    if run.summary.get("status") != "completed":
        raise ValueError(
            f"{str(run.folder)!r} has not come to its end, and other seeds would be trained longer than it: "
            f"pinn train resume={run.folder}"
        )
    stored_config(run)


def _own(run: Run) -> tuple[dict[int, Run], dict[int, str]]:
    """The seeds that the folder of the run itself has, and those of them that failed."""
    if not (run.folder / ENSEMBLE).is_file():
        return {run.config["seed"]: run}, {}
    failed = {row["seed"]: "training diverged" for row in run.summary["seeds"] if row["failed"]}
    sound = [row["seed"] for row in run.summary["seeds"] if not row["failed"]]
    ordered = sorted(sound, key=lambda seed: seed != run.config["seed"])  # the best first: it is the run
    others = {seed: load_run(run.folder, run.trust, seed=seed) for seed in ordered[1:]}
    return {run.config["seed"]: run, **others}, failed


def _existing(run: Run, folder: Path, seed: int) -> Run | str | None:
    """The member in a folder, why it has failed, or None if there is none that came to its end."""
    summary = read_summary(folder)
    if summary:
        if summary.get("member_of") != _kind(run) or summary.get("seed") != seed:
            raise ValueError(
                f"{str(folder)!r} is no member of this ensemble: it was trained with another configuration than "
                f"{str(run.folder)!r} has now. Remove it to train it again."
            )
        return load_run(folder, run.trust)
    if (folder / FAILURE).is_file():
        return (folder / FAILURE).read_text(encoding="utf-8").strip()
    return None


def _trained(run: Run, folder: Path, seed: int) -> Run | str:
    """Train a member; why it has failed if it has diverged."""
    folder.mkdir(parents=True, exist_ok=True)
    with claimed(folder):
        try:
            _train(run, folder, seed)
        except FloatingPointError as error:
            record_failure(folder, error)
            return str(error)
    return load_run(folder, run.trust)


def _train(run: Run, folder: Path, seed: int) -> None:
    job = Job.of_run(stored_config(run, seed=seed, seeds=1), run.trust, root=run.folder)
    prepare(job.config["threads"], job.config["deterministic"])
    metrics = MetricsFile(folder)

    def recorded(step: Step) -> Step:
        if step.step % job.config["log_every"] == 0 or step.step == 1 or step.stop:
            metrics.record(step)
        return step

    steps = map(recorded, job.train())
    first = next(steps)
    step = (deque(steps, maxlen=1) or [first])[-1]
    objective = step.objective.on_one_process().eager()
    losses = {"first_loss": first.loss, "last_loss": step.loss}
    stalled = step.stop in ("stalled", "stagnation")
    facts: dict[str, Any] = {
        "seed": seed,
        "status": "completed",
        "reason": job.stopping.words(step, step.stop),  # pyright: ignore[reportArgumentType]  (cached properties)
        "time_to": metrics.time_to(),
        "doubts": doubts(objective, step.params, stalled=stalled, heldout=step.heldout, **losses),
        "member_of": _kind(run),
        **(job.config.get("choices") or {}),
    }
    config = with_copies(job.config, folder, run.folder, run.trust)
    if source := config.get("init_from"):
        config = {**config, "init_from": keep_start(read_start(source, run.folder), folder)}
    save_run(folder, step, config, run_id=new_run_id(), **facts)


def _kind(run: Run) -> str:
    """A checksum of all that decides on a training but its seed."""
    return fingerprint({key: run.config.get(key) for key in _DECIDES})
