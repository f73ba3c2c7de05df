"""How a line that fails is noted: a telephone system has no screen to show it on."""

from __future__ import annotations

import logging
from typing import Literal

from serving.api.error_table import Fault, fault_of
from serving.api.problems import ERRORS

log = logging.getLogger(__name__)

Door = Literal["freeswitch", "audiosocket", "chan-websocket", "twilio"]


def note_fault(error: Exception, door: Door) -> Fault:
    """Count and log why a line ends."""
    fault = fault_of(error)
    ERRORS.labels(code=fault.code, door=door).inc()
    if fault.is_ours:
        log.warning("a line of %s ends: %s", door, error)
    else:
        log.error("a line of %s failed in an unexpected way", door, exc_info=error)
    return fault
