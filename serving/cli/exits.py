"""How a command ends: 0 done, 1 some input failed, 2 usage or configuration, 130 interrupted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from asr.errors import AudioError
from serving.errors import JIESU_ERRORS, OutputError
from serving.output import output_error

INPUT_FAILED = 1
USAGE = 2
INTERRUPTED = 130

_INTERRUPTED_MESSAGE = "interrupted; nothing half-written was left"


def run_command(command: Callable[[], object]) -> NoReturn:
    """Run a command to its exit; errors of ours become one message on stderr and a code."""
    try:
        command()
    except JIESU_ERRORS as error:
        complain(str(error))
        _leave(exit_code(error))
    except KeyboardInterrupt:
        complain(_INTERRUPTED_MESSAGE)
        _leave(INTERRUPTED)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:  # Typer has turned the interruption into an exit
            complain(_INTERRUPTED_MESSAGE)
        raise
    except BrokenPipeError:
        # The reader of our output is gone (`| head`); Python must not try to flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave(INPUT_FAILED)
    _leave(0)


def exit_code(error: Exception) -> int:
    """Return the exit code for one of our errors: is the input at fault, or the set-up?"""
    return INPUT_FAILED if isinstance(error, AudioError) else USAGE


def complain(message: str) -> None:
    """Write an error message to stderr."""
    print(f"jiesu: {message}", file=sys.stderr)


def emit(text: str) -> None:
    """Write a result to stdout, whole; raises `OutputError` where it cannot be taken."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError(str(output_error_of_stdout(error))) from error


def output_error_of_stdout(error: OSError) -> OutputError:
    """Say why standard output could not be written."""
    from pathlib import Path

    return output_error(Path("(standard output)"), error)


def _leave(code: int) -> NoReturn:
    raise SystemExit(code)
