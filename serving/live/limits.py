"""What a live call may ask of the service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """Limits that hold for every live call, whatever protocol brings it."""

    max_calls: int = 4
    """Calls at once, besides what the recogniser's own admission allows."""
    resume_within_s: float = 15.0
    """How long a call is kept after its last connection dropped."""
    max_call_s: float = 4 * 3600.0
    """No telephone call goes on for longer; a line that was left open does."""
    max_join_wait_s: float = 1800.0
    """Silence put before a leg that joins late, at most."""
    start_within_s: float = 10.0
    """How long a new connection may wait before it says what it wants."""
    idle_s: float = 60.0
    """How long a connection may be silent: no audio, no control message."""
    line_idle_s: float = 300.0
    """How long a telephone system's line may bring no audio: it sends none while on hold."""
    rest_s: float = 600.0
    """How long a connection that brings call after call may wait between two."""
    max_connections: int = 1_024
    """Connections open at once, with or without a call."""
    send_within_s: float = 10.0
    """How long a client may take to read one event."""
    max_message_bytes: int = 1 << 18
    """Largest message: more than a second of two legs at 48 kHz."""
    close_within_s: float = 20.0
    """How long going down may take to finish the calls that are going on."""
