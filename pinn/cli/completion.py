"""Tab completion of commands, groups, choices, keys and options.

    eval "$(pinn completion bash)"                                              in ~/.bashrc
    autoload -U +X bashcompinit && bashcompinit && eval "$(pinn completion zsh)"  in ~/.zshrc

`pinn train pde=po<TAB>` offers the problems, `pinn train network.<TAB>` the keys of the network that has been chosen.
"""

import argparse
import contextlib
import importlib
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pinn.runs.configs import config_folder

SCRIPT = r"""_pinn() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" completion --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
    [[ ${COMPREPLY[0]} == *[=.] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o default -F _pinn pinn
"""
"""What a shell runs once. Where nothing is offered, bash completes the names of files and folders."""
_KEYED = ("train", "gallery")
"""Commands that take KEY=VALUE."""


def candidates(line: str, commands: Mapping[str, tuple[str, str, str]]) -> list[str]:
    """What the last word of a command line, begun or empty, may become.

    Of a word with an equals sign or a comma only what follows the last of them, for a shell parts words there.
    """
    words = line.split()
    current = "" if not line or line[-1].isspace() or not words else words.pop()
    before = words[1:]
    if not before:
        return _beginning(current, [*commands, "--help", "--version"])
    name = before[0]
    if name not in commands:
        return []
    if current.startswith("-"):
        return _beginning(current, sorted(_options(commands[name][0], before[1:2] if name == "plot" else [])))
    if name == "plot" and len(before) == 1:
        return _beginning(current, ("animation", "history", "residual", "solution"))
    return _keys_and_choices(current, before[1:]) if name in _KEYED else []


def _keys_and_choices(current: str, before: Sequence[str]) -> list[str]:
    """`pde=`, `pde=poisson`, `network.width=`: of keys below a group one level at a time."""
    key, equals, value = current.partition("=")
    if equals:
        asked = value.rpartition(",")[2]
        return _beginning(asked, _choices(key, before))
    from pinn.cli.suggestions import chooses, composed  # here, since it loads Hydra

    place, parents = composed([word for word in before if chooses(word)]), key.split(".")[:-1]
    for parent in parents:
        place = place.get(parent) if isinstance(place, Mapping) else None
    names: list[str] = []
    for name, below in place.items() if isinstance(place, Mapping) else ():
        dotted = ".".join([*parents, str(name)])
        if not str(name).startswith("_"):
            is_group = not parents and (config_folder() / str(name)).is_dir()
            names += [f"{dotted}="] * (is_group or not isinstance(below, Mapping))
            names += [f"{dotted}."] * isinstance(below, Mapping)
    names += [] if parents else ["experiment="]
    return _beginning(key, names)


def _choices(key: str, before: Sequence[str]) -> list[str]:
    """The files of a group, in our folder and in the user's."""
    folders = [config_folder(), *map(Path, _config_folders(before))]
    places = [folder / key for folder in folders]
    return sorted({str(p.relative_to(place).with_suffix("")) for place in places for p in place.rglob("*.yaml")})


def _config_folders(words: Sequence[str]) -> Iterator[str]:
    for word, following in zip(words, [*words[1:], ""], strict=False):
        option, equals, value = word.partition("=")
        if option in ("--config-dir", "-cd"):
            yield value if equals else following


def _options(module: str, words: Sequence[str]) -> set[str]:
    """The options of a command with some words, as its help has them."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        importlib.import_module(module).main([*words, "--help"])
    return {*re.findall(r"(?<![\w-])--[a-z][\w-]*", text.getvalue()), "--help"}


def _beginning(current: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name.startswith(current)]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the script of a shell, or what a line may become."""
    from pinn.cli.main import COMMANDS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shell", metavar="SHELL", nargs="?", choices=("bash", "zsh"), help="bash or zsh")
    parser.add_argument("--line", help="print what may follow this line, one a line (for the script)")
    args = parser.parse_args(argv)
    if args.line is None and args.shell is None:
        parser.error("which shell? pinn completion bash")
    if args.line is None:
        print(SCRIPT, end="")
        return 0
    os.environ.setdefault("COLUMNS", "200")  # argparse breaks no option in two
    print("\n".join(candidates(args.line, COMMANDS)))
    return 0
