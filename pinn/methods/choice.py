"""The choice of a method, and why it was made."""

import math
from dataclasses import dataclass
from typing import Any

from pinn.methods.candidates import Candidate
from pinn.methods.facts import Facts
from pinn.methods.trial import Trial


@dataclass(frozen=True)
class Choice:
    """The method of a problem: the candidate that was best, what was found of the problem, and all trials."""

    candidate: Candidate
    facts: Facts
    trials: tuple[Trial, ...]
    seconds: float

    def stored(self) -> dict[str, Any]:
        """The choice and its reasons as plain data, for the configuration and the summary of a run."""
        trials = [
            {
                "candidate": trial.candidate.name,
                "heldout_residual": trial.heldout if math.isfinite(trial.heldout) else None,
                "seconds": round(trial.seconds, 2),
                "failed": trial.why,
            }
            for trial in self.trials
        ]
        chosen, problem = self.candidate.name, self.facts.words
        return {"chosen": chosen, "problem": problem, "trials": trials, "seconds": round(self.seconds, 2)}
