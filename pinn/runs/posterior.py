"""The band of the solution of an inverse run: where it lies, given the noise of the data (Laplace's approximation)."""

from torch import Tensor
from torch.func import jacrev

from pinn.runs.band import Band
from pinn.runs.checkpoint import newest_checkpoint
from pinn.runs.covariance import Answer
from pinn.runs.job import Job, stored_config
from pinn.runs.quantiles import normal
from pinn.runs.run import Run
from pinn.runs.uncertainty import AT_ONCE, SHOWN, found_solution
from pinn.training.solution import Solution
from pinn.training.step import Step
from pinn.typing import Params
from pinn.weighting.by_noise import inverse_within


def noise_band(run: Run) -> Band:
    """The field of an inverse run with its standard deviation by the noise of the data, unknowns included.

    The covariance is that of `pinn.runs.covariance`, at the points and weights with which training ended, which the run
    folder has. Raises ValueError for a problem without data (`pinn ensemble` shows how its trainings scatter), and
    where a band would say nothing: without convergence, and where an unknown number is not determined;
    FileNotFoundError if the folder does not have the state of the training.
    """
    if inverse_within(run.pde) is None:
        raise ValueError(
            f"{str(run.folder)!r} has no data whose noise would count: pinn ensemble {run.folder} shows how trainings "
            "scatter."
        )
    return band_of(_last_step(run))


def band_of(step: Step) -> Band:
    """The same of a step of training. Raises ValueError where a band would say nothing."""
    objective, params = step.objective.on_one_process().eager(), step.params
    answer = Answer(objective, params)
    points = next(iter(objective.samples.values()))[0][:SHOWN]
    for name, found in found_solution(objective, params, points, answer).items():
        if found.why:
            raise ValueError(f"There is no band for {name}: {found.why}.")
    theta = {key: value.detach() for key, value in params.items()}

    def value(theta: Params, x: Tensor) -> Tensor:
        return objective.field(theta)(x)

    def deviation(x: Tensor) -> Tensor:
        return answer.deviations(jacrev(value)(theta, x)).to(x.dtype)

    dim, like = objective.pde.domain.dim, next(iter(theta.values()))
    at_once = max(1, AT_ONCE // (max(1, objective.pde.components or 1) * sum(v.numel() for v in theta.values())))
    return Band(Solution(lambda x: value(theta, x), dim, like), Solution(deviation, dim, like, at_once), normal)


def _last_step(run: Run) -> Step:
    """The last step of training once more, from its state in the run folder."""
    checkpoint = newest_checkpoint(run.folder, resumable=True)
    config = stored_config(run, device=str(run.like.device), compile=False)
    job = Job.of_run(config, run.trust, root=run.folder)
    training = job.train(checkpoint.state, ended=True)
    try:
        return next(training)
    finally:
        training.close()
