"""Recognised text made readable: simplified characters, punctuation, numbers, no loops."""

from asr.text.chinese import tidy
from asr.text.numbers import written_numbers
from asr.text.repetition import is_looping, without_loops

__all__ = ["is_looping", "tidy", "without_loops", "written_numbers"]
