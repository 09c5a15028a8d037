"""Published errors that the accuracy table is set beside: relative L2, and hardware where it is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A published result. `quoted` marks one that we know from another publication or repository that quotes it."""

    error: float
    where: str
    hardware: str = ""
    quoted: bool = True

    def __str__(self) -> str:
        mark = "*" if self.quoted else ""
        told = f", {self.hardware}" if self.hardware else ""
        return f"{self.error:.1e}{mark} ({self.where}{told})"


PUBLISHED: dict[str, Published] = {
    "helmholtz": Published(2.0e-9, "SPRING, arXiv:2604.05230", "540 s on a GPU"),
    "wave": Published(1.6e-2, "best of PINNacle, arXiv:2306.08827 and later", "RTX 2080 Ti class"),
    "multiscale_poisson": Published(4.5e-14, "DSGNAR, arXiv:2607.02194", "281 s on an H100", quoted=False),
    "advection": Published(1.9e-3, "NysNewton-CG, arXiv:2402.01868", "one GPU"),
    "burgers": Published(1.6e-8, "SSBroyden, arXiv:2501.16371", "2878 s on a GPU"),
    "allen_cahn": Published(9.4e-7, "SSBroyden, arXiv:2501.16371", "one GPU"),
    "kdv": Published(8.2e-11, "DSGNAR, arXiv:2607.02194", "1210 s on an H100"),
    "kuramoto_sivashinsky": Published(2.7e-5, "SSBroyden in 5 windows, arXiv:2501.16371", "one GPU"),
    "poisson_5d": Published(1.7e-7, "SPRING, arXiv:2505.12149", "7000 s on an RTX 6000", quoted=False),
    "cavity": Published(2.4e-2, "best of PINNacle, arXiv:2306.08827 and later", "RTX 2080 Ti class"),
}
"""By the name of the row. Rows of random features stand beside the same figures as those of networks."""


def published(row: str) -> Published | None:
    """The figure for a row, if there is one."""
    return PUBLISHED.get(row.removesuffix("_features"))
