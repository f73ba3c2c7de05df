"""`jiesu replay` as a telephone system, over each protocol that one speaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from serving.api.server import bind
from serving.errors import ReplayError
from serving.ingress.audiosocket_door import AudioSocketDoor
from serving.replay.client import ReplayRequest
from serving.replay.phone import PhoneProtocol, replay_as_phone
from tests.serving.service import doubles, serving, settings_in, write_recording
from tests.serving.stored_call import WORDS, stored, words


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[dict[PhoneProtocol, str]]:
    with bind("127.0.0.1", 0) as listener:
        doors = [AudioSocketDoor(listener)]
        settings = settings_in(tmp_path, max_live_calls=1)
        with serving(settings, doubles().parts, doors=doors) as address:
            port = listener.getsockname()[1]
            yield {
                "freeswitch": address,
                "chan-websocket": address,
                "audiosocket": f"audiosocket://127.0.0.1:{port}",
            }


@pytest.mark.parametrize("protocol", ["freeswitch", "chan-websocket", "audiosocket"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
async def test_a_recording_is_a_call(
    addresses: dict[PhoneProtocol, str], tmp_path: Path, protocol: PhoneProtocol, rate_hz: int
) -> None:
    call_id, messages = str(uuid4()), list[dict[str, Any]]()
    path = write_recording(tmp_path / "call.wav", rate_hz)
    request = ReplayRequest(path, addresses[protocol], speed=20.0, call_id=call_id)
    await replay_as_phone(request, protocol, messages.append)
    assert words(await stored(addresses["freeswitch"], call_id)) == WORDS
    kinds = {message["type"] for message in messages}
    assert kinds >= ({"transcript", "qa", "state"} if protocol == "freeswitch" else {"ready"})


@pytest.mark.parametrize("protocol", ["freeswitch", "chan-websocket", "audiosocket"])
async def test_who_hangs_up_or_is_not_there_is_told(
    addresses: dict[PhoneProtocol, str], tmp_path: Path, protocol: PhoneProtocol
) -> None:
    path = write_recording(tmp_path / "call.wav")
    with bind("127.0.0.1", 0) as nobody:
        host = f"127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(ReplayError):
            await replay_as_phone(ReplayRequest(path, host), protocol, lambda _: None)
    wrong = ReplayRequest(path, addresses[protocol], speed=20.0, profile="nowhere")
    with pytest.raises(ReplayError, match="profile"):
        await replay_as_phone(wrong, protocol, lambda _: None)


@pytest.mark.parametrize(
    ("url", "call_id"),
    [("http://127.0.0.1:1", None), ("audiosocket://", None), ("audiosocket://h:x", None),
     ("audiosocket://127.0.0.1:1", "no-uuid")],
)  # fmt: skip
async def test_wrong_audiosocket_addresses(tmp_path: Path, url: str, call_id: str | None) -> None:
    path = write_recording(tmp_path / "call.wav")
    with pytest.raises(ReplayError):
        await replay_as_phone(ReplayRequest(path, url, call_id=call_id), "audiosocket", print)
