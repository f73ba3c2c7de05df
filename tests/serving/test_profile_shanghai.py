"""The Shanghai profile, working without a trained model: sixteen districts and their towns."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.serving.hotline_requests import candidates, drafted, due_day, hotline, understood

MIN_LETTERS = 10


@pytest.mark.parametrize(
    ("said", "category", "agency"),
    [
        ("虹桥枢纽7路能不能在金山区金水湖小区门口增设公交站点", "交通出行", "上海市道路运输管理局"),
        ("徐家汇地铁站的无障碍电梯坏了好几天", "交通出行", "上海申通地铁集团有限公司"),
        (
            "网上约的曹操出行来了一辆没有营运证的黑车，司机还绕道",
            "交通出行",
            "上海市交通委员会执法总队",
        ),
        ("19号线什么时候开工，北延伸段选线规划到哪里", "交通出行", "上海市交通委员会"),
        ("静安区长乐路的二级旧里什么时候征收", "工程建设", "上海市静安区建设和管理委员会"),
        (
            "嘉定区新楼盘预看房发现墙面开裂，质量不达标，不敢交房",
            "工程建设",
            "上海市嘉定区建设和管理委员会",
        ),
        ("松江区九亭镇我们小区停车位不够，天天抢车位", "住房保障", "上海市松江区九亭镇人民政府"),
        ("闵行区莘庄镇我家楼上漏水，物业不肯修", "住房物业", "上海市闵行区莘庄镇人民政府"),
        ("徐汇区的长租公寓退租了不退押金", "住房物业", "上海市徐汇区住房保障和房屋管理局"),
        ("浦东新区孩子幼升小人户分离怎么报名", "社会民生", "上海市浦东新区教育局"),
        ("长宁区携程网上订的酒店取消了不给退款", "社会民生", "上海市长宁区文化和旅游局"),
        ("我从外省把社保转移到上海，转移办理到哪一步了", "社会民生", "上海市人力资源和社会保障局"),
        (
            "徐汇区社区卫生服务中心医生态度很差，挂号排了两个小时",
            "社会民生",
            "上海市徐汇区卫生健康委员会",
        ),
        ("漕宝路快速路项目的隔音屏什么时候装", "交通出行", "上海市交通委员会"),
        (
            "杨浦区新江湾城街道想办社区食堂，老人吃饭不方便",
            "社会民生",
            "上海市杨浦区人民政府新江湾城街道办事处",
        ),
        ("松江区健身房关门跑路，我办的卡还有余额", "市场监管", "上海市松江区市场监督管理局"),
        ("青浦区徐泾镇有人在路边占道摆摊卖水果", "城市管理", "上海市青浦区徐泾镇人民政府"),
        ("宝山区半夜工地还在打桩施工，吵得睡不着", "城乡建设", "上海市宝山区建设和交通委员会"),
    ],
)
def test_a_request_reaches_the_unit_of_its_matter_and_place(
    said: str, category: str, agency: str
) -> None:
    extraction = understood("shanghai", said)
    assert extraction.category.value is not None
    assert extraction.category.value[0] == category
    assert extraction.agency.value == agency


@pytest.mark.parametrize(
    ("said", "district", "street", "code"),
    [
        ("松江区九亭镇小区停车难", "松江区", "九亭镇", "310117107"),
        ("浦东新区花木街道广场舞太吵", "浦东新区", "花木街道办事处", "310115016"),
        ("崇明区城桥镇公交太少", "崇明区", "城桥镇", "310151101"),
    ],
)
def test_a_place_is_resolved_to_its_code(said: str, district: str, street: str, code: str) -> None:
    place = understood("shanghai", said).location.value
    assert place is not None
    assert (place.city, place.district, place.street, place.code) == (
        "上海市", district, street, code,
    )  # fmt: skip


def test_where_nobody_said_the_district_it_is_not_guessed() -> None:
    extraction = understood("shanghai", "我们这边在建楼盘质量有问题，交房一拖再拖")
    assert extraction.agency.value is None
    assert all("建设和" in str(name) for name in candidates(extraction, 4)[1:])


def test_the_house_knows_all_districts_and_enough_matters() -> None:
    nlu = hotline("shanghai")[0].nlu
    assert len(nlu.places.districts) == 16
    assert all(d.code.startswith("31") and len(d.code) == 6 for d in nlu.places.districts)
    assert len(nlu.directory.duties) >= 130


def test_every_agency_that_answers_letters_often_is_known(shared_data: Path) -> None:
    files = [shared_data / f"shanghai_letters.{part}.jsonl.gz" for part in ("train", "dev")]
    letters: Counter[str] = Counter()
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            letters.update(json.loads(line)["agency"] for line in lines)
    often = {name for name, count in letters.items() if count >= MIN_LETTERS}
    known = {agency.name for agency in hotline("shanghai")[0].nlu.agencies.agencies}
    assert len(often) == 117
    assert set(letters) <= known


def test_a_burst_main_is_due_in_a_day_and_a_complaint_in_fifteen_working_days() -> None:
    burst = drafted("shanghai", "黄浦区从早上开始就停水了，水管爆了")
    assert due_day(burst) == "2026-11-21"
    assert due_day(drafted("shanghai", "我要投诉闵行区莘庄镇小区物业不作为")) == "2026-12-11"
