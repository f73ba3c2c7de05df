"""Calls, people's decisions on them, and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Types are spelt out: a revision must not change when the tables of today do.
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calls",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("profile", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("filename", sa.String(255)),
        sa.Column("recording", sa.String(255)),
        sa.Column("agent_channel", sa.String(16)),
        sa.Column("progress", sa.Float()),
        sa.Column("title", sa.Text()),
        sa.Column("qa_score", sa.Float()),
        sa.Column("error", sa.String(64)),
        sa.Column("error_message", sa.Text()),
        sa.Column("result", _JSON),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_received_at", "calls", ["received_at"])
    op.create_index("ix_calls_state_received_at", "calls", ["state", "received_at"])
    op.create_table(
        "qa_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("rule_id", sa.String(128), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("deduction", sa.Float(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_who_and_when("qa_overrides"),
    )
    op.create_index("ix_qa_overrides_call_id", "qa_overrides", ["call_id"])
    op.create_table(
        "field_edits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("value", _JSON, nullable=False),
        *_who_and_when("field_edits"),
    )
    op.create_index("ix_field_edits_call_id", "field_edits", ["call_id"])
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("content", _JSON, nullable=False),
        *_who_and_when("tickets"),
        sa.UniqueConstraint("call_id", name="uq_tickets_call_id"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128)),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_call_id", "audit_entries", ["call_id"])


def downgrade() -> None:
    """Take back."""
    for table in ("audit_entries", "tickets", "field_edits", "qa_overrides", "calls"):
        op.drop_table(table)


def _who_and_when(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=f"fk_{table}_call_id", ondelete="CASCADE"
        ),
    ]
