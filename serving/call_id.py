"""Names for calls that come without one."""

from __future__ import annotations

import secrets

# Consonants alone: no digits that the log's filter would take for a telephone number, and
# nothing that spells a word.
_ALPHABET = "bcdfghjkmnpqrstvwxz"
_LENGTH = 20


def new_call_id() -> str:
    """Return an id that no other call has (85 random bits), fit for a path and for a log."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
