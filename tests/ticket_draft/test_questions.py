"""Which question of the script an agent asks, in the wordings agents use."""

from __future__ import annotations

import pytest

from ticket_draft.scoring.answers import answers_of
from ticket_draft.scoring.dialogue import dialogue_of
from ticket_draft.scoring.script import CallbackScript

from .conftest import call_of

QUESTIONS = {
    "contacted": [
        "请问承办单位联系您了吗？",
        "请问有工作人员联系过您吗？",
        "相关单位跟您联系了没有？",
        "承办单位有没有跟您取得联系？",
        "请问责任单位是否与您联系？",
        "有人给您打电话了吗？",
        "您有接到承办单位的电话吗？",
        "单位那边有联系到您吗？",
        "请问处理单位有没有给您回复？",
        "请问办理单位和您沟通过吗？",
        "承办单位是否联系过您？",
        "请问城管局的工作人员联系您没有？",
        "有没有人联系您？",
        "请问他们联系您了没？",
        "有部门的人找过您吗？",
        "请问承办单位的工作人员有没有上门？",
        "承办部门是否已与您对接？",
        "请问承办单位有给您答复吗？",
        "联系过您吗？",
        "成办单位连系您了吗",
    ],
    "resolved": [
        "请问您反映的问题解决了吗？",
        "问题解决了没有？",
        "那这个问题现在解决了吗？",
        "您的诉求得到解决了吗？",
        "请问事情处理好了吗？",
        "请问问题是否已经解决？",
        "现在问题处理得怎么样了？",
        "您的问题有没有得到解决？",
        "那您反映的事项办好了吗？",
        "请问路灯修好了吗？",
        "问题有解决吗？",
        "那现在情况怎么样了？",
        "请问目前是否解决？",
        "您反映的情况处理完了吗？",
        "问题是解决了还是没解决？",
        "有没有帮您处理好？",
        "问题落实了吗？",
        "请问您反映的问题街决了吗",
        "请问您反应的问题是否处理完毕？",
    ],
    "satisfaction": [
        "请问您对办理结果满意吗？",
        "您对处理结果是否满意？",
        "那您满意吗？",
        "您对承办单位的处理满不满意？",
        "请您对本次办理结果做个评价，满意、基本满意还是不满意？",
        "您对这次服务满意度怎么样？",
        "请问您觉得满意吗？",
        "那您对我们的工作还满意吗？",
        "请问您的满意度是？",
        "您给这次办理打几分？",
        "请问您对办理情况如何评价？",
        "您看您满意还是不满意？",
        "对结果您还满意吧？",
        "请问您对办理结果慢意吗",
        "您对他们的处理还满意不？",
        "整体上您满意吗？",
    ],
    "reason": [
        "请问您不满意的原因是什么？",
        "您对哪方面不满意？",
        "能说一下不满意的原因吗？",
        "为什么不满意呢？",
        "您是哪里不满意？",
        "请问是什么原因让您不满意？",
        "主要是哪些方面不满意呢？",
    ],
}
NO_QUESTIONS = [
    "好的，您的意见我们已经记录，感谢您的接听，再见。",
    "您好，这里是12345热线回访。您之前反映的小区停电一直不解决的问题，现在做一个回访。",
    "好的，我帮您记录下来。",
    "那您稍等一下。",
    "抱歉给您带来不便，我们会督促单位尽快解决。",
    "您之前反映的关于对物业公司不满意的问题，做一个回访。",
    "嗯，好的。",
    "您说的情况我了解了。",
    "感谢您的评价，祝您生活愉快。",
    "请问您方便接受回访吗？",
    "请问是王先生吗？",
    "会再让承办单位联系您。",
    "如果还没解决，您可以再打12345。",
]


def asked(script: CallbackScript, words: str) -> set[str]:
    answers = answers_of(dialogue_of(call_of(f"a: {words}", "c: 嗯。")), script)
    return {topic for answer in answers for topic in answer.topics}


@pytest.mark.parametrize("topic", list(QUESTIONS))
def test_questions_are_recognised(script: CallbackScript, topic: str) -> None:
    wrong = {q: found for q in QUESTIONS[topic] if (found := asked(script, q)) != {topic}}
    assert not wrong


def test_other_words_are_no_questions(script: CallbackScript) -> None:
    assert not {words: found for words in NO_QUESTIONS if (found := asked(script, words))}
