"""`funasr-python`: ADDRESS FILE; the file in every mode, then again and as a stream.

Its files come resampled to 16 kHz, in frames of `chunk_interval` milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from collections.abc import AsyncIterator
from typing import Any

from funasr_client import AsyncFunASRClient, AsyncSimpleCallback, FunASRClient

SETTINGS: dict[str, Any] = {"timeout": 20.0, "chunk_interval": 100}


async def again_and_again(address: str, path: str) -> dict[str, Any]:
    """Bring the file twice, then its samples as a stream: the client keeps its connection."""
    partials: list[str] = []
    finals: list[str] = []

    async def on_partial(result: Any) -> None:
        partials.append(result.text)

    async def on_final(result: Any) -> None:
        finals.append(result.text)

    async def stream() -> AsyncIterator[bytes]:
        with wave.open(path) as file:
            while data := file.readframes(file.getframerate() // 10):
                yield data

    client = AsyncFunASRClient(server_url=address, mode="2pass", **SETTINGS)
    client.config.audio.sample_rate = 16_000
    await client.start()
    texts = [(await client.recognize_file(path)).text for _ in range(2)]
    client.config.audio.sample_rate = 8_000
    callback = AsyncSimpleCallback(on_partial=on_partial, on_final=on_final)
    await client.recognize_stream(stream(), callback)
    stats = await client.get_connection_stats()
    await client.close()
    return {
        "files": texts,
        "partials": partials,
        "finals": finals,
        "connections": stats["total_created"],
    }


def main(address: str, path: str) -> dict[str, Any]:
    """Bring the file through the plain client in every mode, and the asynchronous one."""
    modes = {
        mode: FunASRClient(server_url=address, mode=mode, **SETTINGS).recognize_file(path).text
        for mode in ("2pass", "offline", "online")
    }
    return modes | asyncio.run(again_and_again(address, path))


print(json.dumps(main(*sys.argv[1:])))
