"""How worlds fared on branches of their history that a rollback left: undone_metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undone_metrics",
        sa.Column("world_id", sa.String(200), nullable=False),
        sa.Column("branch", sa.BigInteger, nullable=False),
        sa.Column("tick", sa.BigInteger, nullable=False),
        sa.Column("taken_at", sa.Float, nullable=False),
        sa.Column("world_time", sa.BigInteger, nullable=False),
        sa.Column("measures", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["world_id"], ["worlds.id"], name="fk_undone_metrics_world_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("world_id", "branch", "tick", name="pk_undone_metrics"),
    )


def downgrade() -> None:
    op.drop_table("undone_metrics")
