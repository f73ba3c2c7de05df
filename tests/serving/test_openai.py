"""OpenAI's transcription interface, used by OpenAI's own client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
from openai import OpenAI

from tests.serving.service import (
    DURATION_S,
    SCRIPT,
    Doubles,
    doubles,
    serving,
    settings_in,
    write_recording,
)

SAID = [text for *_, text in SCRIPT]
ALL = "".join(SAID)


@pytest.fixture(scope="module")
def models() -> Doubles:
    return doubles()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, models: Doubles) -> Iterator[str]:
    settings = settings_in(tmp_path_factory.mktemp("openai"), max_upload_bytes=2**20)
    with serving(settings, models.parts) as address:
        yield address


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("recording") / "call.wav")


@pytest.fixture
def client(address: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=address + "/v1", api_key="none", max_retries=0) as client:
        yield client


def test_json_and_text(client: OpenAI, recording: Path) -> None:
    told = client.audio.transcriptions.create(file=recording, model="whisper-1", language="zh")
    assert told.text == ALL
    assert told.usage is not None
    assert told.usage.type == "duration"
    assert told.usage.seconds == 17
    text = client.audio.transcriptions.create(
        file=recording, model="jiesu", response_format="text", temperature=0.2
    )
    assert text == ALL + "\n"


def test_subtitles(client: OpenAI, recording: Path) -> None:
    srt = client.audio.transcriptions.create(
        file=recording, model="scripted", response_format="srt"
    )
    vtt = client.audio.transcriptions.create(
        file=recording, model="whisper-1", response_format="vtt"
    )
    blocks = srt.strip().split("\n\n")
    assert [block.split("\n", 2)[0] for block in blocks] == ["1", "2", "3", "4", "5"]
    assert [block.split("\n", 2)[2] for block in blocks] == SAID
    times = re.findall(r"(\d\d):(\d\d):(\d\d),(\d{3})", srt)
    starts_s = [int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000 for h, m, s, ms in times[::2]]
    for start_s, (_, expected_s, *_) in zip(starts_s, SCRIPT, strict=True):
        assert abs(start_s - expected_s) < 0.4
    head, *cues = vtt.strip().split("\n\n")
    assert head == "WEBVTT"
    assert [cue.split("\n")[1] for cue in cues] == SAID
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}\n", cue) for cue in cues)


def test_verbose(client: OpenAI, recording: Path) -> None:
    both = client.audio.transcriptions.create(
        file=recording, model="whisper-1", response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )  # fmt: skip
    assert (both.text, both.language, both.duration) == (ALL, "chinese", DURATION_S)
    assert both.segments is not None
    assert both.words is not None
    assert [s.text for s in both.segments] == SAID
    assert [s.id for s in both.segments] == list(range(len(SAID)))
    assert all(s.start < s.end and -1 < s.avg_logprob < 0 for s in both.segments)
    assert "".join(w.word for w in both.words) == re.sub("[，。？！]", "", ALL)
    first, last = both.segments[0], both.words[-1]
    assert first.start <= both.words[0].start < both.words[0].end < first.end
    assert both.segments[-1].start < last.start < last.end <= both.segments[-1].end
    words_only = client.audio.transcriptions.create(
        file=recording, model="whisper-1", response_format="verbose_json",
        timestamp_granularities=["word"],
    )  # fmt: skip
    assert (words_only.segments, words_only.words) == (None, both.words)
    plain = client.audio.transcriptions.create(
        file=recording, model="whisper-1", response_format="verbose_json"
    )
    assert (plain.segments, plain.words) == (both.segments, None)


def test_who_speaks(client: OpenAI, recording: Path) -> None:
    told = client.audio.transcriptions.create(
        file=recording, model="gpt-4o-transcribe-diarize", response_format="diarized_json",
        chunking_strategy="auto", known_speaker_names=["x"],
        known_speaker_references=["data:audio/wav;base64,AA"],
    )  # fmt: skip
    assert told.duration == DURATION_S
    assert [(s.speaker, s.text) for s in told.segments] == [(c, t) for c, _, _, t in SCRIPT]
    assert len({s.id for s in told.segments}) == len(SCRIPT)


def test_words_come_as_they_are_heard(client: OpenAI, recording: Path) -> None:
    with client.audio.transcriptions.create(
        file=recording, model="gpt-4o-transcribe", stream=True
    ) as events:
        told = list(events)
    deltas = [e.delta for e in told if e.type == "transcript.text.delta"]
    assert deltas == SAID
    assert told[-1].type == "transcript.text.done"
    assert told[-1].text == ALL
    with client.audio.transcriptions.create(
        file=recording, model="gpt-4o-transcribe-diarize", response_format="diarized_json",
        stream=True,
    ) as events:  # fmt: skip
        speakers = [e.speaker for e in events if e.type == "transcript.text.segment"]
    assert speakers == [channel for channel, *_ in SCRIPT]


def test_words_to_listen_for(client: OpenAI, recording: Path, models: Doubles) -> None:
    client.audio.transcriptions.create(
        file=recording,
        model="whisper-1",
        prompt="和平大道、胜太路。以下是一通市民热线电话的录音，请用简体中文",
        extra_body={"keywords[]": ["美兰区"]},
    )
    asked = models.recogniser.hotwords[-1]
    assert asked[:3] == ("美兰区", "和平大道", "胜太路")
    assert not any("以下是" in word for word in asked)


def test_nothing_is_stored(client: OpenAI, address: str, recording: Path, tmp_path: Path) -> None:
    client.audio.transcriptions.create(file=recording, model="whisper-1")
    assert httpx.get(address + "/api/calls").json()["calls"] == []


def test_nothing_is_left_behind(tmp_path: Path, recording: Path) -> None:
    with (
        serving(settings_in(tmp_path), doubles().parts) as address,
        OpenAI(base_url=address + "/v1", api_key="none") as client,
    ):
        client.audio.transcriptions.create(file=recording, model="whisper-1")
        with client.audio.transcriptions.create(
            file=recording, model="whisper-1", stream=True
        ) as events:
            next(events)
        with pytest.raises(openai.BadRequestError):
            client.audio.transcriptions.create(file=("a.wav", b"no sound"), model="whisper-1")
        assert list((tmp_path / "data" / "recordings").iterdir()) == []


def test_models_are_listed(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names[:2] == ["jiesu", "scripted"]
    assert "whisper-1" in names


@pytest.mark.parametrize(
    ("changed", "param", "code", "status"),
    [
        ({"model": "whisper-2"}, "model", "model_not_found", 404),
        ({"model": ""}, "model", "missing_required_parameter", 400),
        ({"response_format": "docx"}, "response_format", "invalid_value", 400),
        ({"temperature": 7.0}, "temperature", "invalid_value", 400),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities", "invalid_value", 400),
        (
            {"timestamp_granularities": ["day"], "response_format": "verbose_json"},
            "timestamp_granularities",
            "invalid_value",
            400,
        ),
        ({"stream": True, "response_format": "srt"}, "stream", "invalid_value", 400),
        ({"extra_body": {"profile": "nowhere"}}, None, "profile", 400),
    ],
)
def test_errors_name_the_field(
    client: OpenAI, recording: Path, changed: dict[str, object], param: str, code: str, status: int
) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.audio.transcriptions.create(  # type: ignore[call-overload]
            **{"file": recording, "model": "whisper-1"} | changed
        )
    error = refused.value
    assert (error.status_code, error.param, error.code) == (status, param, code)
    assert error.type == "invalid_request_error"
    assert isinstance(error.body, dict)
    assert error.body["message"]


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (b"text where audio belongs", 400, "audio-decode"),
        (b"RIFF\0\0\0\0WAVE", 400, "audio-decode"),
        (b"", 400, "upload"),
        (bytes(3 * 2**20), 413, "upload-too-large"),
    ],
)
def test_files_that_are_no_audio(client: OpenAI, file: bytes, status: int, code: str) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.audio.transcriptions.create(file=("call.wav", file), model="whisper-1")
    assert (refused.value.status_code, refused.value.code) == (status, code)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_translations_are_refused(client: OpenAI, recording: Path) -> None:
    with pytest.raises(openai.BadRequestError, match="translates nothing") as refused:
        client.audio.translations.create(file=recording, model="whisper-1")
    assert refused.value.code == "unsupported_endpoint"


def test_a_recogniser_that_fails_is_told_in_openai_s_form(tmp_path: Path, recording: Path) -> None:
    models = doubles()
    with (
        serving(settings_in(tmp_path), models.parts) as address,
        OpenAI(base_url=address + "/v1", api_key="none", max_retries=0) as client,
    ):
        models.recogniser.fail_next = 100
        with pytest.raises(openai.InternalServerError) as failed:
            client.audio.transcriptions.create(file=recording, model="whisper-1")
        assert (failed.value.type, failed.value.code) == ("server_error", "engine")
        with (
            pytest.raises(openai.APIError),
            client.audio.transcriptions.create(
                file=recording, model="whisper-1", stream=True
            ) as events,
        ):
            list(events)
        models.recogniser.fail_next = 0
        told = client.audio.transcriptions.create(file=recording, model="whisper-1")
        assert told.text == ALL
