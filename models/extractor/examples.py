"""What the encoder sees of the tickets in one epoch: drawn views, cut to pieces, in batches."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from models.extractor.corpora import PLACE_HEADS, Corpus
from models.extractor.dataset import Ticket, views
from models.extractor.encoder import PieceReader

Drawn = list[tuple[int, npt.NDArray[np.int64]]]
"""A batch before it is stacked: ticket rows and their piece ids."""

IGNORED = -100
_CONTENT_SHARE = 0.5
_WINDOW_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Examples:
    """All corpora's tickets, and per task the label numbers int64 (tickets,).

    `spans` gives each corpus's rows as (first, count, how many are drawn in an epoch).
    """

    tickets: tuple[Ticket, ...]
    labels: dict[str, tuple[str, ...]]
    gold: dict[str, torch.Tensor]
    spans: tuple[tuple[int, int, int], ...]

    def epoch_size(self) -> int:
        """Return how many texts an epoch shows."""
        return sum(drawn for _, _, drawn in self.spans)


@dataclass(frozen=True, slots=True)
class Batch:
    """Piece ids int64 (texts, pieces), mask float32 alike, and per task the labels wanted."""

    pieces: torch.Tensor
    mask: torch.Tensor
    gold: dict[str, torch.Tensor]


def gather(corpora: Sequence[Corpus]) -> Examples:
    """Put the corpora together; a ticket has no label in the tasks of other hotlines."""
    tickets = tuple(ticket for corpus in corpora for ticket in corpus.tickets)
    labels: dict[str, tuple[str, ...]] = {}
    gold: dict[str, torch.Tensor] = {}
    spans = []
    start = 0
    for corpus in corpora:
        for head, names in corpus.labels().items():
            if head in PLACE_HEADS:
                continue
            task, read = f"{corpus.name}/{head}", corpus.heads[head]
            index = {label: number for number, label in enumerate(names)}
            wanted = torch.full((len(tickets),), IGNORED)
            for row, ticket in enumerate(corpus.tickets, start):
                wanted[row] = index.get(read(ticket) or "", IGNORED)
            labels[task], gold[task] = names, wanted
        count = len(corpus.tickets)
        spans.append((start, count, max(1, round(count * corpus.epoch_share))))
        start += count
    return Examples(tickets, labels, gold, tuple(spans))


def epoch_batches(
    examples: Examples, reader: PieceReader, *, size: int, max_pieces: int, seed: int, epoch: int
) -> list[Drawn]:
    """Return an epoch's batches as (ticket row, piece ids); the same for the same seed.

    Texts of similar length stand together, the batches in random order.
    """
    chance = random.Random(f"{seed}/{epoch}")
    drawn: Drawn = []
    rows = [
        row
        for first, count, wanted in examples.spans
        for row in sorted(chance.sample(range(first, first + count), wanted))
    ]
    for row in rows:
        view = _drawn_view(examples.tickets[row], chance)
        ids = _window(reader.all_pieces(view), max_pieces - 2, chance)
        drawn.append((row, reader.framed(ids)))
    drawn.sort(key=lambda item: len(item[1]) + chance.random() * 8)
    batches = [drawn[start : start + size] for start in range(0, len(drawn), size)]
    chance.shuffle(batches)
    return batches


def padded(
    batch: Drawn,
    gold: dict[str, torch.Tensor],
) -> Batch:
    """Stack a batch to its longest text."""
    longest = max(len(ids) for _, ids in batch)
    pieces = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros(len(batch), longest)
    for number, (_, ids) in enumerate(batch):
        pieces[number, : len(ids)] = torch.from_numpy(ids)
        mask[number, : len(ids)] = 1.0
    rows = [row for row, _ in batch]
    return Batch(pieces, mask, {task: wanted[rows] for task, wanted in gold.items()})


def _drawn_view(ticket: Ticket, chance: random.Random) -> str:
    if chance.random() < _CONTENT_SHARE:
        return ticket.content or ticket.title
    return chance.choice(list(views(ticket, chance)))


def _window(ids: list[int], room: int, chance: random.Random) -> list[int]:
    """Cut a long text as inference does, or to its opening and a stretch from anywhere."""
    if len(ids) <= room:
        return ids
    if chance.random() >= _WINDOW_SHARE:
        head = room * 3 // 4
        return ids[:head] + ids[-(room - head) :]
    head = room // 3
    start = chance.randrange(head, len(ids) - (room - head) + 1)
    return ids[:head] + ids[start : start + room - head]


def count_pieces(batches: list[Drawn]) -> int:
    """Return how many pieces an epoch holds, padding counted."""
    return sum(len(batch) * max(len(ids) for _, ids in batch) for batch in batches)
