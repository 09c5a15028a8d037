"""Train a run once more from its own stored configuration, and compare: the same parameters, bit for bit?

    pinn reproduce RUN

Seed, device, dtype and threads are those of the run, and so is the number of steps, also where a clock ended it. The
exit code is 0 where all is equal, 1 where something differs, 2 where the run cannot be repeated.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pinn.cli.arguments import run_parser
from pinn.runs import load_run
from pinn.runs.reproduce import compare, repeat, words

FOLDER, RESULT = "reproduction", "reproduction.json"


def main(argv: Sequence[str] | None = None) -> int:
    parser = run_parser(__doc__ or "")
    parser.add_argument("--output", metavar="DIR", type=Path, help=f"folder of the second run (default: RUN/{FOLDER})")
    args = parser.parse_args(argv)
    try:
        run = load_run(args.run, args.trust)
        output = args.output or args.run / FOLDER
        if output.resolve() == args.run.resolve():
            raise ValueError(f"--output {str(output)!r} is the run itself. Choose another folder.")
        found = compare(run, repeat(run, output))
        (output / RESULT).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(words(found))
    return 0 if found["equal"] else 1
