"""A line into a live call: what every ingress does with it, without any protocol."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asr.types import Channel
from serving.api.services import Services, open_services
from serving.errors import CallTooLongError, MessageFormatError, ResumeError
from serving.feed import FeedEvent
from serving.live.events import DraftUpdate, StateUpdate, TranscriptUpdate
from serving.live.limits import LiveLimits
from serving.live.line import Line, LineRequest
from tests.serving.service import RATE_HZ, SCRIPT, doubles, legs, settings_in

REQUEST = LineRequest(("agent", "citizen"), RATE_HZ, call_id="line")
LIMITS = LiveLimits(resume_within_s=0.0, max_call_s=20)
DOUBLES = doubles()


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with open_services(settings_in(tmp_path), DOUBLES.parts, LIMITS) as services:
        yield services


async def play(line: Line) -> None:
    """Push the legs of this line, 100 ms at a time."""
    sound = legs()
    step = RATE_HZ // 10
    for start in range(0, len(sound["agent"]), step):
        await line.push({leg: sound[leg][start : start + step] for leg in line.channels})


async def all_events(line: Line) -> list[FeedEvent]:
    return [event.event async for event in line.events()]


def said(channel: Channel) -> list[str]:
    return [text for speaker, _, _, text in SCRIPT if speaker == channel]


async def test_words_and_drafts_come_until_the_result_is_stored(services: Services) -> None:
    line = await services.lines.open(REQUEST)
    await play(line)
    line.end()
    events = await all_events(line)
    line.hang_up()
    words = [e for e in events if isinstance(e, TranscriptUpdate) and e.kind == "final"]
    assert {w.utterance.text for w in words} == {text for *_, text in SCRIPT}
    assert any(isinstance(e, DraftUpdate) for e in events)
    assert isinstance(events[-1], StateUpdate)
    assert events[-1].state == "done"
    assert services.calls.get("line").state == "done"


async def test_the_last_words_come_before_they_are_said_to_be_the_last(services: Services) -> None:
    line = await services.lines.open(REQUEST)
    reader = line.events()
    await play(line)
    line.end()
    seen: list[FeedEvent] = []
    async with contextlib.aclosing(reader):
        async for event in reader:
            seen.append(event.event)
            if isinstance(event.event, StateUpdate) and event.event.has_heard_all:
                break
        after = [event.event async for event in reader]
    finals = {e.utterance.text for e in seen if isinstance(e, TranscriptUpdate)}
    assert {text for *_, text in SCRIPT} <= finals
    assert not any(isinstance(e, TranscriptUpdate) for e in after)


async def test_words_of_the_call_go_before_those_of_the_profile(services: Services) -> None:
    words = ("胜太路", "琼山大道")
    line = await services.lines.open(LineRequest(("citizen",), RATE_HZ, hotwords=words))
    await play(line)
    line.end()
    await all_events(line)
    asked = DOUBLES.recogniser.hotwords[-1]
    assert asked[:2] == words
    assert len(asked) > 2


async def test_who_hangs_up_ends_the_call_and_who_leaves_may_come_back(tmp_path: Path) -> None:
    limits = LiveLimits(resume_within_s=60.0)
    async with open_services(settings_in(tmp_path), DOUBLES.parts, limits) as services:
        line = await services.lines.open(REQUEST)
        await play(line)
        line.leave()
        again = services.lines.resume("line", line.call.token, ("agent", "citizen"))
        line.hang_up()
        assert not again.call.has_ended
        again.hang_up()
        again.hang_up()
        assert again.call.has_ended
        await all_events(again)
        assert services.calls.get("line").state == "done"
        with pytest.raises(ResumeError):
            services.lines.resume("line", line.call.token, ("agent",))


async def test_a_line_that_lost_its_legs_ends_nothing(services: Services) -> None:
    line = await services.lines.open(REQUEST)
    other = services.lines.resume("line", line.call.token, ("agent", "citizen"))
    assert line.lost.done()
    line.hang_up()
    assert not other.call.has_ended
    other.hang_up()
    await all_events(other)


async def test_two_lines_bring_one_call(services: Services) -> None:
    agent = await services.lines.open(LineRequest(("agent",), RATE_HZ, call_id="line"))
    join = LineRequest(("citizen",), RATE_HZ, call_id="line")
    with pytest.raises(MessageFormatError):
        await services.lines.join(agent.call.token, LineRequest(("citizen",), 16_000, "line"))
    with pytest.raises(ResumeError):
        await services.lines.join("guess", join)
    citizen = await services.lines.join(agent.call.token, join)
    for line in (agent, citizen):
        await play(line)
        line.hang_up()
    events = await all_events(citizen)
    words = [e.utterance for e in events if isinstance(e, TranscriptUpdate) and e.kind == "final"]
    assert {w.text for w in words if w.channel == "agent"} == set(said("agent"))
    assert {w.text for w in words if w.channel == "citizen"} == set(said("citizen"))


async def test_a_line_left_open_is_ended_at_the_limit(services: Services) -> None:
    line = await services.lines.open(REQUEST)
    await play(line)
    with pytest.raises(CallTooLongError):
        await play(line)
    assert line.call.has_ended
    await all_events(line)
    assert services.calls.get("line").state == "done"
