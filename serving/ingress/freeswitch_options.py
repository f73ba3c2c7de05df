"""What FreeSWITCH says of a stream: rate, mix and sides, in the URL or in the metadata."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from asr.types import Channel
from serving.ingress.phone_options import PhoneOptions

Side = Literal["left", "right"]
Mix = Literal["mono", "mixed", "stereo"]


def _hertz(value: object) -> object:
    """Read a rate as the command of mod_audio_stream has it: `8k`, `16k`."""
    if isinstance(value, str) and value[:-1].isdecimal() and value[-1] in "kK":
        return int(value[:-1]) * 1000
    return value


class FreeSwitchOptions(PhoneOptions):
    """One stream; names in camel case are those of the metadata that jambonz sends."""

    rate: Annotated[
        int,
        BeforeValidator(_hertz),
        Field(
            ge=8_000,
            le=192_000,
            multiple_of=8_000,
            validation_alias=AliasChoices("rate", "sampleRate", "sample_rate"),
        ),
    ] = 8_000
    mix: Mix = Field(default="mono", validation_alias=AliasChoices("mix", "mixType", "mix_type"))
    citizen: Side | None = None
    """The side of the citizen in stereo: left is what the leg that is streamed says."""
    events: bool = False
    """Whether FreeSWITCH wants to be told what is heard: each message becomes an event there."""

    @property
    def audio(self) -> tuple[int, Mix]:
        """What the samples depend on."""
        return self.rate, self.mix

    def channels(self, citizen: Side) -> tuple[Channel, ...]:
        """Return the legs in the order of the samples; `citizen` where nothing is said of it."""
        if self.mix == "stereo":
            is_left = (self.citizen or citizen) == "left"
            return ("citizen", "agent") if is_left else ("agent", "citizen")
        return ("citizen",) if self.mix == "mixed" else (self.leg or "citizen",)


def read_metadata(text: str) -> FreeSwitchOptions | None:
    """Return what a text says, None where it is no JSON object; MessageFormatError."""
    said = _json_object(text)
    return FreeSwitchOptions.read(said) if said is not None else None


def is_end(text: str) -> bool:
    """Return whether a text says that no more audio comes."""
    return (_json_object(text) or {}).get("type") == "end"


def _json_object(text: str) -> dict[str, object] | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
