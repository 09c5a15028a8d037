"""Equations and fields typed as text, read by a whitelist and never executed as a program."""

from pinn.expressions.formula import Equations, Formula
from pinn.expressions.names import Names, uses_time
from pinn.expressions.text import FormulaError

__all__ = ["Equations", "Formula", "FormulaError", "Names", "uses_time"]
