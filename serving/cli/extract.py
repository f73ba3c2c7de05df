"""`jiesu extract`: texts or turns as JSON lines in, what was understood as JSON lines out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from asr.types import Channel, Transcript, Utterance
from nlu.extractor import Extractor
from nlu.types import Extraction
from serving.cli.exits import INPUT_FAILED, emit
from serving.cli.options import ProfileOption, moment
from serving.contract import CallerModel, FieldModel, LocationModel
from serving.conversion import location_model
from serving.evidence import field_model

MAX_LINE_BYTES = 4 * 1024 * 1024
"""A longer line is refused: it is not one call's text."""


class Turn(BaseModel):
    """One stretch of speech."""

    model_config = ConfigDict(extra="ignore")

    channel: Channel
    text: str


class Request(BaseModel):
    """One line of input: `text`, or the `turns` of a call."""

    model_config = ConfigDict(extra="ignore")

    id: str | int
    text: str | None = None
    turns: list[Turn] | None = Field(default=None)

    @model_validator(mode="after")
    def _one_of_both(self) -> Request:
        if (self.text is None) == (self.turns is None):
            raise ValueError('give either "text" or "turns"')
        return self

    def transcript(self) -> Transcript:
        """Return the words as a call; times are not known and stand at 0."""
        turns = self.turns or [Turn(channel="citizen", text=self.text or "")]
        return Transcript(
            tuple(
                Utterance(f"t{number}", turn.channel, 0, 0, turn.text, 1.0)
                for number, turn in enumerate(turns, start=1)
            ),
            duration_ms=0,
        )


class Understood(BaseModel):
    """One line of output."""

    id: str | int
    request_type: FieldModel[str]
    category: FieldModel[list[str]]
    agency: FieldModel[str]
    location: FieldModel[LocationModel]
    caller: CallerModel


def extract(
    profile: ProfileOption = None,
    call_time: Annotated[
        datetime | None,
        typer.Option(parser=moment, help="When the calls were made; without it, now."),
    ] = None,
) -> None:
    """Read JSON lines {"id", "text"} or {"id", "turns": [{"channel", "text"}]} from stdin.

    Each line gives one line: request type, category, agency, location, caller. A line that
    cannot be used gives {"id", "line", "error"} in its place, the others go on, and the exit
    code is 1.
    """
    from serving.clock import CHINA_TIME
    from serving.profile import load_profile
    from serving.settings import load_settings

    settings = load_settings()
    extractor = Extractor(load_profile(profile or settings.profile, settings.profiles_dir).nlu)
    failed = 0
    for number, line in _lines(sys.stdin.buffer):
        answer, bad = _answer(extractor, number, line, call_time or datetime.now(CHINA_TIME))
        failed += bad
        emit(answer)
    if failed:
        raise typer.Exit(INPUT_FAILED)


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold something, with their number; an endless one is cut."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        kept = line
        while not line.endswith(b"\n") and len(line) > MAX_LINE_BYTES:
            line = stream.readline(MAX_LINE_BYTES + 1)
        if kept.strip():
            yield number, kept


def _answer(
    extractor: Extractor, number: int, line: bytes, call_time: datetime
) -> tuple[str, bool]:

    if len(line) > MAX_LINE_BYTES:
        problem = f"longer than {MAX_LINE_BYTES} bytes; give one call a line"
        return json.dumps({"id": None, "line": number, "error": problem}), True
    try:
        request = Request.model_validate_json(line)
    except ValidationError as error:
        found = {"id": _id_of(line), "line": number, "error": _first_problem(error)}
        return json.dumps(found, ensure_ascii=False), True
    transcript = request.transcript()
    extraction = extractor.extract(transcript, call_time=call_time)
    return understood(request.id, extraction, transcript).model_dump_json(), False


def understood(call_id: str | int, extraction: Extraction, transcript: Transcript) -> Understood:
    """Turn an extraction into its contract form."""

    def same(value: str) -> str:
        return value

    return Understood(
        id=call_id,
        request_type=field_model(extraction.request_type, transcript, same),
        category=field_model(extraction.category, transcript, list),
        agency=field_model(extraction.agency, transcript, same),
        location=field_model(extraction.location, transcript, location_model),
        caller=CallerModel(
            surname=field_model(extraction.caller.surname, transcript, same),
            phone=field_model(extraction.caller.phone, transcript, same),
        ),
    )


def _first_problem(error: ValidationError) -> str:
    problems: Iterable[Any] = error.errors(include_url=False, include_input=False)
    first = next(iter(problems))
    where = ".".join(str(part) for part in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _id_of(line: bytes) -> object:

    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value.get("id") if isinstance(value, dict) else None
