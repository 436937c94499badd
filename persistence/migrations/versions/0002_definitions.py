"""Definitions that worlds had before an update, and branches that a rollback began."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "definitions",
        sa.Column("world_id", sa.String(200), nullable=False),
        sa.Column("until_ordinal", sa.BigInteger, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("definition_hash", sa.String(32), nullable=False),
        sa.Column("replaced_at", sa.Float, nullable=False),
        sa.ForeignKeyConstraint(
            ["world_id"], ["worlds.id"], name="fk_definitions_world_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("world_id", "until_ordinal", name="pk_definitions"),
    )
    op.create_table(
        "branches",
        sa.Column("world_id", sa.String(200), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("from_tick", sa.BigInteger, nullable=False),
        sa.Column("to_tick", sa.BigInteger, nullable=False),
        sa.Column("to_ordinal", sa.BigInteger, nullable=False),
        sa.Column("inputs", sa.BigInteger, nullable=False),
        sa.Column("ask_id", sa.String(200), nullable=False),
        sa.Column("begun_at", sa.Float, nullable=False),
        sa.ForeignKeyConstraint(["world_id"], ["worlds.id"], name="fk_branches_world_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("world_id", "number", name="pk_branches"),
    )
    op.add_column("inputs", sa.Column("branch", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("inputs", "branch")
    op.drop_table("branches")
    op.drop_table("definitions")
