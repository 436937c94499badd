"""How worlds fared over the last day: metric_snapshots."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "metric_snapshots",
        sa.Column("world_id", sa.String(200), nullable=False),
        sa.Column("tick", sa.BigInteger, nullable=False),
        sa.Column("taken_at", sa.Float, nullable=False),
        sa.Column("world_time", sa.BigInteger, nullable=False),
        sa.Column("measures", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["world_id"], ["worlds.id"], name="fk_metric_snapshots_world_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("world_id", "tick", name="pk_metric_snapshots"),
    )


def downgrade() -> None:
    op.drop_table("metric_snapshots")
