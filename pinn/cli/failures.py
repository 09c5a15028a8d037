"""What the user can put right: one line each, wherever in Hydra, in torch or in ours it comes up."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence

from hydra.errors import CompactHydraException
from omegaconf.errors import OmegaConfBaseException

from pinn.cli.suggestions import suggestion

FULL = "HYDRA_FULL_ERROR"
"""The environment variable by which a user asks for tracebacks."""


class InputError(CompactHydraException):
    """Something that the user can put right: shown as one line, without traceback."""


def one_line(error: BaseException) -> str:
    """The message of an error; of one of the system the reason and the file."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextlib.contextmanager
def brief_errors(words: Sequence[str] = ()) -> Iterator[bool]:
    """While this lasts, errors of Hydra end the process in a line or two, unless the user has asked for tracebacks.

    `words` are what the user has typed, for a guess at what was meant by a key or a choice that there is not.
    Gives whether errors are to be brief. Hydra itself would show a traceback of a full disk or an unknown resolver.
    """
    if os.environ.get(FULL):
        yield False
        return
    os.environ[FULL] = "1"
    try:
        yield True
    except CompactHydraException as error:
        if line := suggestion(str(error), words):
            raise SystemExit(line) from None
        cause = error.__cause__
        print(error, *([cause] if isinstance(cause, OmegaConfBaseException) else []), sep="\n", file=sys.stderr)
        raise SystemExit(1) from None
    except (OSError, OmegaConfBaseException) as error:
        raise SystemExit(f"Error: {one_line(error)}") from None
    except ValueError as error:
        context = error.__cause__
        while context is not None and not isinstance(context, OSError):
            context = context.__cause__
        if context is None:
            raise
        raise SystemExit(f"Error: {one_line(context)}") from None  # Hydra's log file cannot be made
    finally:
        del os.environ[FULL]
