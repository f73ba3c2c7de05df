"""The profile of 长治: who answers, ten minutes for emergencies, answered at once or sent out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.serving.hotline_calls import WEDNESDAY, Hotline


@pytest.fixture(scope="module")
def hotline() -> Hotline:
    return Hotline("changzhi")


def test_directory_is_a_hotlines_own_and_more_than_130_matters(hotline: Hotline) -> None:
    duties = hotline.profile.nlu.directory.duties
    assert len(duties) >= 190
    assert all(duty.category and duty.clause_source == "own" for duty in duties)
    assert sum(bool(duty.assisting) for duty in duties) > len(duties) / 2


@pytest.mark.parametrize(
    ("said", "agency", "category"),
    [
        ("我家在潞州区英雄南路，暖气不热", "长治市城镇热力有限公司", "温度不达标"),
        ("长子县丹朱镇的小区暖气片冰凉", "长子城镇热力有限公司", "温度不达标"),
        ("襄垣县侯堡镇采煤把我家房子墙都震裂了", "襄垣县自然资源局", "沉陷受损"),
        ("我们村压煤要搬迁，安置房一直没建好，沁源县", "沁源县人民政府", "搬迁安置"),
        ("拉煤车从村里过，路上全是煤灰，上党区荫城镇", "上党区交通运输局", "运煤车"),
        ("洗煤厂晚上偷排黑水，屯留区余吾镇", "长治市生态环境局屯留区分局", "煤场污染"),
        ("太行山大峡谷的八泉峡门票能不能退", "太行山大峡谷景区经营单位", "大峡谷"),
        ("武乡县蟠龙镇野猪把玉米全拱了", "武乡县林业局", "野生动物"),
        ("沁县定昌镇村里没水吃，旱井都干了", "沁县水利局", "山区吃水"),
        ("煤改气的壁挂炉坏了，取暖补贴也没发，潞城区", "潞城区能源局", "煤改气煤改电"),
        ("太行东街和英雄中路路口堵车严重", "长治市公安局交通警察支队潞州大队", "交通拥堵"),
        ("我是潞安集团的退休职工，三供一业没人管", "潞安化工集团有限公司", "潞安集团"),
        ("孩子没有房产证租房能不能上学，潞州区", "潞州区教育局", "义务教育入学"),
        ("焦化厂臭鸡蛋味熏得开不了窗，潞城区店上镇", "长治市生态环境局潞城区分局", "焦化化工"),
        ("工地欠我们工资，上党区苏店镇", "上党区人力资源和社会保障局", "拖欠工资"),
        ("今年几号供暖", "长治市城市管理局", "供热时间"),
        ("屯留区麟绛街道停水两天了", "屯留区供水运营单位", "停水报修"),
        ("武乡县八路军太行纪念馆今天开放吗", "武乡县文化和旅游局", "红色旧址"),
        (
            "我是上党区西火镇的，下面挖煤把我们村的井都挖干了，吃水要到外村去拉",
            "上党区水利局",
            "采煤断水",
        ),
        ("潞州区捉马村拆迁，说好的过渡费断了三个月", "潞州区住房和城乡建设管理局", "城市更新"),
    ],
)
def test_request_goes_to_the_unit_that_answers(
    hotline: Hotline, said: str, agency: str, category: str
) -> None:
    answer = hotline.ask(said)
    assert answer.agency == agency
    assert answer.category.split("/")[-1] == category


@pytest.mark.parametrize(
    ("said", "agency"),
    [
        ("小区物业把电梯停了不让用，潞州区城东路", "潞州区住房和城乡建设管理局"),
        ("老顶山上有人烧纸，怕引起山火", "潞州区应急管理局"),
        ("法院判决下来一年了不执行", "12368诉讼服务热线"),
    ],
)
def test_right_unit_is_among_three(hotline: Hotline, said: str, agency: str) -> None:
    assert agency in hotline.ask(said).agencies[:3]


@pytest.mark.parametrize(
    ("said", "urgency", "minutes"),
    [
        ("家里闻到煤气味，漏气了，潞州区英雄南路", "特急", 10),
        ("井盖丢失了，有人差点掉下去", "紧急", 10),
        ("暖气不热，家里才十四度", "一般", 60),
        ("村里的路灯不亮了", "一般", None),
    ],
)
def test_emergencies_are_answered_within_ten_minutes(
    hotline: Hotline, said: str, urgency: str, minutes: int | None
) -> None:
    draft = hotline.ask(said).draft
    assert draft.urgency.value == urgency
    expected = WEDNESDAY + timedelta(minutes=minutes) if minutes else None
    assert draft.respond_by == expected


@pytest.mark.parametrize(
    ("said", "agent", "handling"),
    [
        ("社保卡丢了怎么补办", "社保卡丢了带身份证到银行网点就可以补办，当场能拿到。", "直办"),
        ("社保卡丢了怎么补办", "好的，我帮您记录。", "转办"),
        ("要感谢城管局的同志帮我找到钱包", "好的，我帮您转达。", "直办"),
        ("暖气不热", "好的，我帮您记录。", "转办"),
    ],
)
def test_answered_at_once_or_sent_out(
    hotline: Hotline, said: str, agent: str, handling: str
) -> None:
    assert hotline.ask(said, agent).draft.handling == handling


def test_heating_complaint_says_where_it_concentrates(hotline: Hotline) -> None:
    """What an early warning counts: the class of matter, the district and the estate."""
    answer = hotline.ask("潞州区淮海小区暖气不热，家里才十四度")
    assert answer.category.split("/")[0] == "供热"
    location = answer.extraction.location.value
    assert location is not None
    assert (location.district, location.text) == ("潞州区", "潞州区淮海小区")
    assert "供热诉求，请记录小区、楼栋、室温和供热单位" in answer.draft.flags
    nowhere = hotline.ask("暖气不热，家里才十四度")
    assert "问题发生地（小区、楼栋）" in nowhere.draft.missing


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("楼下广场舞吵得睡不着", "生活噪声"),
        ("物业费涨了服务还差", "物业服务"),
        ("孩子小升初怎么报名", "义务教育入学"),
    ],
)
def test_classes_that_are_watched_for_early_warning(
    hotline: Hotline, said: str, category: str
) -> None:
    assert hotline.ask(said).category.split("/")[-1] == category


def test_caller_who_did_not_get_through_is_marked(hotline: Hotline) -> None:
    flags = hotline.ask("刚才没打通，暖气不热").draft.flags
    assert "未接通后回拨" in flags
