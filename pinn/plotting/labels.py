"""Labels of axes: names as mathematics writes them, with the units that the user has said."""

import re
from collections.abc import Mapping

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
)


def mathtext(name: str) -> str:
    r"""A name as it is typed in a formula, as mathtext.

    >>> [mathtext(name) for name in ("u", "u_1", "c2", "theta", "T_wall", "flow")]
    ['u', 'u_{1}', 'c_{2}', '\\theta', 'T_{\\mathrm{wall}}', '\\mathrm{flow}']
    """
    stem, _, index = name.partition("_")
    if not index and (numbered := re.fullmatch(r"([A-Za-z]+)(\d+)", name)):
        stem, index = numbered.groups()
    below = index.replace("_", r"\_")
    if len(below) > 1 and not below.isdecimal():
        below = rf"\mathrm{{{below}}}"
    return _stem(stem) + (f"_{{{below}}}" if below else "")


def _stem(name: str) -> str:
    return rf"\{name}" if name in _GREEK else name if len(name) == 1 else rf"\mathrm{{{name}}}"


def label(symbol: str, unit: str = "", power: int = 0) -> str:
    r"""The label of an axis that shows `symbol` in parts of 10^`power` units; without a unit it says none.

    >>> label("T", "°C"), label("T"), label("T", "K", -3)
    ('$T$ (°C)', '$T$', '$T$ ($\\times10^{-3}$ K)')
    """
    times = rf"$\times10^{{{power}}}$" if power else ""
    within = " ".join(filter(None, (times, shown_unit(unit))))
    return f"${symbol}$ ({within})" if within else f"${symbol}$"


def shown_unit(unit: str) -> str:
    """A unit for a label: 1 is "dimensionless", and a dollar sign is none of mathtext's.

    >>> shown_unit("m^2/s"), shown_unit("1"), shown_unit("W/(m K)")
    ('m²/s', 'dimensionless', 'W/(m K)')
    """
    if unit == "1":
        return "dimensionless"
    raised = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
    unit = re.sub(r"\^(-?\d+)", lambda found: found[1].translate(raised), unit)
    return unit.replace("$", r"\$")


def suffix(held: Mapping[str, float], times: tuple[float, ...] | list[float] = ()) -> str:
    """What a file's name says of a section that was asked for, so that it takes the place of no other picture.

    >>> suffix({"z": 0.25, "y": -1.0}), suffix({}, [0.5, 1.0]), suffix({})
    ('_z=0.25_y=-1', '_t=0.5,1', '')
    """
    parts = [f"{name}={value:g}" for name, value in held.items()]
    parts += ["t=" + ",".join(f"{time:g}" for time in times)] if times else []
    return "".join(f"_{part}" for part in parts)
