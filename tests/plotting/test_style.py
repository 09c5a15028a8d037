"""Scales and numbers as figures show them."""

import numpy as np
from matplotlib.colors import SymLogNorm

from pinn.plotting.style import diverging, power_of_ten, scientific, sequential


def test_scales() -> None:
    assert diverging(np.array([np.nan, -2e-4, 1e-4])).norm.vmax == 2e-4
    assert diverging(np.array([-2e-4, 1e-4])).label("r") == r"$r$ ($\times10^{-4}$)"
    assert diverging(np.array([-2e-4, 1e-4])).label("T", "K") == r"$T$ ($\times10^{-4}$ K)"
    assert diverging(np.array([-2e-4, 1e-4])).formatter(-1e-4) == "\N{MINUS SIGN}1"
    assert diverging(np.zeros(3)).norm.vmax == 1
    assert isinstance(diverging(np.array([1e-3] * 1000 + [1.0])).norm, SymLogNorm)
    assert sequential(np.array([0.0, 3.0, np.inf])).norm.vmax == 3
    assert diverging(np.array([-2.0, np.inf, np.nan])).norm.vmax == 2
    constant = sequential(np.full(3, 2.0)).norm
    assert (constant.vmin, constant.vmax) == (0, 4)
    assert scientific(1.23e-5) == r"$1.2\times10^{-5}$"
    assert scientific(float("nan")) == "unknown"
    assert [power_of_ten(value) for value in (0, 0.01, -10)] == ["0", "$10^{-2}$", "$-10^{1}$"]
