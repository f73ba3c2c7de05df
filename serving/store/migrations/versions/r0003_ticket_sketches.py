"""Traits of tickets by which repeated requests are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "ticket_sketches",
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("profile", sa.String(128), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caller", sa.String(32)),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(255)),
        sa.Column("place", sa.Text()),
        sa.Column("district", sa.String(64)),
        sa.Column("street", sa.String(64)),
        sa.PrimaryKeyConstraint("call_id", name="pk_ticket_sketches"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_ticket_sketches_call_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_ticket_sketches_profile_received_at", "ticket_sketches", ["profile", "received_at"]
    )
    op.create_index("ix_ticket_sketches_profile_caller", "ticket_sketches", ["profile", "caller"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("ticket_sketches")
