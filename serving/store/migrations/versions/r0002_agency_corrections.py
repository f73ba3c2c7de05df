"""Agencies that people put right, for the next ticket like it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "agency_corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("profile", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("right", sa.String(255)),
        sa.Column("wrong", sa.String(255)),
        sa.Column("believed", _JSON, nullable=False),
        sa.Column("features", _JSON, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agency_corrections"),
    )
    op.create_index("ix_agency_corrections_call_id", "agency_corrections", ["call_id"])
    op.create_index("ix_agency_corrections_profile_id", "agency_corrections", ["profile", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("agency_corrections")
