"""Which schema a database has, and the way from any older one to the newest."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "0007"
"""The revision this version needs: compared at every start without loading Alembic, which takes longer than
everything else of it."""
MIGRATION_LOCK = 0x7EA7
"""The PostgreSQL advisory lock under which one process migrates and the others wait."""
MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaMissing(RuntimeError):
    """The database has no schema, or an older version's."""


class SchemaNewer(RuntimeError):
    """The database was made by a newer version than this one."""


def revision(connection: Connection) -> str | None:
    """The revision a database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def is_current(connection: Connection) -> bool:
    return revision(connection) == HEAD


def refuse(connection: Connection) -> None:
    """Say why a database cannot be used as it is, for a process that may not change it."""
    found = revision(connection)
    if found == HEAD:
        return
    _refuse_newer(found)
    raise SchemaMissing(
        f"the database is at revision {found or 'none'}, this version needs {HEAD}: "
        "`theatrum run` or `theatrum serve` brings it up to date"
    )


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing in the caller's transaction: all or none, one process at a time.

    SQLite's BEGIN IMMEDIATE lets one process in; PostgreSQL needs a lock of its own.
    """
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    found = revision(connection)
    if found == HEAD:
        return
    _refuse_newer(found)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in revisions():
        raise SchemaNewer(
            f"the database is at revision {found}, which this version does not know (it needs {HEAD}): "
            "a newer Theatrum made it; use that one, or another database"
        )


def revisions() -> tuple[str, ...]:
    """Every revision this version knows, the newest first."""
    from alembic.script import ScriptDirectory

    return tuple(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())
