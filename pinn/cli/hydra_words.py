"""From what a user types after `pinn train` to what Hydra is given."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from pinn.cli.folders import launched_rank, quoted
from pinn.runs.claim import folder_of

_PREFIX = "resume="
_TAGS = "domain.tags"
_ENVIRONMENT = re.compile(r"\$\{\s*oc\.env\b[^}\"]*")
_MULTIRUN = re.compile(r"-[a-z]*m[a-z]*|--multirun")


def is_sweep(words: Sequence[str]) -> bool:
    """Whether Hydra is asked for a sweep."""
    return any(_MULTIRUN.fullmatch(word) for word in words)


def without_trust(words: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The words but for `--trust MODULE`, and these modules or files. Raises ValueError for a --trust without one."""
    rest, trust = [], []
    left = iter(words)
    for word in left:
        option, equals, value = word.partition("=")
        if option != "--trust":
            rest.append(word)
            continue
        module = value if equals else next(left, "")
        if not module or module.startswith("-") or "=" in module:
            raise ValueError("--trust needs a module, or a file with a slash in its name: --trust my_module.")
        trust.append(module)
    return rest, tuple(trust)


def refuse_environment(config: DictConfig) -> None:
    """Raise ValueError for a configuration that reads the environment: a run stores what it reads, for all to see."""
    if found := _ENVIRONMENT.search(json.dumps(OmegaConf.to_container(config, resolve=False), default=str)):
        raise ValueError(
            f"The configuration of a run may not read the environment ({found[0]}…): it is stored with the run."
        )


def _unquoted(text: str) -> str:
    """The value of an override as Hydra reads it."""
    try:
        return str(OverridesParser.create().parse_override(f"{_PREFIX}{text}").value())
    except HydraException:  # Hydra itself will say so
        return text


def with_tags(word: str) -> str:
    """`domain.tags.NAME=PREDICATE` as Hydra takes a key that was not there, and a text that is no word.

    >>> with_tags("domain.tags.inlet=x < 1e-9")
    "++domain.tags.inlet='x < 1e-9'"
    """
    key, equals, value = word.lstrip("+").partition("=")
    if not equals or not key.startswith(f"{_TAGS}."):
        return word
    quotes = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return f"++{key}={value if quotes else QuotedString(value, Quote.single).with_quotes()}"


def hydra_words(words: Sequence[str]) -> list[str]:
    """The arguments for Hydra, so that a run that goes on does so in its own folder, and further ranks write nowhere.

    Raises ValueError if there is no such run, for a sweep of one, and for what would load a pickled configuration.
    """
    if any(word.startswith("--experimental-rerun") for word in words):
        raise ValueError("--experimental-rerun executes what is in a file. Use resume=RUN, or pinn reproduce RUN.")
    words = [word.removeprefix("pde.") if word.startswith("pde.scale=") else with_tags(word) for word in words]
    if launched_rank():  # one run, one folder: only the first rank writes
        scratch = tempfile.gettempdir()
        return [*words, f"hydra.run.dir={scratch}", "hydra.output_subdir=null", "hydra/job_logging=none"]
    sources = [word.lstrip("+").removeprefix(_PREFIX) for word in words if word.lstrip("+").startswith(_PREFIX)]
    if not sources or sources[-1] == "null":
        return list(words)
    if is_sweep(words):
        raise ValueError("resume= goes on with one run: leave out -m. A sweep goes on by sweep.resume=true.")
    source = Path(_unquoted(sources[-1]))
    if not source.exists():
        raise ValueError(f"resume={source}: there is no such run folder. Runs are under outputs/ and multirun/.")
    if "${" in str(source.absolute()):
        raise ValueError(
            f"resume={source}: Hydra takes ${{…}} in the name of a folder for something to look up; rename it."
        )
    return [*words, f"hydra.run.dir={quoted(folder_of(source))}", "hydra.output_subdir=null"]
