"""The store: schema, calls through their states, decisions and their audit rows."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from serving.errors import CallNotFoundError, CallStateError, StoreError
from serving.store import CallStore, ReviewStore
from serving.store.engine import open_engine, sqlite_url
from serving.store.migrate import check_schema, newest_revision, upgrade
from serving.store.tables import Base
from tests.serving.sample_call import sample_call

POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A fresh database with the newest schema, in each of the two systems."""
    if request.param == "postgres":
        yield from postgres_engine()
        return
    engine = open_engine(sqlite_url(tmp_path))
    upgrade(engine)
    yield engine
    engine.dispose()


def postgres_engine() -> Iterator[Engine]:
    try:
        server = create_engine(f"{POSTGRES}/postgres", isolation_level="AUTOCOMMIT")
        with server.connect():
            pass
    except (ModuleNotFoundError, OperationalError):
        pytest.skip("needs PostgreSQL on 127.0.0.1:5432 and psycopg (docs/development.md)")
    name = f"jiesu_test_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine = open_engine(f"{POSTGRES}/{name}")
    try:
        upgrade(engine)
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f"drop database {name}"))
        server.dispose()


@pytest.fixture
def calls(engine: Engine) -> CallStore:
    return CallStore(engine)


@pytest.fixture
def reviews(engine: Engine) -> ReviewStore:
    return ReviewStore(engine)


def add(calls: CallStore, call_id: str = "c1", **values: object) -> None:
    settings = {"source": "upload", "state": "queued", "profile": "haikou"} | values
    calls.add(call_id, **settings)  # type: ignore[arg-type]


def test_migrations_make_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_upgrade_is_idempotent_and_checked(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path))
    with pytest.raises(StoreError, match="jiesu db upgrade"):
        check_schema(engine)
    assert upgrade(engine) == (None, newest_revision())
    assert upgrade(engine) == (newest_revision(), newest_revision())
    check_schema(engine)
    engine.dispose()


def test_sqlite_runs_in_wal_mode(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path))
    upgrade(engine)
    engine.dispose()
    with sqlite3.connect(tmp_path / "jiesu.sqlite3") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.parametrize("url", ["nonsense", "oracle9i://x/y", ""])
def test_a_wrong_url_says_how_to_write_it(url: str) -> None:
    with pytest.raises(StoreError, match="postgresql"):
        open_engine(url)


def test_an_unreachable_database_names_no_statement(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'x.db'}")
    with pytest.raises(StoreError, match="unable to open"):
        upgrade(engine)


def test_moments_come_back_aware(calls: CallStore) -> None:
    moment = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    add(calls, received_at=moment)
    assert calls.get("c1").received_at == moment
    with pytest.raises(Exception, match="without an offset"):
        add(calls, "c2", received_at=datetime(2026, 3, 1))


def test_pages_are_newest_first_and_filtered(calls: CallStore) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for minute in range(5):
        add(calls, f"c{minute}", received_at=start + timedelta(minutes=minute))
    calls.move("c3", "queued", "processing")
    page = calls.page(offset=1, limit=2)
    assert ([call.id for call in page.calls], page.total) == (["c3", "c2"], 5)
    page = calls.page(states=["queued"], limit=2)
    assert ([call.id for call in page.calls], page.total) == (["c4", "c2"], 4)
    assert calls.counts() == {"queued": 4, "processing": 1}
    assert calls.oldest("queued") == ["c0", "c1", "c2", "c4"]


def test_one_of_many_workers_gets_a_queued_call(calls: CallStore) -> None:
    add(calls)
    won: list[bool] = []
    workers = [
        threading.Thread(target=lambda: won.append(calls.move("c1", "queued", "processing")))
        for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(won) == [False] * 7 + [True]


def test_each_process_finds_its_own_calls_again(engine: Engine) -> None:
    here, there = CallStore(engine, "a"), CallStore(engine, "b")
    add(here, "mine", state="live")
    add(there, "theirs", state="live")
    assert (here.oldest("live"), there.oldest("live")) == (["mine"], ["theirs"])
    assert here.page().total == 2


def test_an_id_is_taken_once(calls: CallStore) -> None:
    add(calls)
    with pytest.raises(CallStateError, match="already"):
        add(calls)


def test_a_finished_call_carries_its_result(calls: CallStore) -> None:
    add(calls)
    calls.finish("c1", sample_call("c1"), recording="c1.wav")
    call = calls.get("c1")
    assert (call.state, call.kind, call.recording) == ("done", "ticket", "c1.wav")
    assert call.result is not None
    assert call.title == call.result["ticket"]["title"]["value"]
    assert call.duration_ms == 21_000


def test_a_failed_call_says_why(calls: CallStore) -> None:
    add(calls)
    calls.fail("c1", "AudioEmptyError", "too little for a word")
    call = calls.get("c1")
    assert (call.state, call.error) == ("failed", "AudioEmptyError")


def test_deleting_takes_everything_but_the_audit_row(
    calls: CallStore, reviews: ReviewStore, engine: Engine
) -> None:
    add(calls, recording="c1.wav")
    calls.finish("c1", sample_call("c1"))
    reviews.edit("c1", {"title": "改过的标题"}, "坐席甲")
    assert calls.delete("c1", "坐席甲") == "c1.wav"
    with pytest.raises(CallNotFoundError):
        calls.get("c1")
    assert reviews.of("c1").edits == ()
    assert [entry.action for entry in reviews.audit("c1")] == ["edit", "delete"]
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from field_edits")).scalar() == 0


@pytest.mark.parametrize("state", ["live", "processing"])
def test_a_running_call_is_not_deleted(calls: CallStore, state: str) -> None:
    add(calls, state=state)
    with pytest.raises(CallStateError, match="wait"):
        calls.delete("c1", "坐席甲")


def test_the_last_decision_stands_and_all_are_kept(calls: CallStore, reviews: ReviewStore) -> None:
    add(calls)
    calls.finish("c1", sample_call("c1"))
    for passed, reason in ((True, "实际已说结束语"), (False, "复核后维持")):
        reviews.override("c1", "closing", passed=passed, deduction=0, reason=reason, actor="质检员")
    found = reviews.of("c1")
    assert len(found.overrides) == 2
    assert found.latest_overrides()["closing"].reason == "复核后维持"
    assert [entry.subject for entry in reviews.audit("c1")] == ["closing", "closing"]


def test_a_submitted_ticket_holds_the_edits_and_is_closed(
    calls: CallStore, reviews: ReviewStore
) -> None:
    add(calls)
    calls.finish("c1", sample_call("c1"))
    reviews.edit("c1", {"title": "一"}, "坐席甲")
    reviews.edit("c1", {"title": "二", "agency": None}, "坐席甲")
    ticket = reviews.submit("c1", lambda result, edits: {"edits": dict(edits)}, "坐席甲")
    assert ticket.content == {"edits": {"title": "二", "agency": None}}
    with pytest.raises(CallStateError, match="submitted"):
        reviews.submit("c1", lambda result, edits: {}, "坐席乙")
    with pytest.raises(CallStateError, match="submitted"):
        reviews.edit("c1", {"title": "三"}, "坐席乙")
    assert reviews.of("c1").ticket is not None
    assert len(reviews.of("c1").edits) == 3


def test_decisions_need_a_call(reviews: ReviewStore) -> None:
    with pytest.raises(CallNotFoundError):
        reviews.edit("gone", {"title": "x"}, "坐席甲")
    assert reviews.audit("gone") == []
