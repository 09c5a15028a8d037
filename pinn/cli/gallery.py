"""Train every shipped problem for a short time, and show them on one page.

    pinn gallery budget_s=20

Each problem is one process, `pinn train pde=NAME`, or `experiment=gallery/NAME` where there are settings
for it, with KEY=VALUE arguments handed on. What is there already is not trained again; --report makes the page from
it alone.
"""

import argparse
import html
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pinn.cli.arguments import keywords, positive
from pinn.runs.configs import config_folder
from pinn.runs.markdown import markdown

CONFIGS = config_folder()
BUDGET_S = 20
HEADER = ["problem", "equation", "relative L2 error", "max error", "seconds", "parameters", "command"]


@dataclass(frozen=True)
class Entry:
    """A problem of the gallery: its run folder, what a user types for it, and how it went."""

    name: str
    folder: Path

    @property
    def equation(self) -> str:
        """The first line of its configuration."""
        return (CONFIGS / "pde" / f"{self.name}.yaml").read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")

    @property
    def settings(self) -> list[str]:
        own = CONFIGS / "experiment" / "gallery" / f"{self.name}.yaml"
        return [f"experiment=gallery/{self.name}"] if own.is_file() else [f"pde={self.name}"]

    @property
    def command(self) -> str:
        return " ".join(["pinn", "train", *self.settings])

    @property
    def failure(self) -> str | None:
        """Why there are no numbers; None where there are."""
        file = self.folder / "failure.txt"
        return file.read_text(encoding="utf-8").strip() if file.is_file() else None

    @property
    def summary(self) -> dict:
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))

    @property
    def done(self) -> bool:
        return (self.folder / "summary.json").is_file() or self.failure is not None

    def train(self, overrides: Sequence[str], threads: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = [f"hydra.run.dir={self.folder}", f"threads={threads}", *overrides]
        arguments = [sys.executable, "-m", "pinn", "train", *self.settings, *options]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        result = subprocess.run(arguments, capture_output=True, text=True, env=environment)
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["no message"])[-1]
            (self.folder / "failure.txt").write_text(reason, encoding="utf-8")
        print(f"{self.name}: {self.failure or format(_number(self.summary['rel_l2']), '.1e')}", flush=True)

    def row(self) -> list[str]:
        if self.failure:
            return [self.name, self.equation, f"failed: {self.failure}", *["–"] * 3, f"`{self.command}`"]
        s = self.summary
        errors = [f"{_number(s[key]):.1e}" for key in ("rel_l2", "max_error")]
        return [self.name, self.equation, *errors, f"{s['wall_s']:.0f}", str(s["parameters"]), f"`{self.command}`"]

    def card(self, page: Path) -> str:
        """The problem as a piece of HTML, its pictures by paths relative to the page."""
        title = f"<h2 id='{self.name}'>{html.escape(self.name)}</h2><p>{html.escape(self.equation)}</p>"
        command = f"<pre>{html.escape(self.command)}</pre>"
        if self.failure:
            return f"<section>{title}{command}<p class='failed'>{html.escape(self.failure)}</p></section>"
        s = self.summary
        figures = f"relative L<sup>2</sup> error <b>{_number(s['rel_l2']):.1e}</b> after {s['wall_s']:.0f} s"
        facts = f"{s['steps']} steps, {s['parameters']} parameters, {s['dtype']} on {s['device']}"
        found = "".join(f"<li>{html.escape(line)}</li>" for line in _unknowns(s))
        pictures = "".join(
            f"<img loading='lazy' src='{os.path.relpath(path, page.parent)}' alt='{self.name}: {path.stem}'>"
            for path in _pictures(self.folder)
        )
        return f"<section>{title}{command}<p>{figures}; {facts}</p><ul>{found}</ul>{pictures}</section>"


def names() -> list[str]:
    """All problems that have a configuration and need no further argument."""
    return sorted(path.stem for path in (CONFIGS / "pde").glob("*.yaml"))


def page(entries: Sequence[Entry], path: Path) -> Path:
    """Write the page."""
    lines = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell.strip('`'))}</td>" for cell in entry.row()) + "</tr>"
        for entry in entries
    )
    head = "".join(f"<th>{html.escape(name)}</th>" for name in HEADER)
    cards = "\n".join(entry.card(path) for entry in entries)
    path.write_text(_PAGE.format(count=len(entries), head=head, lines=lines, cards=cards), encoding="utf-8")
    return path


def _pictures(folder: Path) -> list[Path]:
    wanted = ("comparison.png", "profiles.png", "history.png", "unknowns.png")
    return [folder / name for name in wanted if (folder / name).is_file()]


def _unknowns(summary: dict) -> list[str]:
    found = summary.get("unknowns") or {}
    return [f"{name} = {item['value']:.5g} ± {1.96 * item['deviation']:.1g}" for name, item in found.items()]


def _number(value: float | None) -> float:
    return math.nan if value is None else value


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>pinn: gallery</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; font-size: 0.85rem; }}
td, th {{ border-bottom: 1px solid #ddd; padding: 0.2rem 0.6rem; text-align: left; vertical-align: top; }}
section {{ border-top: 2px solid #ddd; margin-top: 2rem; }}
img {{ max-width: 100%; display: block; margin: 0.5rem 0; }}
pre {{ background: #f5f5f5; padding: 0.5rem; overflow-x: auto; }}
.failed {{ color: #b00020; }}
</style></head><body>
<h1>Gallery</h1><p>{count} problems, each trained by one command.</p>
<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>
{cards}
</body></html>
"""


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
    out: Path = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    entries = [Entry(name, out / name) for name in args.only]
    if not args.report:
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda entry: entry.done or entry.train(args.overrides, args.threads), entries))
    entries = [entry for entry in entries if entry.done]
    if not entries:
        print(f"There are no finished runs in {args.out}.", file=sys.stderr)
        return 1
    text = markdown(HEADER, [entry.row() for entry in entries])
    (out / "gallery.md").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{page(entries, out / 'index.html')}")
    return 1 if any(entry.failure for entry in entries) else 0
