"""Media of the problems, as numbers and as the texts of their configurations.

The pictures of random media behind the published problems cannot be had, or do not belong to the published solutions.
Those here are drawn from the same law, a Gaussian field of period 1 with amplitudes |k|⁻² and variance 1, cut off at
|k| = 3 and given by its modes, so that it is a formula.
"""

import numpy as np

Array = np.ndarray
_CUT = 3

CONDUCTIVITIES = np.array(
    [
        [46.11728, 0.5973283, 0.2922707, 1.262764, 0.1445620],
        [12.71815, 1.469753, 82.58023, 2.361176, 0.3212575],
        [0.9870683, 9.056933, 87.93604, 0.1319132, 66.24848],
        [6.940130, 1.714366, 1.882944, 0.4777548, 12.26776],
        [65.95316, 22.76514, 5.149506, 10.51729, 6.485008],
    ]
)
"""Of the areas of `poisson_many_area`, [i, j] for the i-th in x and the j-th in y, as published."""
SOURCES = np.array(
    [
        [-0.5391451, -0.3776799, 0.9593887, 0.2395792, 0.5298503],
        [-0.8754225, 0.9200586, 0.2302176, 0.1264191, -0.8055526],
        [0.3118254, -0.1239761, 0.7558862, -0.05690806, -0.9684977],
        [-0.4054805, 0.8928609, 0.4394579, -0.8037996, 0.50878],
        [0.635646, -0.4348196, -0.8323421, -0.7788386, 0.1785787],
    ]
)
"""The constant part of f there."""
WAVES = np.array(
    [
        [-0.8293751, 0.1142822, 0.5864437, -0.937095, 0.4247311],
        [0.4779174, -0.3690794, 0.3396281, 0.3241248, 0.265265],
        [0.663016, -0.07972029, -0.7603945, 0.1051315, -0.05864702],
        [0.07613802, -0.18602, 0.04905803, -0.4134108, 0.2248058],
        [-0.7825124, -0.6358456, 0.884609, 0.6774741, -0.9848308],
    ]
)
"""The amplitude of sin(π s) sin(π r), s and r from 0 to 1 across the area."""


def modes(seed: int) -> list[tuple[int, int, float, float]]:
    """(k, l, a, b) of Σ a cos 2π(kx + ly) + b sin 2π(kx + ly), with three decimals."""
    rng = np.random.default_rng(seed)
    pairs = [(k, n) for k in range(_CUT + 1) for n in range(-_CUT, _CUT + 1)]
    pairs = [(k, n) for k, n in pairs if (k > 0 or n > 0) and k * k + n * n <= _CUT**2]
    drawn = [(k, n, *(rng.standard_normal(2) / (k * k + n * n))) for k, n in pairs]
    size = np.sqrt(sum(a * a + b * b for _, _, a, b in drawn) / 2)
    return [(k, n, round(float(a / size), 3), round(float(b / size), 3)) for k, n, a, b in drawn]


def gaussian(seed: int, x: Array, y: Array) -> Array:
    """The field at points."""
    total = np.zeros_like(x)
    for k, n, a, b in modes(seed):
        angle = 2 * np.pi * (k * x + n * y)
        total += a * np.cos(angle) + b * np.sin(angle)
    return total


def gaussian_text(seed: int, x: str = "x", y: str = "y") -> str:
    """The same as a formula."""
    terms = []
    for k, n, a, b in modes(seed):
        angle = f"2*pi*({k}*{x} + {n}*{y})".replace("+ -", "- ")
        terms.append(f"{a}*cos({angle}) + {b}*sin({angle})")
    return " + ".join(terms).replace("+ -", "- ")


def areas(table: Array, x: Array, y: Array) -> Array:
    """The value of the area in which a point of [−10, 10]² lies."""
    i, j = (np.clip(((c + 10) / 4).astype(int), 0, 4) for c in (x, y))
    return table[i, j]


def areas_text(table: Array) -> str:
    """The same as a formula of nested choices."""

    def chosen(name: str, texts: list[str]) -> str:
        text = texts[-1]
        for k in range(len(texts) - 2, -1, -1):
            text = f"where({name} < {-6 + 4 * k}, {texts[k]}, {text})"
        return text

    return chosen("x", [chosen("y", [f"{value:.7g}" for value in row]) for row in table])
