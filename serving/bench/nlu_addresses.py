"""How well addresses are cut into their elements."""

from __future__ import annotations

from pathlib import Path

from models.addresses.tagger import load_address_tagger
from models.addresses.train import entity_f1, read_addresses
from serving.bench.report import Figure, Goal


def address_figures(data: Path) -> list[Figure]:
    """Return the figure on `ccks_address.dev`, or nothing where that set is not there."""
    path = data / "ccks_address.dev.jsonl.gz"
    if not path.is_file():
        return []
    addresses = read_addresses(path)
    score = entity_f1(load_address_tagger(), addresses)
    of = f"{len(addresses)} addresses, ccks_address"
    return [Figure("address elements, entity F1", score, "share", of, Goal(">=", 0.93))]
