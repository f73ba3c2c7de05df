"""The profile of 亳州: who answers, the 137 rule, grades and signatures, supervision."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from serving.profile import Profile
from tests.serving.hotline_calls import WEDNESDAY, Answer, Hotline
from tests.ticket_draft.conftest import call_of
from ticket_draft.scoring.callback import score_callback
from ticket_draft.supervision import supervised


@pytest.fixture(scope="module")
def hotline() -> Hotline:
    return Hotline("bozhou")


def test_directory_is_a_hotlines_own_and_more_than_130_matters(hotline: Hotline) -> None:
    duties = hotline.profile.nlu.directory.duties
    assert len(duties) >= 190
    assert all(duty.category and duty.clause_source == "own" for duty in duties)
    assert sum(bool(duty.assisting) for duty in duties) > len(duties) / 2


@pytest.mark.parametrize(
    ("said", "agency", "category"),
    [
        ("我在药材市场买的当归是假的，掺假染色的", "亳州市市场监督管理局", "掺假染色"),
        ("康美中药城里面摊位占道，车都开不进去", "康美（亳州）中药城经营单位", "市场秩序"),
        ("利辛县胡集镇地里的机井坏了，浇不上水", "利辛县农业农村局", "机井灌溉"),
        ("涡阳县义门镇养猪场臭得不行", "亳州市涡阳县生态环境分局", "养殖异味"),
        ("蒙城县许疃镇采煤把房子都震裂了", "蒙城县自然资源和规划局", "塌陷治理"),
        ("流转大户跑了，地租一分没给，谯城区观堂镇", "谯城区观堂镇人民政府", "流转欠租"),
        ("希夷大道路口的红绿灯不亮了", "亳州市公安局交通警察支队谯城大队", "交通信号灯"),
        ("亳州南站出来打车，出租车不打表", "谯城区交通运输局", "出租车"),
        ("魏武广场旁边天天跳广场舞吵得睡不着", "亳州市公安局谯城分局", "生活噪声"),
        ("新农合在上海住院怎么报销，我是蒙城县的", "蒙城县医疗保障局", "医疗保险"),
        ("老板欠我三万块钱工资不给，在涡阳县", "涡阳县人力资源和社会保障局", "拖欠工资"),
        ("涡阳县停电停了一天了", "国网涡阳县供电公司", "停电抢修"),
        ("粮站收粮打白条不给钱，蒙城县立仓镇", "蒙城县发展和改革委员会", "粮食收购"),
        ("邻居家老人偷偷土葬在我家地头，谯城区五马镇", "谯城区民政局", "散埋乱葬"),
        ("安置房漏水，建安集团交的房子，找谁修", "亳州建安投资控股集团有限公司", "安置房建设"),
        ("孩子想上亳州的公办初中，学区怎么划", "亳州市教育局", "义务教育入学"),
        (
            "哎你好，我是涡阳县楚店镇的，我们庄上那个路啊，拉沙的大车给轧得全是坑，下雨都没法走",
            "涡阳县交通运输局",
            "农村公路",
        ),
        ("俺家的地让大户包走了，钱没给，蒙城县板桥集镇", "蒙城县板桥集镇人民政府", "流转欠租"),
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
        ("我要举报村支书贪污村集体的钱，蒙城县岳坊镇", "蒙城县纪委监委"),
        ("小区物业乱收电梯费，谯城区建安路", "谯城区住房和城乡建设局"),
        ("法院判了对方不还钱怎么办", "12368诉讼服务热线"),
    ],
)
def test_right_unit_is_among_three(hotline: Hotline, said: str, agency: str) -> None:
    assert agency in hotline.ask(said).agencies[:3]


def due_in_working_days(answer: Answer) -> int:
    """Count the working days of a May week without holidays."""
    assert answer.draft.due_at is not None
    day, count = WEDNESDAY.date(), 0
    while day < answer.draft.due_at.date():
        day += timedelta(days=1)
        count += day.weekday() < 5
    return count


ANSWERED = "社保卡丢了带身份证到银行网点就可以补办，当场能拿到。"


@pytest.mark.parametrize(
    ("said", "agent", "grade", "working_days", "signs"),
    [
        ("社保卡丢了怎么补办", (ANSWERED,), "简单咨询", 1, "话务员"),
        ("社保卡丢了怎么补办", (), "复杂咨询", 3, "承办单位分管负责人"),
        ("投诉广场舞扰民", (), "一般诉求", 7, "承办单位分管负责人"),
        ("投诉开发商延期交房", (), "重点投诉", 7, "承办单位主要负责人"),
        ("这里井盖丢失了，有安全隐患", (), "紧急", 1, "承办单位主要负责人"),
        ("家里闻到煤气味很重，漏气了", (), "紧急", 1, "市级分管领导"),
        ("我们公司的惠企政策什么时候兑现", (), "企业诉求", 7, "承办单位主要负责人"),
    ],
)
def test_137_rule_by_grade_and_the_grade_signs(
    hotline: Hotline, said: str, agent: tuple[str, ...], grade: str, working_days: int, signs: str
) -> None:
    answer = hotline.ask(said, *agent)
    assert (answer.draft.grade, answer.draft.sign_off) == (grade, signs)
    assert due_in_working_days(answer) == working_days


def test_working_days_are_those_of_the_calendar(hotline: Hotline) -> None:
    """The first five days of May are off, and the Saturday after is worked."""
    before_may_day = WEDNESDAY.replace(month=4, day=30)
    due_at = hotline.ask("投诉广场舞扰民", received_at=before_may_day).draft.due_at
    assert due_at is not None
    assert due_at.date() == date(2026, 5, 13)


def test_ticket_is_sent_out_within_two_hours(hotline: Hotline) -> None:
    assert hotline.ask("投诉广场舞扰民").draft.dispatch_by == WEDNESDAY + timedelta(hours=2)
    urgent = hotline.ask("家里闻到煤气味很重，漏气了").draft
    assert urgent.dispatch_by == WEDNESDAY + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("said", "again", "thirty_days"),
    [
        ("我们公司门口的路坏了，这是第二次反映了", True, True),
        ("我是药业公司的负责人，补贴没兑现", False, True),
        ("我家门口的路坏了，这是第二次反映了", False, False),
    ],
)
def test_request_of_a_business_goes_to_supervision(
    hotline: Hotline, said: str, again: bool, thirty_days: bool
) -> None:
    flags = hotline.ask(said).draft.flags
    assert ("企业诉求再次反映，转营商环境工作部门督办" in flags) == again
    limit = "企业诉求，30日内（2026-06-19前）未办结转营商环境工作部门督办"
    assert (limit in flags) == thirty_days


def test_business_that_is_dissatisfied_once_goes_to_supervision(hotline: Hotline) -> None:
    profile: Profile = hotline.profile
    call = call_of(
        "a: 贵公司反映的政策兑现的问题，承办单位联系您了吗？", "c: 联系了。",
        "a: 您对办理结果满意吗？", "c: 不满意。",
    )  # fmt: skip
    score = supervised(
        profile.tickets.supervision, call, None, score_callback(call, profile.callback)
    )
    assert "企业诉求一次不满意，转营商环境工作部门督办" in score.flags


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("我去信访局反映过这个事", "信访事项，请双向标识"),
        ("我打了110，他们让我打12345", "110 分流的非警务诉求"),
        ("楼下正在打架", "可三方通话转接110公安报警"),
        ("惠企政策怎么申请", "可转专席：政策专员"),
    ],
)
def test_marks_for_petitions_police_and_policy_officers(
    hotline: Hotline, said: str, flag: str
) -> None:
    assert any(found.startswith(flag) for found in hotline.ask(said).draft.flags)
