"""The Baoding profile: many departments, one main unit; a review before the ticket is sent."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.serving.hotline_requests import candidates, drafted, due_day, hotline, understood
from ticket_draft.deadlines import deadline_for
from ticket_draft.rules import Matter

TAX_BUREAU = "国家税务总局保定市税务局"
COLD = Matter("求助", "一般", ("供热供暖", "供热质量", "温度不达标"), agency=None)


@pytest.mark.parametrize(
    ("said", "category", "agency"),
    [
        (
            "竞秀区东风西路这边小区暖气一点都不热，屋里才十四度",
            "供热供暖",
            "大唐保定供热有限责任公司",
        ),
        ("我家房产证办了五年办不下来，说是开发商没交契税", "房产办证", "国家税务总局保定市税务局"),
        ("小区没有竣工验收，房产证一直办不了，开发商不管", "房产办证", "保定市住房和城乡建设局"),
        ("买的房子说土地抵押给银行了，办不了房产证", "房产办证", "保定市自然资源和规划局"),
        ("今年几号供暖啊", "供热供暖", "保定市供热管理服务中心"),
        ("清苑区村里气代煤壁挂炉坏了，取暖补贴也没发", "供热供暖", "清苑区人民政府"),
        ("涞水县洪水泡了房子，灾后补助到现在没有给", "三农事务", "涞水县人民政府"),
        ("满城区村里路灯都不亮，晚上黑灯瞎火", "三农事务", "满城区人民政府"),
        ("我在白沟市场直播间买的箱包质量太差不给退货", "地方产业", "保定白沟新城管理委员会"),
        ("安国药市上买的中药材是硫磺熏的", "地方产业", "安国市人民政府"),
        ("工地上干活，包工头拖着工资不给，在莲池区", "人社医保", "保定市人力资源和社会保障局"),
        ("雄县的医保怎么报销", "京津冀协同", "雄安新区12345热线"),
        ("涿州到北京的进京公交早上根本挤不上去", "京津冀协同", "保定市交通运输局"),
        ("去北京看病医保怎么备案", "京津冀协同", "保定市医疗保障局"),
        ("朝阳北大街红绿灯坏了，路口乱成一锅粥", "公安政法", "保定市公安局交通警察支队"),
        ("高碑店市孩子上小学学区怎么划分", "教育", "高碑店市人民政府"),
        ("竞秀区有人在马路边摆摊占道经营，天天堵", "城市管理", "竞秀区人民政府"),
        ("养老金这个月没到账怎么回事", "人社医保", "保定市社会保险事业服务中心"),
        ("县里种地的机井坏了，浇不了地，在定兴县", "三农事务", "定兴县人民政府"),
    ],
)
def test_a_request_reaches_the_main_unit(said: str, category: str, agency: str) -> None:
    extraction = understood("baoding", said)
    assert extraction.category.value is not None
    assert extraction.category.value[0] == category
    assert extraction.agency.value == agency


@pytest.mark.parametrize(
    "said",
    [
        "我家房产证办了五年办不下来，说是开发商没交契税",
        "买了房一直拿不到房本，去大厅问说开发商的契税没交，莲池区政府让我等",
        "开发商欠税，全小区三百户的不动产证都办不了，我们是竞秀区的",
    ],
)
def test_no_title_deed_for_the_developer_s_unpaid_tax_goes_to_the_tax_bureau(said: str) -> None:
    """Sent to the district government it stood still, sent to the tax bureau it was solved."""
    extraction = understood("baoding", said)
    assert extraction.agency.value == TAX_BUREAU
    assert extraction.category.value == ("房产办证", "办证难", "开发商欠税")
    assert extraction.agency.reason is not None
    assert "协办：不动产登记、自然资源、住建、综合" in extraction.agency.reason


def test_every_proposal_is_reviewed_and_shows_the_main_and_the_other_units() -> None:
    ticket = drafted("baoding", "莲池区的，我家房产证办不下来，说是开发商没交契税")
    (review,) = [flag for flag in ticket.flags if flag.startswith("派单提议")]
    assert "审核席" in review
    assert f"拟主办：{TAX_BUREAU}" in review


def test_a_caller_who_was_sent_from_office_to_office_is_marked() -> None:
    ticket = drafted("baoding", "莲池区，房产证这事找了住建局又让我去找税务局，都说不归他们管")
    assert "多部门事项，请核对主办和协办单位" in ticket.flags


def test_heating_is_due_in_a_day_in_the_season_and_in_working_days_outside_it() -> None:
    table = hotline("baoding")[0].deadlines
    winter = deadline_for(table, COLD, datetime(2026, 11, 15, 9))
    summer = deadline_for(table, COLD, datetime(2026, 7, 6, 9))
    assert winter is not None
    assert summer is not None
    assert winter.due_at == datetime(2026, 11, 16, 9)
    assert summer.due_at.date() == datetime(2026, 7, 13).date()
    assert due_day(drafted("baoding", "竞秀区家里暖气不热，才十四度")) == "2026-11-21"


def test_the_hotline_has_its_87_city_units_and_22_counties() -> None:
    nlu = hotline("baoding")[0].nlu
    levels = [agency.level for agency in nlu.agencies.agencies if agency.level != "outside"]
    assert len(nlu.places.districts) == levels.count("district") == 22
    assert len(levels) - 22 == 87
    assert len(nlu.directory.duties) >= 130


def test_a_county_s_matter_without_a_place_goes_to_the_city_s_unit() -> None:
    assert understood("baoding", "孩子上小学学区怎么划分").agency.value == "保定市教育局"


def test_a_village_is_told_with_its_code() -> None:
    place = understood("baoding", "涞水县三坡镇苟各庄村的路断了").location.value
    assert place is not None
    assert (place.district, place.street) == ("涞水县", "三坡镇")
    assert (place.code or "").startswith("130623")


def test_what_goes_elsewhere_is_not_counted_among_the_units() -> None:
    found = understood("baoding", "我是雄县的，这边医保怎么报销")
    assert candidates(found, 1) == ["雄安新区12345热线"]
