"""Errors of the asr room.

AsrError
├── AudioError                 the recording cannot be used
│   ├── AudioDecodeError       not audio, damaged, or a codec we do not read
│   ├── AudioEmptyError        no samples in it
│   └── ChannelLayoutError     neither mono nor two legs
├── EngineError                the recogniser failed
│   ├── UnknownEngineError     no engine of this name
│   └── EngineUnavailableError its packages or weights are not installed
└── StreamError                a live stream broke its contract
    ├── StreamClosedError      pushed to after its end
    └── CapacityError          no room for one more call in real time (retryable)
"""

from __future__ import annotations


class AsrError(Exception):
    """Base of every error of this package; its message says what to do."""

    retryable: bool = False


class AudioError(AsrError):
    """The recording cannot be used as it is."""


class AudioDecodeError(AudioError):
    """The file is not audio, is damaged, or uses a codec that is not read."""


class AudioEmptyError(AudioError):
    """The recording holds no samples."""


class ChannelLayoutError(AudioError):
    """The recording is neither mono nor two-leg stereo."""


class EngineError(AsrError):
    """The recogniser failed."""


class UnknownEngineError(EngineError):
    """No engine has this name."""


class EngineUnavailableError(EngineError):
    """The engine's packages or weights are not on this machine."""


class StreamError(AsrError):
    """A live stream broke its contract."""


class StreamClosedError(StreamError):
    """Audio was pushed after the end of the stream."""


class CapacityError(StreamError):
    """One more call cannot be served in real time."""

    retryable = True
