"""How measured data are weighed against the equation: as much as they can be without following their noise.

Of the n measured values a fit follows p, the trace of the data's block of JJ⁺ (its degrees of freedom; Seber & Wild
1989). With the equation as a constraint p is the number of unknown coefficients and of initial or boundary values that
nothing prescribes. The more the data weigh, the more the solution bends to their noise against the equation: p grows,
and coefficients come out wrong. With γ the ratio |J_data v|/|J_equation v| of a direction v of the parameters

    p(λ) = Σ_i λγ_i²/(1 + λγ_i²),

which has a plateau: directions that the equation leaves free have a large γ, the others a small one. The weight λ is
the largest on it. Where noise has the deviation σ the classical weight is τ²/σ² for a residual of deviation τ; on the
plateau the result does not depend on τ, and σ is found from the misfit. Where a function is unknown, its coefficients
join one after the other, p rises slowly all along, and the plateau ends where it begins to rise fast. That holds for
the exact minimum. A training that still leaves a residual τ to the equation would let that residual, and not the data,
decide, so the weight stays above τ²/σ² of now, and comes down as training goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pinn.objective import Objective
from pinn.pdes import Inverse
from pinn.pdes.derived.wrapper import Wrapper
from pinn.pdes.pde import PDE
from pinn.typing import Params
from pinn.weighting.balance import WeightState

DATA = "data"
MOST_PARAMETERS, MOST_POINTS = 1200, 600
"""Of the matrix whose singular values are taken; of more parameters the last ones, nearest to the solution."""
CUT = 1e-9
"""Singular values below this part of the largest are those of directions that no row sees."""
FLAT = 0.1
"""dp/d log λ over p, up to which p(λ) is flat."""
AT_FIRST = 4
"""Degrees of freedom beyond the unknown numbers that the data have at first, so that they lead the solution."""
STEPS = (30, 45, 60, 80, 110, 150, 200, 300, 400, 600, 800)
"""Steps at which the weight is found again; from then on every 400."""
_MARGIN = 3.0
"""How far above τ²/σ² of now the weight stays: then the equation's residual moves unknowns by less than noise does."""
_GRID = [10 ** (k / 4) for k in range(-64, 65)]


@dataclass(frozen=True)
class Freedom:
    """The γ² of all directions that are seen, for `unknowns` unknown numbers."""

    gamma_squared: Tensor
    unknowns: int

    @classmethod
    def of(cls, objective: Objective, params: Params, unknowns: int) -> "Freedom":
        """That of the data at some parameters; the weight of the data in the objective is 1."""
        names, count = list(params), 0
        while names and count + params[names[-1]].numel() <= MOST_PARAMETERS:
            count += params[names.pop()].numel()
        free = {name: value for name, value in params.items() if name not in names}
        if names:
            objective = objective.fixing({name: params[name] for name in names})
        rows, J = data_rows(objective, free)
        U, S, _ = torch.linalg.svd(J.double(), full_matrices=False)
        c = torch.linalg.svdvals(U[rows][:, CUT * S[0] < S]).square().clamp(max=1.0)
        return cls(c / (1 - c).clamp(min=1e-15), unknowns)

    def at(self, weight: float) -> float:
        """p(λ)."""
        c = weight * self.gamma_squared
        return float((c / (1 + c)).sum())

    def slope(self, weight: float) -> float:
        """dp/d log λ."""
        c = weight * self.gamma_squared
        return float((c / (1 + c).square()).sum())

    @property
    def plateau(self) -> float | None:
        """The largest λ on the plateau; None if p(λ) has none that determines the unknowns.

        It ends where p(λ) rises for good, towards the weight at which most directions give in.
        """
        slopes = [self.slope(weight) for weight in _GRID]
        steepest = max(range(len(_GRID)), key=slopes.__getitem__)
        for k in range(steepest, -1, -1):
            p = self.at(_GRID[k])
            if p >= max(self.unknowns, 1) - 0.2 and slopes[k] <= FLAT * max(p, 1.0):
                return _GRID[k]
        return None

    @property
    def leading(self) -> float:
        """The λ at which the data lead the solution: p has some degrees of freedom beyond the unknowns."""
        wanted = min(self.unknowns + AT_FIRST, 0.9 * len(self.gamma_squared))
        return next((weight for weight in _GRID if self.at(weight) >= wanted), 1.0)


def data_rows(objective: Objective, params: Params) -> tuple[slice, Tensor]:
    """The rows of the data in the stacked residual, and its Jacobian."""
    sizes = {key: residual.numel() for key, residual in objective.residuals(params).items()}
    start = sum(size for key, size in sizes.items() if list(sizes).index(key) < list(sizes).index(DATA))
    return slice(start, start + sizes[DATA]), objective.linearize(params)[1]


def _classical(plain: Objective, params: Params) -> float:
    """τ²/σ² of now: the mean squares of the equation's residual and of the data's misfit."""
    terms = plain.evaluate(params).terms
    misfit = float(terms[DATA])
    return sum(float(term) for name, term in terms.items() if name != DATA) / misfit if misfit > 0 else 0.0


def inverse_within(pde: PDE) -> Inverse | None:
    """The inverse problem that a problem is or wraps; None if there is none."""
    while not isinstance(pde, Inverse):
        if not isinstance(pde, Wrapper):
            return None
        pde = pde.pde
    return pde


class NoiseWeight(WeightState):
    """The weight of the data of an inverse problem, found from the degrees of freedom as training goes on."""

    def __init__(self, pde: Inverse) -> None:
        super().__init__()
        self._unknowns = len(pde.unknowns)
        self._found = 0  # how many times the weight was found

    def update(self, plain: Objective, params: Params, step: int, *, fresh: bool) -> bool:
        if self._found and not (step in STEPS or step % 400 == 0):
            return False
        like = next(iter(params.values()))
        few = {name: tuple(part[:MOST_POINTS] for part in sample) for name, sample in plain.samples.items()}
        few[DATA] = plain.samples[DATA]
        freedom = Freedom.of(plain.at(few).eager(), params, self._unknowns)
        self._found += 1
        if self._found == 1:
            weight = freedom.leading
        else:
            plateau = freedom.plateau
            before = float(self.weights[DATA])
            if plateau is None:
                return False
            weight = max(plateau, min(_MARGIN * _classical(plain, params), freedom.leading))
            if before / 3 < weight < 3 * before:
                return False
        self.weights = {DATA: torch.full_like(like.reshape(-1)[0], weight)}
        return True

    def own_state_dict(self) -> dict[str, Any]:
        return {"found": self._found}

    def load_own_state_dict(self, state: Mapping[str, Any], plain: Objective) -> None:
        self._found = state["found"]
