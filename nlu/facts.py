"""The facts of a matter beside place and time: sums, people, numbers, mood, wishes."""

from __future__ import annotations

from asr.types import Transcript
from nlu.affected import find_affected
from nlu.amounts import find_amounts
from nlu.confidentiality import find_confidentiality
from nlu.mood import find_earlier_calls, find_mood
from nlu.party import find_party
from nlu.passage import Passage
from nlu.references import find_references
from nlu.types import Facts


def find_facts(transcript: Transcript, matter: Passage, said: Passage) -> Facts:
    """Return the facts of a call: `matter` is its demand, `said` all that the caller said."""
    return Facts(
        amounts=find_amounts(matter),
        affected=find_affected(matter),
        party=find_party(matter),
        references=find_references(said),
        mood=find_mood(said),
        earlier_calls=find_earlier_calls(said),
        confidential=find_confidentiality(transcript),
    )
