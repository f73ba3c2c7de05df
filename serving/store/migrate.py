"""The schema brought up to date with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from serving.errors import StoreError

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the schema to the newest revision; return the revisions before and after.

    Raises StoreError when the database cannot be reached or changed.
    """
    config = _config()
    try:
        with engine.begin() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise StoreError(_reason("the schema cannot be upgraded", error)) from error
    return before, newest_revision()


def check_schema(engine: Engine) -> None:
    """Raise StoreError when the schema is not the one this software was written for."""
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise StoreError(_reason("the database cannot be read", error)) from error
    if current != newest_revision():
        raise StoreError(
            f"the database schema is at {current or 'nothing'}, this software needs "
            f"{newest_revision()}; run `jiesu db upgrade`"
        )


def newest_revision() -> str:
    """Return the newest revision of the schema."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def _reason(what: str, error: SQLAlchemyError) -> str:
    # The driver's own message; SQLAlchemy's would repeat the statement and its values.
    cause = getattr(error, "orig", None) or error
    return f"{what}: {str(cause).splitlines()[0]}; check the database URL and its permissions"
