"""The list of problems: where the reference of each comes from, and what has been published."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pinnacle import closed_forms, evolutions
from benchmarks.pinnacle.reference import Reference

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs" / "experiment" / "pinnacle"


@dataclass(frozen=True)
class Problem:
    """A problem of the list.

    `published` is the smallest error of its row in the third table of the paper, as quoted by others; `note` says what
    has been corrected or why the figures are no comparison.
    """

    title: str
    published: float
    reference: Callable[[], Reference]
    note: str = ""


def _elements(module: str, name: str) -> Callable[[], Reference]:
    """A reference by finite elements, which are a development dependency."""

    def compute() -> Reference:
        return getattr(importlib.import_module(f"benchmarks.pinnacle.{module}"), name)()

    return compute


_OTHER = "another medium of the same law"

PROBLEMS: dict[str, Problem] = {
    "burgers_1d": Problem(
        "Burgers 1d-C", 1.45e-2, closed_forms.burgers_1d, "the published data are 1.33e-2 from the Cole–Hopf formula"
    ),
    "poisson_2d_classic": Problem("Poisson 2d-C", 1.23e-2, _elements("plates", "poisson_classic")),
    "poisson_boltzmann": Problem("Poisson 2d-CG", 1.43e-2, _elements("plates", "poisson_boltzmann")),
    "poisson_many_area": Problem("Poisson 2d-MS", 5.90e-1, _elements("rectangles", "poisson_many_area")),
    "heat_varying": Problem("Heat 2d-VC", 2.12e-1, _elements("rectangles", "heat_varying"), _OTHER),
    "heat_multiscale": Problem("Heat 2d-MS", 6.21e-2, closed_forms.heat_multiscale),
    "heat_complex": Problem("Heat 2d-CG", 2.39e-2, _elements("plates", "heat_complex")),
    "heat_long_time": Problem("Heat 2d-LT", 9.99e-1, evolutions.heat_long_time),
    "ns_lid": Problem("NS 2d-C", 3.60e-2, closed_forms.ns_lid),
    "ns_back_step": Problem(
        "NS 2d-CG", 8.24e-2, _elements("flows", "back_step"), "an outlet free of traction, where the data have p ≠ 0"
    ),
    "wave_1d": Problem("Wave 1d-C", 9.79e-2, closed_forms.wave_1d),
    "wave_heterogeneous": Problem("Wave 2d-CG", 7.94e-1, _elements("rectangles", "wave_heterogeneous"), _OTHER),
    "wave_long_time": Problem(
        "Wave 2d-MS", 9.82e-1, closed_forms.wave_long_time, "the published formula does not satisfy its equation"
    ),
    "kuramoto_sivashinsky": Problem("KS", 9.57e-1, closed_forms.kuramoto_sivashinsky),
    "gray_scott": Problem("GS", 8e-2, evolutions.gray_scott, "periodic, where nothing was published"),
    "poisson_5d": Problem("PNd", 4.67e-4, closed_forms.poisson_5d),
    "heat_5d": Problem("HNd", 1.19e-4, closed_forms.heat_5d),
    "poisson_inverse": Problem(
        "PInv",
        2.45e-2,
        closed_forms.poisson_inverse,
        "of u and k; the published source has a wrong sign",
    ),
    "heat_inverse": Problem("HInv", 5.26e-2, closed_forms.heat_inverse, "of u and k"),
}
"""By the name of the configuration."""
