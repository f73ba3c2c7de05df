"""`funasr-client`: ADDRESS FILE MODE; the file as one call, as messages, and as a live stream.

The synchronous client of 0.1.6 locks itself up in `close`, whatever server it talks to,
and with it `file_asr`; it is used here as far as it goes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from typing import Any

from funasr_client import async_file_asr, async_file_asr_stream, async_funasr_client, funasr_client


def blocking(address: str, path: str, mode: Any) -> list[Any]:
    """Send the samples, say that they end, and read to the last message."""
    heard: list[Any] = []
    with wave.open(path) as file:
        rate_hz = file.getframerate()
        client = funasr_client(address, mode=mode, audio_fs=rate_hz, blocking=True)
        client.connect()
        while data := file.readframes(rate_hz // 10):
            client.send(data)
    client.signal_close()
    while (message := client.recv(20.0)) is not None:
        heard.append(message)
    return heard


async def live(address: str, path: str, mode: Any) -> list[Any]:
    """Send the samples as a microphone would and gather what the callback gets."""
    heard: list[Any] = []
    with wave.open(path) as file:
        rate_hz = file.getframerate()
        async with async_funasr_client(
            address, mode=mode, audio_fs=rate_hz, callback=heard.append, start_time=1_000_000
        ) as client:
            while data := file.readframes(rate_hz // 10):
                await client.send(data)
    return heard


async def main(address: str, path: str, mode: str) -> dict[str, Any]:
    """Bring the file in every way that the client has."""
    asked: Any = mode or None
    merged = await async_file_asr(path, address, mode=asked, hotwords={"和平大道": 20})
    stream = async_file_asr_stream(path, address, mode=asked)
    told = {"merged": merged, "messages": [message async for message in stream]}
    if path.endswith(".wav"):
        told["blocking"] = await asyncio.to_thread(blocking, address, path, asked)
        told["live"] = await live(address, path, asked)
    return told


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
