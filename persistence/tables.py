"""The tables. Few, additive only; JSON values are replaced, never changed in place."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    null,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


Json = JSON(none_as_null=True)
"""None is SQL's NULL, so that IS NULL finds it."""


def _world() -> Column[str]:
    return Column("world_id", String(200), ForeignKey("worlds.id", ondelete="CASCADE"), primary_key=True)


worlds = Table(
    "worlds",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("definition", Text, nullable=False),
    Column("definition_hash", String(32), nullable=False),
    Column("generation", String(20)),
    Column("epoch", BigInteger, nullable=False),
    Column("owner_shard", Integer),
    Column("commit_number", BigInteger, nullable=False),
    Column("next_seq", BigInteger, nullable=False),
    Column("waiting_inputs", BigInteger, nullable=False),
    Column("tick", BigInteger, nullable=False),
    Column("world_time", BigInteger, nullable=False),
    Column("state_hash", String(32), nullable=False),
    Column("mark", Json),
    Column("quarantine_reason", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)
"""One row a world: its definition, who owns it (epoch), and where it stands (mark)."""

npcs = Table(
    "npcs",
    metadata,
    _world(),
    Column("npc_id", String(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("document", Json, nullable=False),
)
"""People as they were defined; what became of them is in the snapshots."""

definitions = Table(
    "definitions",
    metadata,
    _world(),
    Column("until_ordinal", BigInteger, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("definition_hash", String(32), nullable=False),
    Column("replaced_at", Float, nullable=False),
)
"""What a world was defined as before an update: in force until the input of that ordinal was applied. Its
text is empty once no snapshot needs it."""

sessions = Table(
    "sessions",
    metadata,
    _world(),
    Column("session_id", String(200), primary_key=True),
    Column("document", Json, nullable=False),
)

inputs = Table(
    "inputs",
    metadata,
    _world(),
    Column("seq", BigInteger, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("payload", Json, nullable=False),
    Column("idempotency_key", String(260), nullable=False),
    Column("recorded_at", Float, nullable=False),
    Column("tick", BigInteger),
    Column("ordinal", BigInteger),
    Column("applied", Boolean),
    Column("detail", Json),
    Column("answer_at_tick", BigInteger),
    Column("branch", BigInteger),
    UniqueConstraint("world_id", "idempotency_key"),
    Index(None, "world_id", "ordinal"),
)
"""Every change from outside, gapless by seq; `tick` and `ordinal` once applied. `branch`: the rollback that
left it behind, and then it is never applied again."""

branches = Table(
    "branches",
    metadata,
    _world(),
    Column("number", BigInteger, primary_key=True),
    Column("from_tick", BigInteger, nullable=False),
    Column("to_tick", BigInteger, nullable=False),
    Column("to_ordinal", BigInteger, nullable=False),
    Column("inputs", BigInteger, nullable=False),
    Column("ask_id", String(200), nullable=False),
    Column("begun_at", Float, nullable=False),
)
"""Each rollback of a world: from where, to where, what was left behind, when."""

snapshots = Table(
    "snapshots",
    metadata,
    _world(),
    Column("ordinal", BigInteger, primary_key=True),
    Column("tick", BigInteger, primary_key=True),
    Column("taken_at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

appointments = Table(
    "appointments",
    metadata,
    _world(),
    Column("appointment_id", String(200), primary_key=True),
    Column("at", Float, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payload", Json, nullable=False),
    Index(None, "at"),
)
"""Inputs that a world is to be given at a wall time: gone when they are inputs."""

metric_snapshots = Table(
    "metric_snapshots",
    metadata,
    _world(),
    Column("tick", BigInteger, primary_key=True),
    Column("taken_at", Float, nullable=False),
    Column("world_time", BigInteger, nullable=False),
    Column("measures", Json, nullable=False),
)
"""How a world stood every half minute or so, for charts; nothing is ever recovered from it."""

undone_metrics = Table(
    "undone_metrics",
    metadata,
    _world(),
    Column("branch", BigInteger, primary_key=True),
    Column("tick", BigInteger, primary_key=True),
    Column("taken_at", Float, nullable=False),
    Column("world_time", BigInteger, nullable=False),
    Column("measures", Json, nullable=False),
)
"""The metric snapshots that the rollback of this number left behind: their ticks come again."""

generations = Table(
    "generations",
    metadata,
    Column("request_id", String(260), primary_key=True),
    Column("world_id", String(200), ForeignKey("worlds.id", ondelete="CASCADE"), nullable=False),
    Column("npc_id", String(200)),
    Column("session_id", String(200)),
    Column("user_id", String(200)),
    Column("kind", String(40), nullable=False),
    Column("params", Json, nullable=False),
    Column("band", Integer, nullable=False),
    Column("component", String(200), nullable=False),
    Column("limits", Json, nullable=False),
    Column("made_tick", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("handed_tick", BigInteger, nullable=False),
    Column("land_tick", BigInteger),
    Column("expires_at", Float, nullable=False),
    Column("committed_at", Float, nullable=False),
    Column("status", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("result", Json),
    Column("moved_at", Float, nullable=False),
    Column("input_seq", BigInteger),
    Index(None, "status", "band", "made_tick"),
    Index(None, "world_id", "made_tick"),
    Index(None, "world_id", "status"),
)
"""Outbox and inbox in one: a request is a row before it is a job, and its result is a row before it is an
input."""

_UNCOLLECTED = generations.c.input_seq.is_(null())

Index(
    "ix_generations_uncollected",
    generations.c.moved_at,
    generations.c.request_id,
    sqlite_where=_UNCOLLECTED,
    postgresql_where=_UNCOLLECTED,
)
"""Results are looked for every moment, and those found are kept for good: only the others are in here."""

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("kinds", Json, nullable=False),
    Column("world_id", String(200)),
    Column("created_at", Float, nullable=False),
    Column("dropped", BigInteger, nullable=False),
)
"""Who is told of job events. `world_id` NULL: of every world; no foreign key, since a world may be begun
afresh."""

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("webhook_id", String(40), ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("world_id", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("response", Integer),
    Column("error", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
    UniqueConstraint("webhook_id", "event_id"),
    Index(None, "status", "next_at"),
    Index(None, "webhook_id", "created_at"),
)
"""Outbox and delivery log in one: a delivery is a row in the transaction of what it tells of."""

job_metrics = Table(
    "job_metrics",
    metadata,
    _world(),
    Column("kind", String(40), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("timed", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("seconds_max", Float, nullable=False),
)
"""How often each kind of event happened to the jobs of a world, and how long the way to it took."""
