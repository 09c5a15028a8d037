"""Train every shipped problem for a short time, and show them on one page.

    pinn gallery budget_s=20

Each problem is one process, `pinn train pde=NAME`, or `experiment=gallery/NAME` if there are settings for it, with
KEY=VALUE arguments handed on. What is there already is not trained again; --report makes the page from it alone.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pinn.cli.arguments import keywords, positive
from pinn.report.gallery import HEADER, Entry, names, write_gallery
from pinn.runs.claim import left_by_a_run
from pinn.runs.markdown import markdown
from pinn.runs.results import DOUBTED
from pinn.runs.resuming import KEYS

BUDGET_S = 20


def train(entry: Entry, overrides: Sequence[str], threads: int) -> None:
    """Run the command of a problem, and say how it went."""
    entry.folder.mkdir(parents=True, exist_ok=True)
    arguments = [sys.executable, "-m", "pinn", "train", *_words(entry, overrides), f"threads={threads}"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    result = subprocess.run(arguments, capture_output=True, text=True, env=environment)
    if result.returncode not in (0, DOUBTED):
        entry.results.fail((result.stderr.strip().splitlines() or ["no message"])[-1])
    doubted = "".join(f" (do not believe it: {doubt})" for doubt in entry.results.doubts)
    print(f"{entry.name}: {entry.results.failure or entry.error}{doubted}", flush=True)


def _words(entry: Entry, overrides: Sequence[str]) -> list[str]:
    """What `pinn train` is given: the settings of a problem, or, if its run was cut off, the word to go on."""
    if left_by_a_run(entry.folder):
        return [f"resume={entry.folder}", *(text for text in overrides if text.partition("=")[0] in KEYS)]
    return [*entry.settings, f"hydra.run.dir={entry.folder}", *overrides]


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="for every run")
    parser.add_argument("--only", nargs="+", default=names(), choices=names(), metavar="NAME", help=", ".join(names()))
    parser.add_argument("--jobs", type=positive, default=2, help="runs at a time")
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads of each run")
    parser.add_argument("--out", type=Path, default=Path("outputs/gallery"), help="folder of runs, page and table")
    parser.add_argument("--report", action="store_true", help="train nothing, show what is there")
    args = parser.parse_args(argv)
    keywords(args.overrides, parser)
    if not any(text.startswith("budget_s=") for text in args.overrides):
        args.overrides.append(f"budget_s={BUDGET_S}")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        return make(args)
    except OSError as error:  # the folder cannot be written to
        print(f"error: {error}", file=sys.stderr)
        return 1


def make(args: argparse.Namespace) -> int:
    """Train what is missing, and write table and page; 1 if a problem has failed."""
    out: Path = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    entries = [Entry(name, out / name) for name in args.only]
    if not args.report:
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda entry: entry.results.ended or train(entry, args.overrides, args.threads), entries))
    entries = [entry for entry in entries if entry.results.ended]
    if not entries:
        print(f"There are no finished runs in {args.out}.", file=sys.stderr)
        return 1
    text = markdown(HEADER, [[*cells, f"`{command}`"] for *cells, command in (entry.row() for entry in entries)])
    (out / "gallery.md").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{write_gallery(entries, out / 'index.html')}")
    return 1 if any(entry.results.failure for entry in entries) else 0
