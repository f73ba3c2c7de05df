"""`jiesu score`: a transcript, or a written ticket, on stdin to a report on stdout."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from asr.types import Channel, Transcript, Utterance
from serving.errors import ServingError

if TYPE_CHECKING:
    from serving.contract import TicketModel


class SpokenTurn(BaseModel):
    """An utterance, or a turn of a reference transcript, without id and confidence."""

    model_config = ConfigDict(extra="ignore")

    channel: Channel
    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)
    text: str
    id: str | None = None
    confidence: float = Field(default=1.0, ge=0.0, le=1.0)


class SpokenCall(BaseModel):
    """A transcript in any of its forms: `utterances`, a result of `process`, or `turns`."""

    model_config = ConfigDict(extra="ignore")

    utterances: list[SpokenTurn]
    duration_ms: int = Field(default=0, ge=0)
    kind: Literal["ticket", "callback"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("transcript"), dict):
            value = {"kind": value.get("kind"), **value["transcript"]}
        if isinstance(value, dict) and "utterances" not in value and "turns" in value:
            value = {**value, "utterances": value["turns"]}
        if not isinstance(value, dict) or "utterances" not in value:
            raise ValueError(
                'no transcript in it; give {"utterances": [...]}, a result of `jiesu process '
                '--json`, or {"turns": [...]}, each item with channel, start_ms, end_ms, text'
            )
        return value

    @model_validator(mode="after")
    def _ids_are_unique(self) -> SpokenCall:
        ids = [u.id for u in self.utterances if u.id is not None]
        if len(set(ids)) < len(ids):
            raise ValueError("two utterances have the same id; evidence could not point at one")
        return self

    def transcript(self) -> Transcript:
        """Return the transcript, utterances by start time, ids made up where absent."""
        taken = {u.id for u in self.utterances}
        utterances: list[Utterance] = []
        for number, said in enumerate(self.utterances, start=1):
            made_up = f"t{number}" if f"t{number}" not in taken else f"turn-{number}"
            utterances.append(
                Utterance(
                    said.id or made_up,
                    said.channel,
                    said.start_ms,
                    max(said.end_ms, said.start_ms),
                    said.text,
                    said.confidence,
                )
            )
        utterances.sort(key=lambda u: (u.start_ms, u.end_ms))
        last_ms = max((u.end_ms for u in utterances), default=0)
        return Transcript(tuple(utterances), max(self.duration_ms, last_ms))


def score(
    kind: Annotated[
        Literal["qa", "callback", "writing"],
        typer.Option(help="Which report to make; writing: of a ticket instead of a transcript."),
    ],
    profile: Annotated[
        str | None, typer.Option(help="The hotline's profile, by name or folder.")
    ] = None,
    call: Annotated[
        Literal["ticket", "callback"] | None,
        typer.Option(help="For --kind qa: what kind of call it is, where the JSON does not say."),
    ] = None,
) -> None:
    """Score a call or a ticket: JSON on stdin, the report as JSON on stdout.

    For --kind writing: a ticket {"title", "content", …}, a result of `jiesu process --json`, or
    {"written": a ticket, "ticket": that of a result}, which is held against what was heard.
    """
    from serving.call_kind import detect_kind
    from serving.cli.exits import emit
    from serving.conversion import callback_model, qa_model
    from serving.profile import load_profile
    from serving.settings import load_settings
    from serving.writing import writing_model
    from ticket_draft.scoring.callback import score_callback
    from ticket_draft.scoring.qa import score_qa
    from ticket_draft.supervision import supervised

    text = sys.stdin.buffer.read()
    settings = load_settings()
    report: BaseModel
    if kind == "writing":
        written, drafted = read_ticket(text)
        rules = load_profile(profile or settings.profile, settings.profiles_dir)
        emit(writing_model(written, rules.writing, drafted).model_dump_json(indent=2))
        return
    given = read_call(text)
    transcript = given.transcript()
    rules = load_profile(profile or settings.profile, settings.profiles_dir)
    if kind == "qa":
        of_call = call or given.kind or detect_kind(transcript, rules.callback)
        report = qa_model(score_qa(transcript, rules.qa, kind=of_call), transcript)
    else:
        score = score_callback(transcript, rules.callback)
        score = supervised(rules.tickets.supervision, transcript, None, score)
        report = callback_model(score, transcript)
    emit(report.model_dump_json(indent=2))


def read_ticket(text: bytes | str) -> tuple[dict[str, Any], TicketModel | None]:
    """Read a written ticket from JSON, and what the machine heard of its call where it is given.

    Raises ServingError saying what is wrong and where.
    """
    from serving.contract import TicketModel

    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError("not an object")
        drafted = data.get("ticket")
        written = data.get("written") or drafted or data
        if not isinstance(written, dict) or not {"title", "content"} & written.keys():
            raise ValueError('no ticket in it; give {"title": …, "content": …} or a result')
        return written, TicketModel.model_validate(drafted) if drafted else None
    except ValidationError as error:
        raise ServingError(f"stdin: {_first(error)}") from None
    except ValueError as error:
        raise ServingError(f"stdin: {error}") from None


def read_call(text: bytes | str) -> SpokenCall:
    """Read a call's transcript from JSON.

    Raises ServingError saying what is wrong and where.
    """
    if not text.strip():
        raise ServingError("nothing on stdin; give a transcript: `jiesu score … < call.json`")
    try:
        return SpokenCall.model_validate_json(text)
    except ValidationError as error:
        raise ServingError(f"stdin: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
