"""Errors of the models room.

ModelsError
├── UnknownModelError      no such name in the registry
├── ModelMissingError      not pulled yet
├── HashMismatchError      a file is not the file the registry pins
├── SourceUnreachableError every source failed (retryable)
├── ModelStorageError      the models folder is full, read-only or unusable
├── WeightsFormatError     a weights file is damaged or of another architecture
└── TrainingDataError      a file of training examples cannot be used
"""

from __future__ import annotations


class ModelsError(Exception):
    """Base of every error of this package; its message says what to do."""

    retryable: bool = False


class UnknownModelError(ModelsError):
    """The registry has no model of this name."""


class ModelMissingError(ModelsError):
    """The model is known but its files are not on this machine."""


class HashMismatchError(ModelsError):
    """A file's SHA-256 differs from the pinned one."""


class SourceUnreachableError(ModelsError):
    """No source of the model could be reached."""

    retryable = True


class ModelStorageError(ModelsError):
    """The models folder cannot be written: full, read-only, or not a folder."""


class WeightsFormatError(ModelsError):
    """A weights file cannot be read or belongs to another architecture."""


class TrainingDataError(ModelsError):
    """A file of training examples cannot be used."""
