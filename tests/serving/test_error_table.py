"""Every error of every room has its own entry, and every entry a sensible one."""

from __future__ import annotations

import re

import pytest

from asr.errors import AsrError
from models.errors import ModelsError
from nlu.errors import NluError
from serving.api.error_table import fault_of, known_errors, title_of
from serving.errors import BusyError, ServingError
from ticket_draft.errors import TicketDraftError

ROOMS = [AsrError, ModelsError, NluError, TicketDraftError, ServingError]


def family(base: type[Exception]) -> list[type[Exception]]:
    """A class and all below it that belong to the rooms, not to tests."""
    found = [base]
    for kind in base.__subclasses__():
        if not kind.__module__.startswith("tests"):
            found += family(kind)
    return found


ALL = [kind for base in ROOMS for kind in family(base)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_each_error_has_its_own_entry(kind: type[Exception]) -> None:
    assert kind in known_errors(), "add it to serving/api/error_table.py"
    fault = fault_of(kind("what to do"))
    assert 400 <= fault.status < 600
    assert fault.close_code in {1003, 1007, 1008, 1009, 1011, 1012, 1013}
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", fault.code)
    assert re.search(r"[\u4e00-\u9fff]", fault.title)
    assert fault.is_ours
    assert title_of(fault.code) == fault.title


def test_codes_are_used_once() -> None:
    codes = [fault_of(kind("x")).code for kind in ALL]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_what_is_worth_a_retry_says_so_in_http_too(kind: type[Exception]) -> None:
    if getattr(kind, "retryable", False):
        assert fault_of(kind("x")).status == 503
        assert fault_of(kind("x")).close_code in {1012, 1013}


def test_an_unknown_error_gives_nothing_away() -> None:
    class NewError(BusyError):
        pass

    assert fault_of(NewError("x")).code == "busy"
    assert not fault_of(KeyError("a citizen's name")).is_ours
