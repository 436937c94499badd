"""Real servers for every test that needs one: a PostgreSQL and a Redis of this run, each started once."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings

from service.embedded.postgres import EmbeddedPostgres
from service.embedded.redis import EmbeddedRedis

settings.register_profile("theatrum", deadline=None)  # no test asserts a time
settings.load_profile("theatrum")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server in a folder of its own: it refuses root and runs as nobody, who must get there."""
    folder = Path(tempfile.mkdtemp(prefix="theatrum-postgres-"))
    folder.chmod(0o755)
    server = None
    try:
        server = EmbeddedPostgres.start(folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres: EmbeddedPostgres) -> str:
    """The URL of an empty database."""
    name = f"t{uuid4().hex[:12]}"

    async def create() -> None:
        connection = await asyncpg.connect(postgres.url())
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()

    asyncio.run(create())
    return postgres.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'worlds.db'}"
    found: str = request.getfixturevalue("postgres_database")
    return found


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis of this test's own, so that it may be killed, wiped and started again."""
    (tmp_path / "logs").mkdir(exist_ok=True)
    server = EmbeddedRedis.start(tmp_path)
    yield server
    server.stop()
