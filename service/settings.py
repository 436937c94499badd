"""Where a service keeps its things and what it runs on: command line, then environment, then defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from messages.service import Speed
from service.errors import WrongUse
from simulation.plain import is_whole_text
from simulation.units import GenerationMode

DATA = Path("data")
SHARDS_MAX = 256
"""Shard processes of one host; far more than it has cores."""
LEVELS = ("debug", "info", "warning", "error")
DATABASES = ("sqlite:///", "postgresql://")
REDISES = ("redis://", "rediss://", "unix://")
FORMATS = ("console", "json")


@dataclass(frozen=True, slots=True)
class Settings:
    """`database_url` and `redis_url` None: the embedded SQLite file and redis-server in the data folder."""

    data: Path = DATA
    database: str | None = None
    redis: str | None = None
    shards: int = 1
    speed: Speed = Speed.REAL
    npc_ticks_per_second: int | None = None
    generation: GenerationMode | None = None
    log_level: str = "info"
    log_format: str = "console"

    @classmethod
    def of(
        cls,
        *,
        data: Path,
        database: str | None = None,
        redis: str | None = None,
        shards: int = 1,
        speed: Speed = Speed.REAL,
        npc_ticks_per_second: int | None = None,
        generation: GenerationMode | None = None,
        log_level: str | None = None,
        log_format: str | None = None,
        default_level: str = "info",
        env: Mapping[str, str] | None = None,
    ) -> Settings:
        """Checked settings. Raises WrongUse naming the option and what it may be."""
        known = os.environ if env is None else env
        level = log_level or known.get("THEATRUM_LOG_LEVEL", default_level)
        form = log_format or known.get("THEATRUM_LOG_FORMAT", "console")
        for option, value, allowed in (("--log-level", level, LEVELS), ("--log-format", form, FORMATS)):
            if value not in allowed:
                raise WrongUse(f"{option} is {value}", because=f"it may be {', '.join(allowed)}")
        database = database or known.get("THEATRUM_DATABASE")
        redis = redis or known.get("THEATRUM_REDIS")
        for option, url, schemes in (("--database", database, DATABASES), ("--redis", redis, REDISES)):
            if url is not None and not url.startswith(schemes):
                raise WrongUse(f"{option} is {url!r}", because=f"it must begin with {' or '.join(schemes)}")
        for option, named in (("--data", str(data)), ("--database", database or "")):
            if not is_whole_text(named):
                raise WrongUse(f"{option} is {named}", because="its name must be UTF-8")
        if not 1 <= shards <= SHARDS_MAX:
            raise WrongUse(f"--shards is {shards}", because=f"it may be 1 to {SHARDS_MAX}")
        return cls(
            data=data.absolute(),
            database=database,
            redis=redis,
            shards=shards,
            speed=speed,
            npc_ticks_per_second=npc_ticks_per_second,
            generation=generation,
            log_level=level,
            log_format=form,
        )

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'theatrum.db'}"

    @property
    def namespace(self) -> str:
        """What its keys in Redis begin with: the same for the same data folder and database."""
        name = f"{self.data.resolve()}|{self.database or ''}"
        return f"theatrum:{blake2b(name.encode(), digest_size=6).hexdigest()}"

    @property
    def logs(self) -> Path:
        return self.data / "logs"
