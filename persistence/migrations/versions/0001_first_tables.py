"""The first tables: worlds, npcs, sessions, inputs, snapshots, generations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _world() -> sa.Column[str]:
    return sa.Column("world_id", sa.String(200), nullable=False)


def _of_world(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["world_id"], ["worlds.id"], name=f"fk_{table}_world_id", ondelete="CASCADE"
    )


def upgrade() -> None:
    _worlds()
    _people()
    _inputs()
    _snapshots()
    _generations()


def _worlds() -> None:
    op.create_table(
        "worlds",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("definition_hash", sa.String(32), nullable=False),
        sa.Column("generation", sa.String(20)),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner_shard", sa.Integer),
        sa.Column("commit_number", sa.BigInteger, nullable=False),
        sa.Column("next_seq", sa.BigInteger, nullable=False),
        sa.Column("waiting_inputs", sa.BigInteger, nullable=False),
        sa.Column("tick", sa.BigInteger, nullable=False),
        sa.Column("world_time", sa.BigInteger, nullable=False),
        sa.Column("state_hash", sa.String(32), nullable=False),
        sa.Column("mark", sa.JSON),
        sa.Column("quarantine_reason", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worlds"),
    )


def _people() -> None:
    op.create_table(
        "npcs",
        _world(),
        sa.Column("npc_id", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        _of_world("npcs"),
        sa.PrimaryKeyConstraint("world_id", "npc_id", name="pk_npcs"),
    )
    op.create_table(
        "sessions",
        _world(),
        sa.Column("session_id", sa.String(200), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        _of_world("sessions"),
        sa.PrimaryKeyConstraint("world_id", "session_id", name="pk_sessions"),
    )


def _inputs() -> None:
    op.create_table(
        "inputs",
        _world(),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("idempotency_key", sa.String(260), nullable=False),
        sa.Column("recorded_at", sa.Float, nullable=False),
        sa.Column("tick", sa.BigInteger),
        sa.Column("ordinal", sa.BigInteger),
        sa.Column("applied", sa.Boolean),
        sa.Column("detail", sa.JSON),
        sa.Column("answer_at_tick", sa.BigInteger),
        _of_world("inputs"),
        sa.PrimaryKeyConstraint("world_id", "seq", name="pk_inputs"),
        sa.UniqueConstraint("world_id", "idempotency_key", name="uq_inputs_world_id_idempotency_key"),
    )
    op.create_index("ix_inputs_world_id_ordinal", "inputs", ["world_id", "ordinal"])


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        _world(),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("tick", sa.BigInteger, nullable=False),
        sa.Column("taken_at", sa.Float, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        _of_world("snapshots"),
        sa.PrimaryKeyConstraint("world_id", "ordinal", "tick", name="pk_snapshots"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE snapshots ALTER COLUMN body SET STORAGE EXTERNAL")


def _generations() -> None:
    op.create_table(
        "generations",
        sa.Column("request_id", sa.String(260), nullable=False),
        _world(),
        sa.Column("npc_id", sa.String(200)),
        sa.Column("session_id", sa.String(200)),
        sa.Column("user_id", sa.String(200)),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("band", sa.Integer, nullable=False),
        sa.Column("component", sa.String(200), nullable=False),
        sa.Column("limits", sa.JSON, nullable=False),
        sa.Column("made_tick", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("handed_tick", sa.BigInteger, nullable=False),
        sa.Column("land_tick", sa.BigInteger),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("committed_at", sa.Float, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("moved_at", sa.Float, nullable=False),
        sa.Column("input_seq", sa.BigInteger),
        _of_world("generations"),
        sa.PrimaryKeyConstraint("request_id", name="pk_generations"),
    )
    op.create_index("ix_generations_status_band_made_tick", "generations", ["status", "band", "made_tick"])
    op.create_index("ix_generations_world_id_made_tick", "generations", ["world_id", "made_tick"])
    op.create_index("ix_generations_world_id_status", "generations", ["world_id", "status"])
    op.create_index(
        "ix_generations_uncollected",
        "generations",
        ["moved_at", "request_id"],
        sqlite_where=sa.text("input_seq IS NULL"),
        postgresql_where=sa.text("input_seq IS NULL"),
    )


def downgrade() -> None:
    for table in ("generations", "snapshots", "inputs", "sessions", "npcs", "worlds"):
        op.drop_table(table)
