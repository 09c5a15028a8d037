"""Equations and fields typed as text, read by a whitelist and never executed as a program.

Why the graph and its derivatives are ours and not SymPy's, which torch brings along: both were tried behind the same
grammar, one thread of an AMD EPYC, torch 2.13.0, SymPy 1.14.0, 2026-11-25.

- Seven typical problems take 0.1-0.4 ms here, 5-21 ms with SymPy; 40,000 random texts 3.3 s and 27 s.
- ∂⁸/∂x⁸ of u*v*tanh(u) takes 2.3 ms here, Δ⁴ of tanh(u*x) 21 ms, since equal subexpressions are one node and their
  number is bounded. SymPy, whose expressions are trees, needs more than a second for either, and has no such bound.
- SymPy computes something else than what is written: sqrt(y)*sqrt(y) becomes y, which is no longer NaN for y < 0,
  log(exp(1000*x)) becomes 1000*x, and terms are added in another order, so runs differ in the last bits.
- One residual under `vmap` at 1,000 points costs about the same, 1-2 ms; one with Δ² is slower here, 5.1 ms against
  2.4 ms, since Δ² is a pass of its own.
"""

from pinn.expressions.formula import Equations, Formula
from pinn.expressions.names import Names, uses_time
from pinn.expressions.predicate import Predicate
from pinn.expressions.text import FormulaError

__all__ = ["Equations", "Formula", "FormulaError", "Names", "Predicate", "uses_time"]
