"""How far do trainings scatter? The run trained again with further seeds: the mean of the fields, and a 95 % band.

    pinn ensemble RUN
    pinn ensemble RUN --seeds 9

Each further seed has a run folder in RUN/ensemble, with the same configuration and the same data but other initial
weights and points; those that are there are not trained again. Writes ensemble.npz, ensemble.json and ensemble.png into
RUN. The band is where one more training would lie: an error that all members share is not in it. The exit code is 0,
or 1 where there is no ensemble.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pinn.cli.arguments import run_parser
from pinn.plotting.band import plot_band
from pinn.plotting.style import Format
from pinn.runs import load_run
from pinn.runs.atomic_write import atomic_write
from pinn.runs.ensemble import told
from pinn.runs.further_seeds import FURTHER, Members, members

NAME = "ensemble"


def write(found: Members, figures: Mapping[str, Any], output: Path, format: Format) -> list[Path]:
    """Write arrays, numbers and the picture into a folder. Returns the files."""
    output.mkdir(parents=True, exist_ok=True)
    arrays, numbers = output / f"{NAME}.npz", output / f"{NAME}.json"
    ensemble = found.ensemble
    with atomic_write(arrays) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **ensemble.samples().arrays())
    with atomic_write(numbers) as temporary:
        temporary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    title = f"{len(ensemble.runs)} trainings: their mean, and where one more would lie"
    return [arrays, numbers, *plot_band(ensemble.first, ensemble.band, output / NAME, title=title, format=format)]


def main(argv: Sequence[str] | None = None) -> int:
    parser = run_parser(__doc__ or "")
    parser.add_argument(
        "--seeds",
        metavar="K",
        type=_count,
        help=f"further seeds beside those of the run (default: {FURTHER}, or 0 for a run that was trained with seeds=)",
    )
    parser.add_argument("--output", metavar="DIR", type=Path, help="folder of the results (default: RUN)")
    parser.add_argument("--format", choices=Format.__args__, default="png", help="of the figure (default: png)")
    args = parser.parse_args(argv)
    try:
        run = load_run(args.run, args.trust)
        found = members(run, args.seeds, partial(print, file=sys.stderr, flush=True))
        figures = found.figures()
        files = write(found, figures, args.output or args.run, args.format)
    except (ValueError, OSError, ImportError, NotImplementedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for seed, reason in found.failed.items():
        print(f"seed {seed} has failed and is left out: {reason}", file=sys.stderr)
    for seed, words in found.doubted.items():
        print(f"seed {seed}, do not believe it: {'; '.join(words)}", file=sys.stderr)
    print("\n".join([*told(figures), "", *map(str, files)]))
    return 0


def _count(text: str) -> int:
    """A number of seeds, 0 included."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected an integer >= 0, got {text!r}")
    return int(text)
