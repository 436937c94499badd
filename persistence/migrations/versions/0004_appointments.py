"""Inputs that a world is to be given at a wall time: appointments."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("world_id", sa.String(200), nullable=False),
        sa.Column("appointment_id", sa.String(200), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["world_id"], ["worlds.id"], name="fk_appointments_world_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("world_id", "appointment_id", name="pk_appointments"),
    )
    op.create_index("ix_appointments_at", "appointments", ["at"])


def downgrade() -> None:
    op.drop_table("appointments")
