"""The Ningxia profile: one region, five cities, and the boundary between 12345 and 110."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.serving.hotline_requests import (
    CALLED_AT,
    candidates,
    drafted,
    due_day,
    hotline,
    understood,
)
from ticket_draft.deadlines import deadline_for
from ticket_draft.rules import Matter

MOVE_A_CAR = "银川市金凤区览山公园门口一辆宁A12345的车挡住我的车了，出不去，麻烦挪车"


@pytest.mark.parametrize(
    ("said", "category", "agency"),
    [
        (
            "银川市金凤区览山公园门口一辆宁A12345的车挡住我的车了，出不去，麻烦挪车",
            "公安政法",
            "银川市公安局交通警察分局",
        ),
        ("吴忠市利通区有人正在打架，有个人拿刀", "警情边界", "110报警服务台"),
        ("我爸八十多了早上出门走失了到现在没回来，在兴庆区", "警情边界", "110报警服务台"),
        (
            "我们是西夏区的建材企业，政府拖欠工程款两年了",
            "营商投诉",
            "银川市工业和信息化局",
        ),
        ("中卫的企业，市场监管部门三天两头检查，乱罚款", "营商投诉", "中卫市司法局"),
        ("固原市原州区招商的时候承诺的补贴到现在不兑现", "营商投诉", "固原市发展和改革委员会"),
        ("兴庆区凤凰北街小区暖气一点不热，家里才十五度", "供热供暖", "银川市供热企业"),
        ("红寺堡区移民村的移民房裂缝很大，一直没人管", "地方民生", "红寺堡区人民政府"),
        ("中宁县买的枸杞是硫磺枸杞，还染色", "地方民生", "中卫市市场监督管理局"),
        ("盐池县有人在禁牧区偷牧放羊", "地方民生", "吴忠市自然资源局"),
        ("宁东镇煤化工企业晚上有刺鼻异味", "能源工业", "宁东能源化工基地管理委员会"),
        ("京藏高速收费站ETC多扣了我的钱", "交通运输", "自治区交通运输厅"),
        ("我的宁夏app人脸识别一直通不过", "政务服务", "自治区政务服务中心"),
        ("西吉县低保被取消了，家里困难", "民政社会", "固原市民政局"),
        ("金凤区学区怎么划分，孩子要上小学", "教育", "银川市教育局"),
        ("青铜峡市停水了，自来水管爆了", "公用事业", "吴忠市供水企业"),
        ("彭阳县村里的路坑坑洼洼没人修", "三农事务", "彭阳县人民政府"),
        ("海原县养老院收费乱，高龄津贴也没发", "民政社会", "中卫市民政局"),
    ],
)
def test_a_request_reaches_the_unit_of_the_right_city(
    said: str, category: str, agency: str
) -> None:
    extraction = understood("ningxia", said)
    assert extraction.category.value is not None
    assert extraction.category.value[0] == category
    assert extraction.agency.value == agency


def test_moving_a_car_is_handled_at_once_by_plate_and_place() -> None:
    ticket = drafted("ningxia", MOVE_A_CAR)
    assert ticket.category.value == ("公安政法", "交通管理", "移车挪车")
    assert (ticket.handling, ticket.seat) == ("直办", "智能挪车")
    assert "车牌号" not in ticket.missing
    assert ticket.due_at == CALLED_AT + timedelta(hours=2)
    assert ticket.respond_by == CALLED_AT + timedelta(minutes=10)


def test_moving_a_car_without_its_plate_asks_for_it() -> None:
    assert "车牌号" in drafted("ningxia", "金凤区有辆车挡住我的车了，麻烦挪车").missing


def test_a_business_s_complaint_is_key_3_s_and_due_in_three_working_days() -> None:
    ticket = drafted("ningxia", "我们是西夏区一家建材公司的，政府项目拖欠工程款三百万")
    assert ticket.seat == "企业投诉专席（按3键）"
    assert due_day(ticket) == "2026-11-25"
    assert drafted("ningxia", "兴庆区热力公司不给修暖气").seat is None


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("利通区这边有人正在打架，快来人", "110"),
        ("兴庆区我家孩子走失了找不到", "110"),
        ("楼下着火了，烟很大，在大武口区", "119"),
    ],
)
def test_what_is_110_s_or_119_s_is_shown_as_such(said: str, line: str) -> None:
    assert any(line in flag for flag in drafted("ningxia", said).flags)


@pytest.mark.parametrize("said", ["原州区朋友欠钱不还，有欠条怎么要", "兴庆区楼道有流浪狗"])
def test_what_no_police_is_needed_for_stays_with_12345(said: str) -> None:
    extraction = understood("ningxia", said)
    assert extraction.agency.value is not None
    assert "110" not in extraction.agency.value
    assert not any("110" in flag for flag in drafted("ningxia", said).flags)


def test_without_a_city_nobody_is_guessed() -> None:
    extraction = understood("ningxia", "孩子上小学学区怎么划分")
    assert extraction.agency.value is None
    assert all(str(name).endswith("教育局") for name in candidates(extraction, 4)[1:])


def test_the_five_request_types_and_nothing_else() -> None:
    profile = hotline("ningxia")[0]
    assert set(profile.tickets.request_types) == {"咨询", "投诉", "求助", "建议", "举报"}
    assert set(profile.nlu.taxonomy.request_cues) <= set(profile.tickets.request_types)


def test_five_cities_with_22_counties_and_enough_matters() -> None:
    nlu = hotline("ningxia")[0].nlu
    assert nlu.places.cities == {
        "银川市": "6401", "石嘴山市": "6402", "吴忠市": "6403", "固原市": "6404", "中卫市": "6405",
    }  # fmt: skip
    assert len(nlu.places.districts) == 22
    assert all(d.code[:4] == nlu.places.cities[str(d.city)] for d in nlu.places.districts)
    assert len(nlu.directory.duties) >= 130


def test_the_heating_season_is_the_north_s() -> None:
    cold = Matter("求助", "一般", ("供热供暖", "供热质量", "温度不达标"), agency=None)
    table = hotline("ningxia")[0].deadlines
    winter = deadline_for(table, cold, datetime(2026, 11, 2, 9))
    summer = deadline_for(table, cold, datetime(2026, 7, 6, 9))
    assert winter is not None
    assert summer is not None
    assert winter.due_at == datetime(2026, 11, 3, 9)
    assert summer.due_at.date() == datetime(2026, 7, 13).date()
