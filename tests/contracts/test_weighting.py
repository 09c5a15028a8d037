"""What every weighting promises: weights that enter every number of the objective alike, and repeat themselves."""

import inspect

import pytest
import torch

import pinn.weighting
from pinn.networks import MLP
from pinn.objective import Objective
from pinn.objective.compilation import Compiled
from pinn.operators import Hutchinson, Jet, Rows, Strategy
from pinn.optimizers import Adam, LevenbergMarquardt, Optimizer
from pinn.pdes import Poisson
from pinn.samplers import Sobol
from pinn.training.loop import Step, train
from pinn.weighting import NTK, RBA, Fixed, GradNorm, ReLoBRaLo, SelfAdaptive, Weighting

F64 = torch.float64
FOUND = [cls for _, cls in inspect.getmembers(pinn.weighting, inspect.isclass)]
SHIPPED = [cls() for cls in FOUND if issubclass(cls, Weighting) and cls is not Weighting]
EACH = pytest.mark.parametrize("weighting", SHIPPED, ids=lambda weighting: type(weighting).__name__)


def problem(strategy: Strategy = Jet(), compiled: Compiled | None = None, penalty: float = 1.0):  # noqa: B008
    pde, generator = Poisson(hard=False, penalty=penalty), torch.Generator().manual_seed(0)
    network = MLP(2, width=8, depth=2, bounds=pde.domain.bounds, generator=generator).double()
    samples = Sobol(50, 20).sample(pde.soft_conditions(), generator, torch.zeros((), dtype=F64))
    params = {name: value.detach() for name, value in network.named_parameters()}
    return Objective(pde, network, samples, strategy, compiled=compiled), params


def run(weighting: Weighting | None, method: Optimizer = Adam(lr=5e-3), steps: int = 20) -> list[Step]:  # noqa: B008
    objective, _ = problem()
    return list(train(objective.pde, objective.network, method, Sobol(50, 20), weighting=weighting, steps=steps))


@EACH
def test_trains_repeats_itself_and_reports_its_weights(weighting: Weighting) -> None:
    steps = run(weighting)
    assert steps[-1].train_residual < steps[0].train_residual
    again = run(weighting)
    assert [step.loss for step in steps] == [step.loss for step in again]
    if not isinstance(weighting, Fixed):
        assert {"weight_interior", "weight_boundary"} <= set(steps[-1].figures)


@EACH
def test_levenberg_marquardt_takes_weights_that_change(weighting: Weighting) -> None:
    steps = run(weighting, LevenbergMarquardt())
    assert steps[-1].train_residual < 0.5 * steps[0].train_residual


def test_fixed_weights_change_nothing() -> None:
    assert [step.loss for step in run(Fixed())] == [step.loss for step in run(None)]


WEIGHTS = {"interior": torch.rand(50, dtype=F64) + 0.5, "boundary": torch.tensor(3.0, dtype=F64)}


