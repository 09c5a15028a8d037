"""List the parts of a domain, and draw it with them, sample points and normals.

    pinn domain plate_with_hole
    pinn domain box domain.upper=[2,1] 'domain.tags.inlet=x < 1e-9 and y > 0.5'

NAME is a choice of the group `domain`, as for `pinn train`; KEY=VALUE change it. With pde=NAME in its place it is the
domain on which that problem is set.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

import pinn.cli.train_schema  # noqa: F401  (gives Hydra the types of the keys)
from pinn.cli.arguments import keywords, positive
from pinn.cli.failures import one_line
from pinn.cli.hydra_words import with_tags
from pinn.cli.suggestions import suggestion
from pinn.domains import Domain
from pinn.domains.coordinates import typed_names
from pinn.plotting.domain import parts_of, plot_domain
from pinn.runs.configs import config_folder
from pinn.runs.instantiate import build
from pinn.runs.trusted import modules_named

_MEASURES = ("points", "length", "area", "volume")


def main(argv: Sequence[str] | None = None) -> int:
    """Print what there is, and the path of the picture."""
    parser = argparse.ArgumentParser(
        usage="pinn domain NAME [KEY=VALUE …] [--help] …",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="a domain, such as box, disk or mesh, or pde=NAME")
    parser.add_argument("overrides", metavar="KEY=VALUE", nargs="*", help="as for pinn train: domain.radius=2")
    parser.add_argument("--output", metavar="FILE", type=Path, help="the picture, png, pdf or svg (default: NAME.png)")
    parser.add_argument("--points", metavar="N", type=positive, default=400, help="points drawn (default: 400)")
    given = parser.parse_args(argv)
    keywords(given.overrides, parser)
    path = given.output or Path(f"{given.name.rpartition('=')[2]}.png")
    words = [given.name if "=" in given.name else f"domain={given.name}", *map(with_tags, given.overrides)]
    try:
        if path.suffix not in (".png", ".pdf", ".svg"):
            raise ValueError(f"--output {path} is not valid: expected a name that ends in .png, .pdf or .svg.")
        domain = composed_domain(words)
        print(told(domain, given.points))
        if 1 <= domain.dim <= 3:
            print(plot_domain(domain, path, points=given.points))
    except (HydraException, OmegaConfBaseException) as error:
        print(suggestion(str(error), words) or f"error: {one_line(error)}", file=sys.stderr)
        return 1
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def composed_domain(words: Sequence[str]) -> Domain:
    """The domain of a configuration of `pinn train`. Raises ValueError for a wrong one."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        recipe: Any = OmegaConf.to_container(compose("train", [*words]).domain, resolve=True)
    found = build(recipe, "domain", trust=modules_named(recipe))
    if not isinstance(found, Domain):
        raise ValueError(f"domain: {type(found).__name__} is no Domain.")
    return found


def told(domain: Domain, points: int) -> str:
    """What the domain is, its bounds and measures, and its parts, in lines."""
    d, (lower, upper) = domain.dim, domain.bounds
    inner, outer = (_MEASURES[k] if 0 <= k < len(_MEASURES) else "measure" for k in (d, d - 1))
    lines = [str(domain), f"{inner} {domain.measure:.6g}, boundary: {outer} {domain.boundary_measure:.6g}"]
    if d <= 8:
        ranges = zip(typed_names(domain), lower, upper, strict=True)
        lines.insert(1, ", ".join(f"{name} from {a:.6g} to {b:.6g}" for name, a, b in ranges))
    parts = parts_of(domain, points)
    width = max((len(part.name) for part in parts), default=0)
    for part in parts:
        values = "can be built in" if part.built_in else "are penalised"
        lines.append(f"  {part.name:<{width}}  {outer} {part.measure:<10.3g} values {values}")
    return "\n".join(lines if parts else [*lines, "  no boundary"])
