"""One table and one plot of a sweep: mean, spread, median and worst over its seeds, seconds, what has failed and why.

pinn sweep-report multirun/2026-11-24_12-00-00
pinn sweep-report DIR --by pde optimizer --format csv > table.csv
pinn export "$(pinn sweep-report DIR --best)" --format onnx
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from pinn.report.sweep_plot import plot_sweep
from pinn.report.sweep_results import SEED, best, groups, metric_of, read, swept
from pinn.report.sweep_table import FORMATS


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="MULTIRUN_DIR", type=Path, help="folder of a sweep, under multirun/")
    parser.add_argument(
        "--by", nargs="+", metavar="KEY", help=f"rows of the table (default: what was swept, not {SEED})"
    )
    parser.add_argument("--format", choices=FORMATS, default="md", help="of the table (default: md)")
    parser.add_argument("--metric", help="number of summary.json (default: rel_l2, or heldout_residual if unknown)")
    parser.add_argument("--sort", choices=("swept", "median"), default="swept", help="order of rows (default: swept)")
    parser.add_argument("--best", action="store_true", help="print the folder of the best job, and nothing else")
    parser.add_argument("--output", type=Path, metavar="FILE", help="plot, .png, .pdf or .svg (default: DIR/sweep.png)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        outcomes = read(args.folder)
        metric = metric_of(outcomes, args.metric)
        if args.best:
            print(best(outcomes, metric).folder)
            return 0
        keys = args.by or swept(outcomes)
        rows = groups(outcomes, keys)
        if args.sort == "median":
            rows.sort(key=lambda group: (math.isnan(m := group.statistics(metric)["median"]), m))
        print(FORMATS[args.format](rows, keys, metric), flush=True)
        # The table alone is on standard output, so that it can be sent to a file.
        print(plot_sweep(rows, keys, metric, args.output or args.folder / "sweep.png"), file=sys.stderr)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
