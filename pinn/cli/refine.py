"""More digits of a run: its field u is corrected by the solution e of the linearised equation, L e = -r.

    pinn refine RUN
    pinn refine RUN --stages 5 --columns 2400 --output outputs/finer

Writes u + e as a run folder of its own (default: RUN-refined), for `pinn plot`, `export`, `validate` and `load_run`.
For a nonlinear equation the stages are steps of Newton's method. No training: seconds to minutes. The exit code is 0,
or 1 where nothing could be refined, and 4 where the refined field is not to be believed.
"""

import math
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pinn.cli.arguments import positive, run_parser
from pinn.runs import load_run
from pinn.runs.claim import claimed, refuse_used
from pinn.runs.refining import Refined, refine
from pinn.runs.results import DOUBTED
from pinn.trust.correction import MOST_COLUMNS
from pinn.trust.refinement import STAGES


def told(found: Refined) -> list[str]:
    """The errors before and after, line by line."""
    before, after = found.errors
    lines = []
    if math.isfinite(before):
        lines.append(f"relative L2 error {before:.2e} → {after:.2e}")
    first, last = found.estimates
    if first.known:
        end = f"{last.relative_l2:.2e}" if last.known else f"not resolved, {last.relative_l2:.1e} of it found"
        lines.append(f"estimated relative L2 error {first.relative_l2:.2e} → {end}")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    parser = run_parser(__doc__ or "")
    parser.add_argument(
        "--stages", metavar="K", type=positive, default=STAGES, help=f"corrections at most (default: {STAGES})"
    )
    parser.add_argument(
        "--columns",
        metavar="N",
        type=positive,
        default=MOST_COLUMNS,
        help=f"functions times components of each; the cost goes with N² (default: {MOST_COLUMNS})",
    )
    parser.add_argument("--output", metavar="DIR", type=Path, help="the new run folder (default: RUN-refined)")
    args = parser.parse_args(argv)
    try:
        run = load_run(args.run, args.trust)
        folder = args.output or run.folder.resolve().with_name(f"{run.folder.resolve().name}-refined")
        folder.mkdir(parents=True, exist_ok=True)
        with claimed(folder):
            refuse_used(folder)
            found = refine(run, folder, stages=args.stages, columns=args.columns, say=partial(print, flush=True))
    except (ValueError, OSError, ImportError, NotImplementedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(told(found)))
    for doubt in found.doubts:
        print(f"Do not believe this run: {doubt}.", file=sys.stderr)
    print(f"run folder: {folder}")
    return DOUBTED if found.doubts else 0
