"""Words, names and numbers of a call are in its result, and in no log line and no metric."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest

from serving.telemetry import set_up_logging
from tests.serving.live_client import LiveClient
from tests.serving.service import (
    SCRIPT,
    doubles,
    interleaved,
    serving,
    settings_in,
    write_recording,
)
from tests.serving.test_ws_calls import FRAME, wait_until_done

SECRETS = ["13900001234", "林", "和平大道", "吵得睡不着", *(text for _, _, _, text in SCRIPT)]


async def test_a_live_call_and_an_upload_leave_no_words_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(settings_in(tmp_path), doubles().parts) as address:
        # The service's own client speaks here too; what it logs is not the service's.
        for name in ("websockets.client", "httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        async with LiveClient(address, call_id="quiet") as client:
            await client.play(interleaved(), FRAME)
            await client.say(type="end")
            assert await client.closed() == 1000
        async with LiveClient(address, call_id="13900001234", colour="和平大道") as client:
            await client.closed()
        metrics = await asyncio.to_thread(use_over_http, address, tmp_path)
    logged = "\n".join(
        record.getMessage() + str(record.exc_text or "") + str(record.args)
        for record in caplog.records
    )
    assert "going down" in logged
    for secret in SECRETS:
        assert secret not in logged
        assert secret not in metrics


def use_over_http(address: str, folder: Path) -> str:
    """Upload a recording, correct a draft, and return the metrics."""
    path = write_recording(folder / "林13900001234.wav")
    with path.open("rb") as file:
        answer = httpx.post(f"{address}/api/calls", files={"file": file})
    wait_until_done(address, answer.json()["call_id"])
    edited = httpx.patch(
        f"{address}/api/calls/quiet/draft",
        json={"title": "和平大道的林"},
        headers={"X-Jiesu-User": "1"},
    )
    assert edited.status_code == 200
    return httpx.get(f"{address}/metrics").text


def test_the_library_s_own_logs_stay_quiet(tmp_path: Path) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        set_up_logging(settings_in(tmp_path, log_level="DEBUG"))
        # SQLAlchemy logs statements with their values from INFO on.
        assert not logging.getLogger("sqlalchemy.engine.Engine").isEnabledFor(logging.INFO)
    finally:
        root.handlers[:], root.level = handlers, level
