"""Errors of the serving room.

ServingError
├── ProfileError        a hotline profile is unknown or wrong (file and line in the message)
├── OutputError         results cannot be written
├── CallNotFoundError   no call of this id
├── ProtocolError       a client broke the wire protocol
└── BusyError           the service is full; try again (retryable)
"""

from __future__ import annotations


class ServingError(Exception):
    """Base of every error of this package; its message says what to do."""

    retryable: bool = False


class ProfileError(ServingError):
    """The hotline profile is unknown or does not validate."""


class OutputError(ServingError):
    """Results cannot be written where they were asked for."""


class CallNotFoundError(ServingError):
    """The store has no call of this id."""


class ProtocolError(ServingError):
    """A client sent what the protocol does not allow."""


class BusyError(ServingError):
    """The service has no capacity left for this call."""

    retryable = True
