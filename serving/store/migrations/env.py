"""Alembic's entry: runs revisions on the connection that `serving.store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from serving.store.tables import Base

connection = context.config.attributes["connection"]
# SQLite cannot alter a table in place; batch mode copies it instead.
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
