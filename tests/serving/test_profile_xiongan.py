"""The profile of 雄安新区: who answers, which seat and line, how far down a matter goes."""

from __future__ import annotations

import pytest

from tests.serving.hotline_calls import Hotline


@pytest.fixture(scope="module")
def hotline() -> Hotline:
    return Hotline("xiongan")


def test_directory_is_a_hotlines_own_and_more_than_130_matters(hotline: Hotline) -> None:
    duties = hotline.profile.nlu.directory.duties
    assert len(duties) >= 190
    assert all(duty.category and duty.clause_source == "own" for duty in duties)
    assert sum(bool(duty.assisting) for duty in duties) > len(duties) / 2


@pytest.mark.parametrize(
    ("said", "agency", "category"),
    [
        ("我在容东片区的回迁房，阳台一下雨就漏水", "中国雄安集团城市发展投资有限公司", "质量维修"),
        ("过渡费今年的还没发下来，我是雄县朱各庄镇的", "雄县住房和城乡建设局", "过渡安置费"),
        ("我在启动区工地干木工，包工头欠我们三个月的工资", "雄安新区公共服务局", "工资发放"),
        ("容西片区地暖不热，屋里才十五度", "雄安新区供热运营单位", "温度不达标"),
        ("白洋淀里有人晚上电鱼，在圈头乡这边", "安新县农业农村局", "渔业捕捞"),
        ("安新县三台镇鞋厂的喷漆味太大了", "雄安新区生态环境局安新县分局", "小作坊污染"),
        ("我想把户口迁到雄安，积分落户需要什么材料", "雄安新区公安局", "积分落户"),
        ("孩子要在容东上小学，学位够不够，怎么报名", "雄安新区公共服务局", "片区学位"),
        ("雄安站出来打不到出租车，全是黑车拉客", "雄安新区建设和交通管理局", "枢纽接驳"),
        ("外嫁女能不能算安置人口，我是昝岗镇的", "雄县昝岗镇人民政府", "人口认定"),
        ("路边停车自动扣费扣多了，在容东", "中国雄安集团数字城市科技有限公司", "智慧停车"),
        ("回迁房的房产证什么时候能办下来", "雄安新区自然资源和规划局", "产权办证"),
        ("买的羽绒服是假货，商家不给退款，在容城县", "容城县市场监督管理局", "消费纠纷"),
        ("安新县城里旅游路上有人占道摆摊卖菜", "安新县城市管理综合行政执法局", "占道经营"),
        ("我家住雄州镇，自来水停了一天了", "中国雄安集团水务有限公司", "停水报修"),
        ("我们公司想申请专精特新的补贴，怎么办理", "雄安新区改革发展局", "政策兑现"),
        (
            "喂你好，我家去年搬到容西的，这个墙啊返潮，墙皮一块一块往下掉，跟物业说了也没人来",
            "中国雄安集团城市发展投资有限公司",
            "质量维修",
        ),
        ("村里有人占着耕地盖厂房，没人敢管，容城县晾马台镇", "容城县自然资源局", "违法用地"),
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
        ("雄东片区的孩子上幼儿园去哪里报名", "雄安新区公共服务局"),
        ("法院判了三年了，对方一直不执行，我想申请强制执行", "12368诉讼服务热线"),
        ("检察院那边的公益诉讼怎么申请", "12309检察服务热线"),
    ],
)
def test_right_unit_is_among_three(hotline: Hotline, said: str, agency: str) -> None:
    assert agency in hotline.ask(said).agencies[:3]


@pytest.mark.parametrize(
    ("said", "seat"),
    [
        ("我们是一家公司，想咨询企业注册需要什么材料", "营商环境专席（按2键）"),
        ("领导接待日怎么预约", "领导接待日专席"),
        ("公积金怎么提取", "公积金专席"),
        ("想申请法律援助，请不起律师", "法律专席"),
        ("容东暖气不热", "供热供暖专席"),
        ("回迁房什么时候选房", "回迁住房专席"),
        ("工地包工头拖欠工资", "工资发放专席"),
        ("我们是从北京疏解过来的，落户有什么政策", "疏解专线"),
        ("村里的路灯不亮了", None),
    ],
)
def test_seven_expert_seats_the_business_seat_and_the_relocation_line(
    hotline: Hotline, said: str, seat: str | None
) -> None:
    assert hotline.ask(said).draft.seat == seat


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("楼下有人正在打架，拿着刀", "可三方通话转接110公安报警"),
        ("我爸突发心脏病叫不醒", "可三方通话转接120医疗急救"),
        ("隔壁着火了", "可三方通话转接119消防救援"),
        ("法院立案以后一直联系不上法官", "可一键转接12368诉讼服务"),
        ("我要找检察院反映监督的事", "可一键转接12309检察服务"),
        ("我在北京朝阳的房子暖气不热", "可一键转接北京12345北京市民热线"),
        ("村里的路灯不亮了", None),
    ],
)
def test_neighbouring_lines_by_one_key_or_three_way(
    hotline: Hotline, said: str, line: str | None
) -> None:
    offered = [flag for flag in hotline.ask(said).draft.flags if "转接" in flag]
    assert [flag.partition("：")[0] for flag in offered] == ([line] if line else [])


@pytest.mark.parametrize(
    ("said", "level", "place"),
    [
        ("领导接待日怎么预约", "city", ()),
        ("安新县的义务教育划片怎么划", "district", ("安新县",)),
        ("容城县贾光乡村里路坏了好几年了", "town", ("容城县", "贾光乡")),
        ("雄县龙湾镇东狄头村的村务公开没有公开", "town", ("雄县", "龙湾镇", "东狄头村委会")),
    ],
)
def test_four_levels_from_the_committee_to_the_village(
    hotline: Hotline, said: str, level: str, place: tuple[str, ...]
) -> None:
    answer = hotline.ask(said)
    levels = {agency.name: agency.level for agency in hotline.profile.nlu.agencies.agencies}
    assert levels[answer.agency or ""] == level
    location = answer.extraction.location.value
    found = (location.district, location.street, location.community) if location else ()
    assert tuple(name for name in found if name) == place


def test_matter_with_a_clear_owner_skips_the_levels_above(hotline: Hotline) -> None:
    direct = hotline.ask("容东回迁房漏水").draft.flags
    assert (
        "直达基层：「回迁房质量维修」直接派中国雄安集团城市发展投资有限公司，不逐级转派" in direct
    )
    passed_down = hotline.ask("过渡费没发，我是雄县朱各庄镇的").draft.flags
    assert not any(flag.startswith("直达基层") for flag in passed_down)


def test_codes_of_places_are_those_of_the_divisions(hotline: Hotline) -> None:
    location = hotline.ask("容西片区的路灯不亮").extraction.location.value
    assert location is not None
    assert (location.city, location.code) == ("雄安新区", "130629401")
