"""The command `pinn`: a sub-command for every job, each in a module of its own."""

import importlib
import sys
from collections.abc import Sequence
from difflib import get_close_matches

import pinn
from pinn.cli.display import lasting_display

COMMANDS = {
    "train": ("pinn.cli.train", "KEY=VALUE …", "train a network to solve a PDE; also sweeps (-m), resume=RUN"),
    "domain": ("pinn.cli.domain", "NAME", "list the parts of a domain, and draw it with sample points and normals"),
    "info": ("pinn.cli.info", "RUN", "what a run was, how good it is, how to go on: ten lines"),
    "plot": ("pinn.cli.plot", "PLOT RUN", "draw the solution, residual, history, band or animation of a run"),
    "report": ("pinn.cli.report", "RUN", "one interactive page of a run, opens offline"),
    "validate": ("pinn.cli.validate", "RUN", "should this run be believed? fresh points, other seeds, a verdict"),
    "ensemble": ("pinn.cli.ensemble", "RUN", "other seeds: the mean of their fields, and a 95 % band"),
    "refine": ("pinn.cli.refine", "RUN", "more digits: the field plus its error by the linearised equation"),
    "reproduce": ("pinn.cli.reproduce", "RUN", "train a run again: the same parameters, bit for bit?"),
    "export": ("pinn.cli.export", "RUN --format F", "vtu, npz, csv, onnx or torch-export for other programs"),
    "sweep-report": ("pinn.cli.sweep_report", "DIR", "one table and one plot of a sweep"),
    "completion": ("pinn.cli.completion", "SHELL", 'tab completion: eval "$(pinn completion bash)"'),
    "gallery": ("pinn.cli.gallery", "KEY=VALUE …", "train every shipped problem, and show them on one page"),
}
"""By name: the module, its arguments in short, what it does."""
_LESS = {
    "plot": "Lower --points.",
    "report": "Lower --points and --instants.",
    "export": "Lower --points, or give fewer --time.",
    "refine": "Lower --columns.",
    "validate": "Leave out more points by --no-refine, and other seeds by --seeds 0.",
}
"""What takes less memory, by command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a sub-command; 0 if it ends well.

    Raises SystemExit with code 2 if there is none of that name, with 130 after Ctrl-C, also while it is loaded.
    """
    with lasting_display():
        try:
            code = _run(list(sys.argv[1:] if argv is None else argv))
        except KeyboardInterrupt:
            raise SystemExit(130) from None
    if code:
        raise SystemExit(code)
    return 0


def _run(words: list[str]) -> object:
    """Run the sub-command that the words begin with."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        print(f"pinn {pinn.__version__}")
        return 0
    name, *rest = words
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean 'pinn {near[0]}'?" if near else f"the commands are {', '.join(COMMANDS)}."
        print(f"error: pinn has no command {name!r}; {hint}", file=sys.stderr)
        return 2
    sys.argv = [f"pinn {name}", *rest]  # argparse and Hydra name the program by it
    try:
        return importlib.import_module(COMMANDS[name][0]).main(rest)
    except (MemoryError, RuntimeError) as error:
        from pinn.training.failures import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        print(f"error: out of memory. {_LESS.get(name, 'Close other programs.')}", file=sys.stderr)
        return 1


def help_text() -> str:
    """All commands, on one screen."""
    head = "Physics-informed neural networks: exact derivatives, readable physics, validated runs."
    calls = {name: f"pinn {name} {arguments}" for name, (_, arguments, _) in COMMANDS.items()}
    width = max(map(len, calls.values()))
    lines = [f"  {calls[name]:<{width}}  {told}" for name, (_, _, told) in COMMANDS.items()]
    return "\n".join([head, "", *lines, "", "pinn COMMAND --help explains each. Begin with: pinn train pde=poisson"])
