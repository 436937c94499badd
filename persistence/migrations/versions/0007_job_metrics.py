"""How the jobs of each world fared: job_metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_metrics",
        sa.Column("world_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("timed", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("seconds_max", sa.Float, nullable=False),
        sa.ForeignKeyConstraint(
            ["world_id"], ["worlds.id"], name="fk_job_metrics_world_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("world_id", "kind", name="pk_job_metrics"),
    )


def downgrade() -> None:
    op.drop_table("job_metrics")
