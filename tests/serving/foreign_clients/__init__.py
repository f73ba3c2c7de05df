"""Programs that use clients of other people, unchanged, each in a process of its own.

`funasr-client` and `funasr-python` are both imported as `funasr_client`, so that one
environment cannot hold both; `make test` installs each into a folder of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
INSTALLED = Path(sys.prefix) / "clients"
_LONGEST_S = 60


async def run(distribution: str, program: str, *arguments: str) -> Any:
    """Run a program of this folder with a client from PyPI and return what it prints as JSON."""
    folder = INSTALLED / distribution
    if not folder.is_dir():
        pytest.skip(f"{distribution} is not in {folder}; make test installs it there")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / program),
        *arguments,
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_LONGEST_S):
            out, trouble = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, trouble.decode()
    return json.loads(out)
