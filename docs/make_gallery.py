"""Make the gallery page, docs/gallery.md, and its pictures from the run folders of `pinn gallery`.

    pinn gallery budget_s=6 --out outputs/gallery
    python docs/make_gallery.py outputs/gallery --date 2026-11-25 --machine "one thread of an AMD EPYC with 2 cores"

Each picture is the comparison or the solution that the run has drawn, made small. Captions have the equation of
docs/gallery/equations.yaml (or the first line of the configuration), the error that the run reached, and its command.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from PIL import Image

from pinn.report.gallery import Entry, names

DOCS = Path(__file__).parent
WIDTH = 640
COLOURS = 160
PICTURES = ("comparison.png", "profiles.png", "solution.png")


@dataclass(frozen=True)
class Card:
    """One problem on the page."""

    entry: Entry
    tex: str | None

    @property
    def source(self) -> Path | None:
        """The picture that the run has drawn."""
        return next((self.entry.folder / name for name in PICTURES if (self.entry.folder / name).is_file()), None)

    def draw(self, folder: Path) -> None:
        """Write the small picture."""
        if self.source is None:
            raise FileNotFoundError(f"{self.entry.folder} has none of {', '.join(PICTURES)}: its run did not end well.")
        with Image.open(self.source) as opened:
            picture = opened.convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
        palette = small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette.save(folder / f"{self.entry.name}.png", optimize=True)

    @property
    def command(self) -> str:
        """What a user types for this run: its overrides but where it was and with how many threads."""
        beside = ("hydra.", "threads=", "plots=")
        given = [word for word in self.entry.results.summary["overrides"] if not word.startswith(beside)]
        return " ".join(["pinn", "train", *given])

    def markdown(self) -> str:
        """The picture with its caption."""
        summary, name = self.entry.results.summary, self.entry.name
        equation = f"${self.tex}$" if self.tex else self.entry.equation
        error = "no solution known" if summary["rel_l2"] is None else f"relative error {summary['rel_l2']:.1e}"
        return "\n".join(
            [
                '<figure markdown="1">',
                f"[![{name}: solution, reference and error](gallery/{name}.png){{ loading=lazy }}](gallery/{name}.png)",
                '<figcaption markdown="1">',
                "",
                f"**{name}** — {equation}",
                "",
                f"{error} after {summary['wall_s']:.0f} s; `{self.command}`",
                "",
                "</figcaption>",
                "</figure>",
            ]
        )


def page(cards: Sequence[Card], date: str, machine: str, note: str) -> str:
    """The text of the page."""
    summaries = [card.entry.results.summary for card in cards]
    below = sum(s["rel_l2"] is not None and s["rel_l2"] < 1e-3 for s in summaries)
    longest = max(s["wall_s"] for s in summaries)
    text = _PAGE.format(count=len(cards), below=below, longest=longest, date=date, machine=machine, note=note)
    groups = []
    for title, members in _groups(cards).items():
        figures = "\n".join(card.markdown() for card in members)
        groups.append(f'## {title}\n\n<div class="gallery" markdown="1">\n{figures}\n</div>')
    return "\n\n".join([text, *groups]) + "\n"


def _groups(cards: Sequence[Card]) -> dict[str, list[Card]]:
    """By what is asked: the solution, its coefficients, or a range of them."""
    titles = {"inverse": "Coefficients from data", "parametric": "A range of parameters at once"}
    groups: dict[str, list[Card]] = {"Solutions": []}
    for card in cards:
        groups.setdefault(titles.get(card.entry.name.split("_")[0], "Solutions"), []).append(card)
    return groups


_PAGE = """# Gallery

Every shipped problem trains by one command, `pinn train pde=NAME`, or `experiment=gallery/NAME` if the defaults fall
short. These pictures are real runs of at most {longest:.0f} seconds of training each: {count} problems, {below} of them
below a relative L2 error of 1e-3 ({machine}, float64, seed 0, {date}; {note}).
The errors that each of them reaches in 20 or 60 seconds on a quieter machine, and those on each domain, are on the page
[Accuracy](accuracy.md#every-problem). Errors of inverse problems are those of the solution, which noise of 1 % bounds.

Your own, with a page of all figures in `outputs/gallery/index.html`:

```bash
pinn gallery budget_s=20
pinn gallery --only heat burgers wave budget_s=20
```

Two problems run at a time, each with one thread (`--jobs`, `--threads`). What is there already is not trained again,
so the command can be interrupted and repeated. `docs/make_gallery.py` makes this page from the run folders."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="the folder that `pinn gallery --out` has filled")
    parser.add_argument("--date", required=True, help="of the runs")
    parser.add_argument("--machine", required=True, help="on which they ran, in words")
    parser.add_argument("--note", default="each run once", help="what else is to be said of them, in words")
    given = parser.parse_args(argv)
    equations: Mapping[str, str] = yaml.safe_load((DOCS / "gallery" / "equations.yaml").read_text(encoding="utf-8"))
    cards = [Card(Entry(name, given.runs / name), equations.get(name)) for name in names()]
    for card in cards:
        card.draw(DOCS / "gallery")
    (DOCS / "gallery.md").write_text(page(cards, given.date, given.machine, given.note), encoding="utf-8")


if __name__ == "__main__":
    main()
