"""Control messages of our own WebSocket protocol (docs/websocket.md), both ways."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from asr.types import Channel
from serving.errors import MessageFormatError
from serving.live.pcm import Encoding
from serving.result import CallKind

PROTOCOL_VERSION = 1
CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _Message(BaseModel):
    # Strict: a number sent as text is a client's mistake that would show later and elsewhere.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Start(_Message):
    """A call begins, or its other leg does: the same `call_id` with the other channel."""

    type: Literal["start"]
    call_id: CallId | None = None
    token: str | None = Field(default=None, max_length=64)
    """From `ready`: needed where this connection brings the other leg of a call."""
    profile: str | None = Field(default=None, max_length=128)
    kind: CallKind | None = None
    dialect: str | None = Field(default=None, max_length=32)
    """What is spoken, where the seat or the number dialled tells; see `recognition.yaml`."""
    encoding: Encoding = "s16le"
    sample_rate_hz: Annotated[int, Field(ge=8_000, le=48_000)] = 8_000
    channels: Annotated[list[Channel], Field(min_length=1, max_length=2)]
    framing: Literal["plain", "prefixed"] = "plain"
    """`plain`: samples of `channels` interleaved; `prefixed`: one leg a message, named by
    its first byte, an index into `channels`."""

    @field_validator("channels")
    @classmethod
    def _each_once(cls, channels: list[Channel]) -> list[Channel]:
        if len(set(channels)) != len(channels):
            raise ValueError("each leg once")
        return channels


class Resume(_Message):
    """A client takes its call up again after its connection dropped."""

    type: Literal["resume"]
    call_id: CallId
    token: Annotated[str, Field(max_length=64)]
    last_seq: Annotated[int, Field(ge=0)] = 0
    """The last event that was received; those after it are sent again."""
    channels: Annotated[list[Channel], Field(min_length=1, max_length=2)]
    encoding: Encoding = "s16le"
    framing: Literal["plain", "prefixed"] = "plain"


class Flush(_Message):
    """End the utterances that are going on: the agent pressed a key, the line is on hold."""

    type: Literal["flush"]


class End(_Message):
    """No more audio comes on this connection: the caller hung up."""

    type: Literal["end"]


class Ping(_Message):
    """Answered by `pong` with the same `id`."""

    type: Literal["ping"]
    id: Annotated[str, Field(max_length=64)] | None = None


ClientMessage = Annotated[Start | Resume | Flush | End | Ping, Field(discriminator="type")]
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class Ready(BaseModel):
    """The call is admitted, or taken up again: send audio from `samples_received` on."""

    type: Literal["ready"] = "ready"
    protocol: int = PROTOCOL_VERSION
    call_id: str
    token: str
    profile: str
    sample_rate_hz: int
    samples_received: dict[Channel, int]
    seq: int
    resume_within_s: float
    max_message_bytes: int


class Ack(BaseModel):
    """Audio up to here is safe with the service; a client may forget what came before."""

    type: Literal["ack"] = "ack"
    samples_received: dict[Channel, int]


class Pong(BaseModel):
    """Answer to `ping`."""

    type: Literal["pong"] = "pong"
    id: str | None


class ErrorMessage(BaseModel):
    """Why the connection closes; the close code follows from `code`."""

    type: Literal["error"] = "error"
    code: str
    title: str
    message: str
    retryable: bool


def read_message(text: str) -> ClientMessage:
    """Return a client's control message; MessageFormatError says what is wrong with it."""
    try:
        return _CLIENT.validate_json(text)
    except ValidationError as error:
        raise MessageFormatError(_what_is_wrong(error)) from None


def _what_is_wrong(error: ValidationError) -> str:
    faults = []
    for detail in error.errors(include_url=False, include_input=False)[:5]:
        place = ".".join(str(part) for part in detail["loc"])
        match detail["type"]:
            case "json_invalid":
                return "a text message must be one JSON object; audio goes in binary messages"
            case "union_tag_invalid" | "union_tag_not_found" | "model_attributes_type":
                return "`type` must be one of: start, resume, flush, end, ping"
            case "extra_forbidden":
                faults.append(f"`{place}` is not a known field")
            case _:
                faults.append(f"`{place}`: {detail['msg']}")
    return "; ".join(faults)
