"""Which label of a broader head a label belongs to: an agency's function, a first level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.extractor.corpora import Corpus
from models.extractor.dataset import Ticket
from models.extractor.mixture import NO_PARENT, PARENTS

Parents = dict[str, dict[str, npt.NDArray[np.int32]]]


def parents_of(corpus: Corpus, labels: Mapping[str, tuple[str, ...]]) -> Parents:
    """Return by head and parent head each label's number in the parent.

    Where a profile gives the agencies' places, joining them with the text's place is the
    dispatcher's business, and agencies get no parents here.
    """
    found: Parents = {}
    for head, broader in PARENTS.items():
        if head not in labels or (head == "agency" and corpus.weak is not None):
            continue
        of_head = {
            parent: _index(head, labels[head], parent, labels[parent], corpus)
            for parent in broader
            if parent in labels
        }
        telling = {
            parent: index
            for parent, index in of_head.items()
            if len(labels[parent]) < len(labels[head]) and bool((index != NO_PARENT).any())
        }
        if telling:
            found[head] = telling
    return found


def _index(
    head: str, labels: tuple[str, ...], parent: str, of_parent: tuple[str, ...], corpus: Corpus
) -> npt.NDArray[np.int32]:
    number = {label: place for place, label in enumerate(of_parent)}
    read = corpus.heads[parent]
    found = [read(Ticket("", "", "", "", "", {head: label})) for label in labels]
    return np.array([number.get(label or "", NO_PARENT) for label in found], dtype=np.int32)