def test_weights_enter_residual_loss_gradient_and_jacobian_alike() -> None:
    plain, params = problem()
    weighted = plain.weighted(WEIGHTS)
    factors = torch.cat([WEIGHTS["interior"].sqrt(), WEIGHTS["boundary"].sqrt().expand(20)])
    r, J = weighted.linearize(params)
    r0, J0 = plain.linearize(params)
    torch.testing.assert_close(r, factors * r0, rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(J, factors[:, None] * J0, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(weighted.residual(params), r, rtol=1e-12, atol=1e-13)
    evaluation, gradient = weighted.gradient(params)
    torch.testing.assert_close(evaluation.loss, r @ r, rtol=1e-12, atol=0)
    flat = torch.cat([value.flatten() for value in gradient.values()])
    torch.testing.assert_close(flat, 2 * J.T @ r, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(weighted.kernel(params)[1], J @ J.T, rtol=1e-10, atol=1e-12)
    for name, value in plain.residuals(params).items():
        torch.testing.assert_close(weighted.residuals(params)[name], value, rtol=0, atol=0)
    torch.testing.assert_close(weighted.weighted({}).residual(params), r0, rtol=1e-13, atol=1e-14)
    by_rows = problem(Rows())[0].weighted(WEIGHTS).linearize(params)[1]
    torch.testing.assert_close(by_rows, J, rtol=1e-10, atol=1e-12)
    chunked = Objective(plain.pde, plain.network, plain.samples, Jet(), chunk_size=7).weighted(WEIGHTS)
    torch.testing.assert_close(chunked.gradient(params)[1], gradient, rtol=1e-11, atol=1e-12)


def test_new_weights_do_not_compile_again() -> None:
    graphs = 0

    def traced(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
        nonlocal graphs
        graphs += 1
        return graph

    compiled, params = problem(compiled=Compiled(traced))
    eager, _ = problem()
    for factor in (1.0, 2.0, 5.0):
        weights = {name: factor * value for name, value in WEIGHTS.items()}
        found, expected = (objective.weighted(weights).gradient(params)[1] for objective in (compiled, eager))
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
    assert graphs == 1


def first_weights(weighting: Weighting, updates: int = 1) -> dict[str, torch.Tensor]:
    objective, params = problem()
    balance = weighting.start(torch.Generator().manual_seed(0))
    for step in range(1, updates + 1):
        balance.applied(objective, params, step)
    return dict(balance.weights)


def test_grad_norm_by_its_formula() -> None:
    objective, params = problem()
    norms = {}
    for name in ("interior", "boundary"):
        gradient = objective.only(name).gradient(params)[1]
        norms[name] = torch.cat([value.flatten() for value in gradient.values()]).norm()
    total = sum(norms.values())
    weights = first_weights(GradNorm())
    for name, norm in norms.items():
        torch.testing.assert_close(weights[name], total / norm)


def test_ntk_by_its_formula() -> None:
    objective, params = problem()
    J = objective.jacobian(params)
    traces = {"interior": J[:50].square().sum(), "boundary": J[50:].square().sum()}
    weights = first_weights(NTK())
    for name, trace in traces.items():
        torch.testing.assert_close(weights[name], sum(traces.values()) / trace)


def test_residual_based_attention_by_its_formula() -> None:
    objective, params = problem()
    size = objective.residuals(params)["interior"][:, 0].abs()
    share = 0.01 * size / size.max()
    torch.testing.assert_close(first_weights(RBA())["interior"], share**2)
    torch.testing.assert_close(first_weights(RBA(), 2)["interior"], (0.999 * share + share) ** 2)


def test_self_adaptive_weights_grow_where_the_residual_is_large() -> None:
    weights = first_weights(SelfAdaptive(lr=0.1), 3)
    assert all((value > 1).all() for value in weights.values())
    assert weights["interior"].shape == (50,)


def test_relobralo_begins_with_ones_and_keeps_its_sum() -> None:
    assert all(value == 1 for value in first_weights(ReLoBRaLo()).values())
    later = first_weights(ReLoBRaLo(memory=0.5), 6)
    torch.testing.assert_close(sum(later.values()), torch.tensor(2.0, dtype=F64))


@pytest.mark.parametrize("weighting", [RBA(), SelfAdaptive()], ids=repr)
def test_weights_of_points_stay_when_only_the_random_directions_change(weighting: Weighting) -> None:
    """An estimate has other directions at every step, at the same points: another objective, with the same weights."""
    objective, params = problem(Hutchinson())
    balance = weighting.start(torch.Generator())
    objectives = [objective.using(Hutchinson().reseeded(0, step)) for step in range(1, 4)]
    weighted = [balance.applied(other, params, step) for step, other in enumerate(objectives, 1)]
    assert [other.strategy for other in weighted] == [other.strategy for other in objectives]
    fresh = weighting.start(torch.Generator())
    fresh.applied(objectives[-1], params, 3)
    assert (balance.weights["interior"] > fresh.weights["interior"]).all()


def test_weights_of_points_begin_again_at_new_points() -> None:
    objective, params = problem()
    balance = RBA().start(torch.Generator())
    for step in range(1, 4):
        balance.applied(objective, params, step)
    other = objective.at({name: tuple(part[:10] for part in s) for name, s in objective.samples.items()})
    balance.applied(other, params, 4)
    assert balance.weights["interior"].shape == (10,)
    assert balance.weights["interior"].max() == pytest.approx(1e-4)


def test_balancing_helps_where_a_term_is_far_too_light() -> None:
    """With a penalty of 1e-4 the boundary is forgotten; equal gradients bring it back."""
    errors = []
    for weighting in (Fixed(), GradNorm(every=10)):
        objective, _ = problem(penalty=1e-4)
        *_, step = train(
            objective.pde, objective.network, Adam(lr=1e-2), Sobol(200, 80), weighting=weighting, steps=300
        )
        errors.append(step.rel_l2)
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: GradNorm(memory=1.0),
        lambda: GradNorm(every=0),
        lambda: NTK(every=0),
        lambda: ReLoBRaLo(memory=1.5),
        lambda: ReLoBRaLo(temperature=0.0),
        lambda: ReLoBRaLo(saudade=-0.1),
        lambda: RBA(memory=1.0),
        lambda: RBA(rate=0.0),
        lambda: SelfAdaptive(lr=0.0),
    ],
)
def test_bad_numbers_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()
