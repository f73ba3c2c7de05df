"""Errors of the serving room.

ServingError
├── SettingsError       an environment variable of ours has a value that cannot be used
├── ProfileError        a hotline profile is unknown or wrong (file and line in the message)
├── OutputError         results cannot be written
├── ManifestError       a batch's list of recordings is wrong (line in the message)
├── StoreError          the database cannot be used
├── ClusterError        Ray is not installed or its cluster does not answer
├── BenchError          a benchmark cannot be run
├── CallNotFoundError   no call of this id
├── CallStateError      the call is not in a state that allows this
├── ReviewError         a person's decision names a rule, field or value there is not
├── ActorMissingError   a decision that must be signed came without a name
├── RoleError           the role that asks may not see or do this
├── UploadError         the request does not carry a recording
│   ├── UploadTooLargeError  larger than the service takes
│   └── RequestFieldError    a field beside the recording cannot be used
├── ProtocolError       a client broke the wire protocol
│   ├── MessageFormatError    a control message is not what the protocol says
│   ├── MessageOrderError     a message came before or after its time
│   ├── MessageTooLargeError  a message is larger than a second of audio
│   ├── AudioFrameError       audio bytes do not make whole samples
│   ├── CallTooLongError      the call went on for longer than any call may
│   ├── IdleCallError         nothing came for too long
│   ├── SlowClientError       events pile up because the client does not read
│   └── ResumeError           there is no such call to take up again
├── AddressError        the service cannot listen where it was told to
├── ReplayError         a recording cannot be played to a service
└── BusyError           the service is full; try again (retryable)
    └── ClosingError    the service is going down; try another or later (retryable)
"""

from __future__ import annotations

from asr.errors import AsrError
from models.errors import ModelsError
from nlu.errors import NluError
from ticket_draft.errors import TicketDraftError


class ServingError(Exception):
    """Base of every error of this package; its message says what to do."""

    retryable: bool = False


class SettingsError(ServingError):
    """A `JIESU_…` environment variable has a value that cannot be used."""


class ProfileError(ServingError):
    """The hotline profile is unknown or does not validate."""


class OutputError(ServingError):
    """Results cannot be written where they were asked for."""


class ManifestError(ServingError):
    """The list of recordings of a batch cannot be used."""


class StoreError(ServingError):
    """The database cannot be opened, or its schema is not up to date."""


class ClusterError(ServingError):
    """The cluster a batch is to run on cannot be used."""


class BenchError(ServingError):
    """A benchmark cannot be run: its data is missing or not what it should be."""


class CallNotFoundError(ServingError):
    """The store has no call of this id."""


class CallStateError(ServingError):
    """What was asked is not possible in the state the call is in."""


class ReviewError(ServingError):
    """A person's decision names a rule, a field or a value that the call does not have."""


class ActorMissingError(ServingError):
    """A decision that must carry a name came without one."""


class RoleError(ServingError):
    """The role that asks may not see or do this."""


class UploadError(ServingError):
    """The request does not carry a recording."""


class UploadTooLargeError(UploadError):
    """The recording is larger than the service takes."""


class RequestFieldError(UploadError):
    """A field beside the recording cannot be used; `param` names it, `code` says how."""

    def __init__(
        self,
        message: str,
        param: str | None = None,
        code: str = "invalid_value",
        status: int = 400,
    ) -> None:
        super().__init__(message)
        self.param = param
        self.code = code
        self.status = status


class ProtocolError(ServingError):
    """A client sent what the protocol does not allow."""


class MessageFormatError(ProtocolError):
    """A control message is not JSON or not what the protocol says."""


class MessageOrderError(ProtocolError):
    """A message came before its time or after it."""


class MessageTooLargeError(ProtocolError):
    """A message is larger than the protocol allows."""


class AudioFrameError(ProtocolError):
    """The bytes of an audio message do not make whole samples of every leg."""


class CallTooLongError(ProtocolError):
    """The call went on for longer than any call may."""


class IdleCallError(ProtocolError):
    """The client sent nothing for too long."""


class SlowClientError(ProtocolError):
    """The client does not read its events, and they would pile up."""


class ResumeError(ProtocolError):
    """There is no such call to take up again."""


class AddressError(ServingError):
    """The service cannot listen on the address it was given."""


class ReplayError(ServingError):
    """The service that a recording is to be played to refuses it or stays away."""


class BusyError(ServingError):
    """The service has no capacity left for this call."""

    retryable = True


class ClosingError(BusyError):
    """The service is going down; try again later."""


JIESU_ERRORS = (AsrError, ModelsError, NluError, TicketDraftError, ServingError)
"""Every error whose message is written for the user; anything else is a surprise."""
