"""The database: SQLite in WAL mode by default, PostgreSQL by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from serving.errors import StoreError

_BUSY_TIMEOUT_MS = 10_000


def sqlite_url(data_dir: Path) -> str:
    """Return the URL of the embedded database in `data_dir`."""
    return f"sqlite:///{(data_dir / 'jiesu.sqlite3').absolute()}"


def open_engine(url: str) -> Engine:
    """Open the database; the schema is not touched.

    Raises StoreError for a URL that SQLAlchemy cannot read or has no driver for.
    """
    try:
        backend = make_url(url).get_backend_name()
        engine = create_engine(
            url,
            pool_pre_ping=backend != "sqlite",
            # Errors end up in logs; the values they would quote are citizens' words.
            hide_parameters=True,
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            "the database URL cannot be read; write it like "
            "postgresql+psycopg://user@host/jiesu or sqlite:////var/lib/jiesu/jiesu.sqlite3"
        ) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the database driver {error.name} is not installed; pip install 'jiesu[cluster]'"
        ) from error
    if backend == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # WAL with NORMAL keeps the file sound in any crash; only a power cut may cost the last writes.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # Deleted transcripts must not linger in free pages.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()
