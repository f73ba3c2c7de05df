"""The profile of the public three-level label scheme, working without a trained model."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from nlu.extractor import Extractor
from tests.serving.hotline_requests import CALLED_AT, drafted, due_day, hotline, understood

SCORED = {"城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生计生"}


REQUESTS = [
    (
        "我们小区物业费涨了三成，保安也没有，垃圾堆在门口没人收",
        "城乡建设",
        "市住房和城乡建设局",
    ),
    ("家里三天没有热水暖气片冰凉，热力公司电话打不通", "城乡建设", "市住房和城乡建设局"),
    ("厂里每天半夜排黑烟，味道刺鼻，窗户都不敢开", "环境保护", "市生态环境局"),
    ("楼下烧烤店油烟直接往我家飘，吵到凌晨两点", "环境保护", "市生态环境局"),
    ("A3区出租车不打表，一口价还拒载", "交通运输", "市交通运输局"),
    ("快递放在驿站不送货上门，还丢了我一个件", "交通运输", "市交通运输局"),
    ("孩子要上小学，学区划到五公里外的学校，能不能调", "教育文体", "市教育局"),
    ("学校老师在外面有偿补课，不补课就给孩子穿小鞋", "教育文体", "市教育局"),
    ("我们是乡村代课教师，干了十几年没有编制，待遇很低", "教育文体", "市教育局"),
    ("公司拖欠我们三个月工资，一共八个人", "劳动和社会保障", "市人力资源和社会保障局"),
    (
        "请问灵活就业人员养老保险怎么交，断缴了能补吗",
        "劳动和社会保障",
        "市人力资源和社会保障局",
    ),
    ("上班时摔伤了，老板不给申报工伤认定", "劳动和社会保障", "市人力资源和社会保障局"),
    ("医保异地就医回来报销需要哪些材料", "劳动和社会保障", "市人力资源和社会保障局"),
    ("小区里有传销窝点，十几个人住一套房子天天上课", "商贸旅游", "市市场监督管理局"),
    ("旅行社跟团游强制购物，不买东西导游就骂人", "商贸旅游", "市市场监督管理局"),
    ("独生子女父母奖励金几年没有发了", "卫生计生", "市卫生健康委员会"),
    ("路边红绿灯坏了，车辆乱成一团", "政法", "市公安局"),
    ("村支书把集体土地承包给亲戚，账目从来不公开", "农村农业", "市农业农村局"),
]
TRAINED = {"城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生计生"}
"""The labels of the data that the weights were trained on; the tree has fifteen."""


@cache
def directory_alone() -> Extractor:
    return Extractor(replace(hotline("smart_gov")[0].nlu, extractor=None))


@pytest.mark.parametrize(("said", "label", "agency"), REQUESTS)
def test_the_directory_files_a_request_and_sends_it_to_its_department(
    said: str, label: str, agency: str
) -> None:
    extraction = directory_alone().extract_text(said, call_time=CALLED_AT)
    assert extraction.category.value is not None
    assert extraction.category.value[0] == label
    assert extraction.agency.value == agency


@pytest.mark.parametrize(
    ("said", "label", "agency"), [request for request in REQUESTS if request[1] in TRAINED]
)
def test_the_weights_file_what_they_were_taught(said: str, label: str, agency: str) -> None:
    extraction = understood("smart_gov", said)
    assert extraction.category.value is not None
    assert extraction.category.value[0] == label
    assert extraction.agency.value == agency


def test_the_tree_is_the_public_one() -> None:
    nlu = hotline("smart_gov")[0].nlu
    paths = nlu.taxonomy.paths()
    assert len(nlu.taxonomy.categories) == 15
    assert len({second for _, second, _ in paths}) == 103
    assert len({third for _, _, third in paths}) == 390
    assert len(nlu.directory.duties) >= 130


def test_each_label_has_the_one_department_that_it_stands_for() -> None:
    nlu = hotline("smart_gov")[0].nlu
    by_label = {agency.function: agency.name for agency in nlu.agencies.agencies}
    assert set(nlu.taxonomy.categories) <= set(by_label)
    assert set(by_label) >= SCORED


def test_what_resembles_no_matter_s_words_is_filed_with_less_confidence() -> None:
    untrained = directory_alone()
    said = untrained.extract_text("我们小区物业费涨了三成", call_time=CALLED_AT)
    alike = untrained.extract_text("希望多引进高层次人才到本市工作", call_time=CALLED_AT)
    assert alike.category.value is not None
    assert said.category.confidence > alike.category.confidence
    assert alike.category.evidence == ()


def test_an_urgent_ticket_is_due_in_hours_and_a_complaint_in_seven_working_days() -> None:
    assert due_day(drafted("smart_gov", "我要投诉小区物业乱收费")) == "2026-12-01"
    gas = drafted("smart_gov", "家里有股燃气味，感觉是漏气了，快派人来")
    assert (due_day(gas), gas.urgency.value) == ("2026-11-20", "特急")
