"""What a telephone system may say of a call, in the URL or in its first message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from asr.types import Channel
from serving.errors import MessageFormatError
from serving.result import CallKind

# Shorter than an id may be: a stream begun anew adds a number.
PhoneCallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")]


class PhoneOptions(BaseModel):
    """What every telephone system may say; a value left empty is not said.

    Other names are left alone: URLs carry credentials for proxies, and first messages
    whatever the dialplan knows.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    call_id: PhoneCallId | None = Field(
        default=None, validation_alias=AliasChoices("call_id", "callSid")
    )
    profile: str | None = Field(default=None, max_length=128)
    kind: CallKind | None = None
    leg: Channel | None = None
    """Whose voice a line with one leg brings."""

    @classmethod
    def read(cls, said: Mapping[str, object]) -> Self:
        """Return what is said; MessageFormatError names the values that are wrong."""
        try:
            return cls.model_validate({k: v for k, v in said.items() if v not in ("", None)})
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            raise MessageFormatError(
                "; ".join(f"`{'.'.join(map(str, f['loc']))}`: {f['msg']}" for f in faults[:5])
            ) from None

    def then(self, later: Self) -> Self:
        """Return these options with what `later` says before what was said here."""
        return self.model_copy(update=later.model_dump(exclude_unset=True))
