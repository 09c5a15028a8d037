"""r and J of an objective by the output weights alone, from tables that are made once for its points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.networks import WithUnknowns
from pinn.objective.local import LocalResidual, jet_tables, jets
from pinn.objective.objective import Objective
from pinn.operators import Auto, MissingRuleError
from pinn.typing import Field, Params

_AGREE = 1e-8
_FEW = 6
_AUTO = Auto()


def output_names(objective: Objective, params: Params) -> list[str]:
    """The parameters of the last layer: the module that holds the last parameter, and with unknowns theirs too."""
    if not isinstance(objective.network, WithUnknowns):
        return _last_layer(list(params))
    parts = [[n for n in params if n.startswith("network.")]]
    parts += [[n for n in params if n.startswith(f"free.{key}.")] for key in objective.network.free]
    return [name for part in parts for name in _last_layer(part)]


def _last_layer(names: Sequence[str]) -> list[str]:
    layer = names[-1].rpartition(".")[0]
    return [name for name in names if name.rpartition(".")[0] == layer]


@dataclass(frozen=True)
class _Output:
    """Row `row` of a weight and of its bias: the numbers with these indices among all output weights."""

    weight: str
    bias: str | None
    row: int
    index: Tensor

    def placed(self, c: Tensor, params: Params) -> dict[str, Tensor]:
        """The parameters with c in this row."""
        k = params[self.weight].shape[1]
        found = {**params, self.weight: _with_row(params[self.weight], self.row, c[:k])}
        if self.bias is not None:
            found[self.bias] = _with_row(params[self.bias], self.row, c[k])
        return found


@dataclass(frozen=True)
class _Rows:
    """A condition with its tables: for each output the components of the field that it moves, with ∂^α φ there."""

    local: LocalResidual
    sample: tuple[Tensor, ...]
    theta: Tensor
    tables: Sequence[Mapping[int, Tensor]]
    scale: float


class OutputTables:
    """r(c) and J = ∂r/∂c of an objective in its output weights c, in which the field is linear.

    Conditions whose residual is not a function of the field near one point, such as an integral or a period, are
    linearised as all others are in general, by `Objective.linearize`; so is everything if the field is not linear.

    With a `cut` the functions of each output are made orthonormal at the points of the first condition once, without
    directions of singular values below `cut` times the largest, and J is the derivative by the weights of these:
    `expanded` has a step in them as one in c.
    """

    def __init__(self, objective: Objective, params: Params, cut: float | None = None) -> None:
        self.names = output_names(objective, params)
        self._hidden = {name: value for name, value in params.items() if name not in self.names}
        self._start = {name: params[name].detach().clone() for name in self.names}
        self._objective, self._pde = objective, objective.pde
        self._outputs = _outputs(self._start)
        self._rows: list[_Rows | str] = [
            self._tabulated(condition.name) or condition.name for condition in objective.conditions
        ]
        self._transforms: list[Tensor] | None = None
        if cut is not None and isinstance(self._rows[0], _Rows):
            self._transforms = _orthonormal(self._rows[0], cut)
            self._reduced = [
                [] if isinstance(rows, str) else _transformed(rows, self._transforms) for rows in self._rows
            ]

    @property
    def start(self) -> Params:
        """The output weights from which the tables count."""
        return self._start

    @property
    def tabulated(self) -> bool:
        """Whether all conditions have tables."""
        return not any(isinstance(rows, str) for rows in self._rows)

    def linearize(self, outputs: Params) -> tuple[Tensor, Tensor]:
        """r, shape (M,), and J, shape (M, P), at these output weights; J by those of orthonormal functions, if cut."""
        residuals, jacobians = [], []
        for k, rows in enumerate(self._rows):
            if isinstance(rows, str):
                r, J = self._objective.only(rows).fixing(self._hidden).linearize(outputs)
                if self._transforms is not None:
                    pairs = zip(self._outputs, self._transforms, strict=True)
                    J = torch.cat([J[:, output.index] @ R for output, R in pairs], 1)
            else:
                r, J = self._from_tables(k, rows, outputs)
            residuals.append(r)
            jacobians.append(J)
        return torch.cat(residuals), torch.cat(jacobians)

    def expanded(self, step: Tensor) -> Tensor:
        """A step in the columns of J as one in the output weights, shape (P,)."""
        if self._transforms is None:
            return step
        parts = step.split([R.shape[1] for R in self._transforms])
        c = step.new_zeros(sum(len(R) for R in self._transforms))
        for output, R, part in zip(self._outputs, self._transforms, parts, strict=True):
            c[output.index] = R @ part
        return c

    def _from_tables(self, k: int, rows: _Rows, outputs: Params) -> tuple[Tensor, Tensor]:
        r, D = rows.local.derivative(self._theta(rows, outputs), rows.sample)
        if self._transforms is None:
            indices, tables = [output.index for output in self._outputs], rows.tables
        else:
            widths = [R.shape[1] for R in self._transforms]
            indices = list(torch.arange(sum(widths), device=D.device).split(widths))
            tables = self._reduced[k]
        J = D.new_zeros(*r.shape, sum(len(index) for index in indices))
        for index, by_component in zip(indices, tables, strict=True):
            for component, table in by_component.items():
                J[..., index] += D[:, :, component] @ table
        return rows.scale * r.reshape(-1), rows.scale * J.flatten(0, 1)

    def _theta(self, rows: _Rows, outputs: Params) -> Tensor:
        """The derivatives of the field: those at the start, and what the weights have added."""
        theta = rows.theta.clone()
        moved = torch.cat([(outputs[name] - self._start[name]).reshape(-1) for name in self.names])
        for output, tables in zip(self._outputs, rows.tables, strict=True):
            for component, table in tables.items():
                theta[:, component] += table @ moved[output.index]
        return theta

    def _tabulated(self, name: str) -> _Rows | None:
        """The tables of a condition; None if its residual is not local, or the field not linear."""
        objective = self._objective
        condition = next(one for one in objective.conditions if one.name == name)
        if condition.energy is not None or not objective.ranks.single_block or objective.weights:
            return None
        sample, components = objective.data(name), self._pde.components
        every = max(1, len(sample[0]) // _FEW)
        few = tuple(part[::every][:_FEW] for part in sample)
        try:
            local = LocalResidual.of(condition, components, sample, objective.strategy)
            if not self._local(local, few):
                return None
            moves = [self._moved(local, output, few[0]) for output in self._outputs]
            tables = [
                {component: self._table(local, output, component, sample[0]) for component in moved}
                for output, moved in zip(self._outputs, moves, strict=True)
            ]
            theta = jets(self._field(self._start), local.alphas, sample[0], _AUTO)
        except (NotImplementedError, MissingRuleError, TypeError, IndexError, ValueError):
            return None
        scale = (condition.weight / len(sample[0])) ** 0.5
        rows = _Rows(local, sample, theta, tables, scale)
        return rows if self._linear(rows, every) else None

    def _local(self, local: LocalResidual, few: tuple[Tensor, ...]) -> bool:
        """Whether the residual of the field is that of its jet, at output weights away from those at the start."""
        u = self._field(self._elsewhere())
        r = local.value(jets(u, local.alphas, few[0], _AUTO), few)
        expected = torch.func.vmap(
            lambda *point: local.condition.residual(u, *point, strategy=self._objective.strategy).reshape(-1)
        )(*few)
        return bool((r - expected).abs().max() <= _AGREE * (1 + expected.abs().max()))

    def _linear(self, rows: _Rows, every: int) -> bool:
        """Whether the derivatives of the field elsewhere are those that the tables say."""
        elsewhere, few = self._elsewhere(), rows.sample[0][::every][:_FEW]
        expected = jets(self._field(elsewhere), rows.local.alphas, few, _AUTO)
        found = self._theta(rows, elsewhere)[::every][:_FEW]
        return bool((found - expected).abs().max() <= _AGREE * (1 + expected.abs().max()))

    def _moved(self, local: LocalResidual, output: _Output, points: Tensor) -> list[int]:
        """The components of the field that an output has a part in."""
        elsewhere = self._elsewhere()
        moved = output.placed(torch.cat([v[output.row].reshape(-1) for v in _rows_of(output, elsewhere)]), self._start)
        change = jets(self._field(moved), local.alphas, points, _AUTO)
        change = change - jets(self._field(self._start), local.alphas, points, _AUTO)
        return (change != 0).any(0).any(-1).nonzero()[:, 0].cpu().tolist()

    def _table(self, local: LocalResidual, output: _Output, component: int, points: Tensor) -> Tensor:
        return jet_tables(
            lambda c: self._field(output.placed(c, self._start)), len(output.index), local.alphas, points, _AUTO,
            component,
        )  # fmt: skip

    def _field(self, outputs: Params) -> Field:
        return self._objective.field({**self._hidden, **outputs})

    def _elsewhere(self) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(0)
        return {
            name: value + torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value) / 4
            for name, value in self._start.items()
        }


def _orthonormal(rows: _Rows, cut: float) -> list[Tensor]:
    """For each output the matrix that makes its functions orthonormal at the points of a condition: (K, K')."""
    value, found = rows.local.alphas.index(()), []
    for tables in rows.tables:
        values = torch.cat([table[:, value] for table in tables.values()]) / len(rows.theta) ** 0.5
        _, sigma, Vh = torch.linalg.svd(torch.linalg.qr(values, mode="r").R, full_matrices=False)
        kept = int((sigma > cut * sigma[0]).sum())
        found.append(Vh[:kept].T / sigma[:kept])
    return found


def _transformed(rows: _Rows, transforms: Sequence[Tensor]) -> list[dict[int, Tensor]]:
    pairs = zip(rows.tables, transforms, strict=True)
    return [{component: table @ R for component, table in tables.items()} for tables, R in pairs]


def _outputs(params: Params) -> list[_Output]:
    """One for each row of each weight, with the place of its numbers among all output weights."""
    index, start = {}, 0
    for name, value in params.items():
        index[name] = torch.arange(start, start + value.numel(), device=value.device).reshape(value.shape)
        start += value.numel()
    found = []
    for name, value in params.items():
        if value.dim() != 2:
            continue
        bias = f"{name.rpartition('.')[0]}.bias"
        for row in range(len(value)):
            places = [index[name][row]] + ([index[bias][row : row + 1]] if bias in params else [])
            found.append(_Output(name, bias if bias in params else None, row, torch.cat(places)))
    return found


def _rows_of(output: _Output, params: Params) -> list[Tensor]:
    return [params[output.weight], *([params[output.bias]] if output.bias is not None else [])]


def _with_row(value: Tensor, row: int, new: Tensor) -> Tensor:
    """The tensor with another row, as a function that can be differentiated by it."""
    parts = list(value.detach().unbind(0))
    parts[row] = new
    return torch.stack(parts)
