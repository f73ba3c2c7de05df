"""Whether a person or an enterprise calls."""

from __future__ import annotations

import re

from nlu.passage import Passage
from nlu.types import Field, Party

_ENTERPRISE = re.compile(
    r"(?:我们?|咱们?|本)(?:这边|这|家)?(?:是)?(?:一?家|一?个)?[^，。我]{0,8}?(?:公司|企业|厂(?!区)|工厂|门店|店铺|店(?!里买|员)|合作社|商行|项目部)"
    r"(?=[^，。]{0,3}(?:是|的|在|想|要|现在|注册|办|有|因|被|申请|准备|从|于|经营|生产|员工|反映|咨询|$|，|。))"
    r"|我是[^，。]{0,12}(?:公司|企业|厂|店)(?:的)?(?:法人|老板|负责人|经理|会计|财务|店长)|我是(?:个体户|企业主|法人代表|法人)"
    r"|企业(?:来电|诉求|求助)|我(?:自己)?开(?:了)?(?:一?个|一?家)[^，。]{0,6}(?:店|厂|公司)"
)
_EMPLOYEE = re.compile(
    r"(?:欠|不发|拖欠|不给|扣)[^，。]{0,10}(?:工资|社保|钱)|(?:打工|上班|辞职|离职|辞退|入职)"
)
_PERSON = re.compile(
    r"我是[^，。]{0,10}?(?:业主|居民|住户|村民|市民|租户|学生|家长|老师|工人|乘客|司机|患者|消费者|农民)|我(?:个人|自己)|我(?:家|妈|爸|老公|老婆|儿子|女儿|孩子|父亲|母亲)"
)


def find_party(passage: Passage) -> Field[Party]:
    """Return who calls, where the words say so; what employees say of their firm is a person's."""
    firm = _ENTERPRISE.search(passage.text)
    if firm and not _EMPLOYEE.search(passage.text):
        return Field("enterprise", 0.8, passage.evidence(*firm.span()))
    person = _PERSON.search(passage.text)
    if person:
        return Field("person", 0.85, passage.evidence(*person.span()))
    if firm:
        return Field("person", 0.6, passage.evidence(*firm.span()))
    return Field.empty("没有说到是个人还是企业")
