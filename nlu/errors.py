"""Errors of the nlu room.

NluError
├── TaxonomyMismatchError   the profile's labels are not the labels the weights were trained on
├── DirectoryError          a dispatch directory contradicts itself
├── GazetteerError          a place list cannot be used
└── UnknownRoleError        nobody has said what this role may see
"""

from __future__ import annotations


class NluError(Exception):
    """Base of every error of this package; its message says what to do."""

    retryable: bool = False


class TaxonomyMismatchError(NluError):
    """The profile's taxonomy does not match the trained labels."""


class DirectoryError(NluError):
    """The dispatch directory contradicts itself."""


class GazetteerError(NluError):
    """A list of places cannot be used."""


class UnknownRoleError(NluError):
    """The hotline's privacy rules have no role of this name."""
