"""What typed equations differentiate though it jumps: refused by name, since no residual would see the Dirac part."""

from pinn.domains import Domain
from pinn.expressions import Equations, Formula, FormulaError
from pinn.expressions.formula import Program
from pinn.expressions.operands import FIELDS
from pinn.expressions.smoothness import axes_of_choices, first_break
from pinn.pdes.probing import axis_lines

_REMEDIES = (
    "Take the flux as an unknown: pde.mixed=true; or give each material a field of its own, coupled by the condition "
    "`interface` (pde=two_materials); or a smooth change, such as 2 + tanh((x - 0.5)/0.01)."
)
_SMOOTH = "Give a smooth function in its place, such as tanh((x - 0.5)/0.01) for sign(x - 0.5)."


def refuse_lost_jumps(equations: Equations, domain: Domain, *, mixed: bool) -> None:
    """Raise FormulaError for an operand with a break that its operator does not see.

    For dx(f) this is a jump of f, for dx(dx(f)) a kink too: f is C^(n−1) if it is differentiated n times. Breaks that
    follow the solution, such as those of abs(u), are left to the fundamental theorem at the end of training.
    """
    for operand, program in equations.operands:
        axes = axes_of_choices(program)
        for axis, order in operand.orders.items():
            if axis not in axes:
                continue
            lines, inside = axis_lines(domain, axis)
            found = first_break(program, axis, order, lines, inside, equations.names.space_axes)
            if found is None:
                continue
            flux = any(node.op in FIELDS and len(node.data) > 1 for node in program.steps)
            raise FormulaError(
                operand.label,
                f"this {found}, and its derivative has a part there that no point of a residual sees",
                operand.text,
                operand.at,
                _REMEDIES if flux and not mixed else _SMOOTH,
            )


def refuse_rough_solution(exact: Formula, equations: Equations, domain: Domain) -> None:
    """Raise ValueError for a manufactured solution whose source would lack a Dirac part."""
    for output, orders in zip(exact.program.outputs, equations.orders, strict=False):
        program = Program(exact.program.steps, (output,))
        axes = axes_of_choices(program)
        for axis, order in orders.items():
            if axis not in axes:
                continue
            lines, inside = axis_lines(domain, axis)
            found = first_break(program, axis, order, lines, inside)
            if found is not None:
                raise ValueError(
                    f"pde.exact {found}, where the equation differentiates it {order} times along one coordinate: the "
                    "source that is made from it would lack a part that no point shows. Give a smoother solution."
                )
