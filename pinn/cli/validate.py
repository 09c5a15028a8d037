"""Should a run be believed? Residuals at fresh points, the same job with more points and with another seed, a verdict.

    pinn validate RUN
    pinn validate RUN --reference measured.npz --seeds 3

No exact solution is needed. Writes validation.json, validation.png and residual.png into the run folder. The exit code
is 0, or 1 for a run that is not to be believed, 2 where there is no verdict.
"""

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pinn import load_run
from pinn.cli.arguments import add_trust
from pinn.plotting.residual import plot_residual
from pinn.plotting.style import Format
from pinn.plotting.validation import plot_evidence
from pinn.report.verdict import VALIDATION
from pinn.runs.evidence import Evidence, collect, known_error, reference_error
from pinn.runs.job import stored_config
from pinn.runs.markdown import markdown
from pinn.runs.process import prepare
from pinn.runs.run import is_refined
from pinn.runs.uncertainty import band_in_words
from pinn.runs.verdict import NOT_EXAMINED, Verdict, judge
from pinn.training.accuracy import score
from pinn.trust import ErrorEstimate, Examination

TOLERANCE = 1e-2
FACTORS = (2, 4)


def table(evidence: Evidence) -> str:
    """The residual by condition at fresh points, and at four times as many."""
    fresh, finer = evidence.fresh, evidence.finer
    header = ["condition", *(f"{kind}, {r.points} points" for r in (fresh, finer) for kind in ("rms", "max"))]
    rows = [[name, *(f"{part[name]:.2e}" for r in (fresh, finer) for part in (r.rms, r.largest))] for name in fresh.rms]
    total = f"all, weighted: {evidence.train:.2e} in training, {fresh.total:.2e} and {finer.total:.2e} at fresh points"
    return f"{markdown(header, rows)}\n\n{total}, {evidence.untrained:.2e} before training"


def told(examination: Examination) -> list[str]:
    """The examination of the field, line by line."""
    lines = [f"fundamental theorem of calculus: largest defect {examination.defect:.1e} of the range"]
    error = ErrorEstimate(examination.estimate, resolved=examination.resolved, why=examination.why)
    return [*lines, str(error), *examination.undetermined]


def as_json(evidence: Evidence, verdict: Verdict, tolerance: float) -> dict[str, Any]:
    """All figures; null for what diverged."""
    found = dataclasses.asdict(evidence)
    for group in ("seeds", "refined"):
        found[group] = {name: value if math.isfinite(value) else None for name, value in found[group].items()}
    return {"verdict": verdict.level, "words": verdict.text, "tolerance": tolerance, **found}


def validate(args: argparse.Namespace) -> Verdict:
    """Collect the evidence, judge, write and draw."""
    run = load_run(args.run, args.trust)
    errors = {}
    if (exact := known_error(run)) is not None:
        errors["the exact solution"] = exact
    if args.reference:
        errors[args.reference.name] = reference_error(run, args.reference)
    config = stored_config(run)
    prepare(config["threads"], config["deterministic"])
    budget_s = args.budget or min(max(run.summary["wall_s"] / 2, 1.0), 60.0)
    seeds = range(config["seed"] + 1, config["seed"] + 1 + args.seeds)
    factors = FACTORS if args.refine and config["windows"] == 1 else ()
    if is_refined(config["network"]):
        factors, seeds = (), range(0)
        print("more points and other seeds are left out: a refined field was not trained as it is", file=sys.stderr)
    elif args.refine and not factors:
        print("more points are left out: in windows of time no training goes on from a whole field", file=sys.stderr)
    evidence = collect(run, seeds, factors, budget_s, lambda text: print(text, file=sys.stderr, flush=True))
    evidence.errors.update(errors)
    verdict = judge(evidence, args.tolerance)
    output: Path = args.output or args.run
    output.mkdir(parents=True, exist_ok=True)
    result = as_json(evidence, verdict, args.tolerance)
    (output / VALIDATION).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    files = [plot_evidence(evidence, args.tolerance, output / f"validation.{args.format}")]
    files += plot_residual(run, output, format=args.format)
    print(table(evidence))
    for name, difference in [*evidence.refined.items(), *evidence.seeds.items()]:
        print(f"{name}: relative L2 difference {difference:.2e}")
    for name, error in evidence.errors.items():
        floor = run.summary.get("reference_error") or 0.0
        print(f"{name}: relative L2 error {score(error, floor if name == 'the exact solution' else 0.0)}")
    if (examination := evidence.examination) is not None:
        print("\n".join(told(examination)))
    for name, band in (run.summary.get("bands") or {}).items():
        print(band_in_words(name, band))
    print("\n".join(["", verdict.text, NOT_EXAMINED, "", *map(str, files)]))
    return verdict


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", type=Path, help="run folder")
    add_trust(parser)
    parser.add_argument(
        "--reference", metavar="FILE.npz", type=Path, help="arrays points (n, d), values (n,) or (n, m)"
    )
    parser.add_argument("--seeds", metavar="K", type=int, default=1, help="other seeds to train (default: 1, none: 0)")
    parser.add_argument("--no-refine", dest="refine", action="store_false", help="do not go on with more points")
    parser.add_argument(
        "--budget", metavar="S", type=float, help="seconds for each refinement (default: half the run's)"
    )
    parser.add_argument(
        "--tolerance", metavar="E", type=float, default=TOLERANCE, help=f"bad is above this (default: {TOLERANCE})"
    )
    parser.add_argument("--output", metavar="DIR", type=Path, help="folder of the report (default: RUN)")
    parser.add_argument("--format", choices=Format.__args__, default="png", help="of the figures (default: png)")
    args = parser.parse_args(argv)
    if args.seeds < 0:
        parser.error(f"--seeds {args.seeds}: expected an integer >= 0")
    if args.budget is not None and not args.budget > 0:
        parser.error(f"--budget {args.budget}: expected seconds > 0")
    if not 0 < args.tolerance < 1:
        parser.error(f"--tolerance {args.tolerance}: expected a relative difference between 0 and 1")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        verdict = validate(args)
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if verdict.level == "bad" else 0
