"""The command line: `theatrum run`, `serve`, `world`, `npc`, `check`, `why`, `import`, `replay` and more."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from service.commands import (
    appointing,
    chain,
    changing,
    explaining,
    generate,
    generation,
    importing,
    inputs,
    intent,
    interaction,
    narrative,
    npc,
    running,
    session,
    webhook,
    world,
)
from service.commands.options import OTHER_NAMES
from service.errors import EXIT_STATUS, FAILED, WRONG_USE, ServiceError

app = typer.Typer(
    name="theatrum",
    help="Runs game worlds: one actor per world, each with its own clock and budget.",
    epilog=EXIT_STATUS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"token_normalize_func": lambda name: OTHER_NAMES.get(name, name)},
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(version("theatrum"))
        raise typer.Exit


@app.callback()
def theatrum(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Runs game worlds: one actor per world, each with its own clock and budget."""


app.command("run")(running.run)
app.command("serve")(running.serve)
app.command("worker")(running.worker)
app.command("check")(running.check)
app.command("why")(explaining.why)
app.command("generate")(generate.generate)
app.command("import")(importing.import_)
app.command("replay")(changing.replay)
world.app.command("update")(changing.update)
world.app.command("export")(changing.export)
world.app.command("rollback")(changing.rollback)
world.app.command("inputs")(inputs.inputs)
world.app.command("appoint")(appointing.appoint)
world.app.command("appointments")(appointing.appointments)
world.app.command("unappoint")(appointing.unappoint)
app.add_typer(world.app, name="world")
app.add_typer(npc.app, name="npc")
session.app.command("inbox")(intent.inbox)
app.add_typer(session.app, name="session")
app.add_typer(chain.app, name="chain")
app.add_typer(narrative.app, name="narrative")
app.add_typer(interaction.app, name="interaction")
app.add_typer(intent.app, name="intent")
app.add_typer(generation.app, name="generation")
app.add_typer(webhook.app, name="webhook")


def main() -> None:
    """Run the command line; what a person can mend is one sentence on standard error and an exit status."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names need not be UTF-8
    try:
        app()
    except ValueError as error:
        from simulation.definitions.problems import (
            DefinitionInvalid,  # late: most commands read no definition
        )

        if not isinstance(error, DefinitionInvalid):
            raise
        sys.stderr.write(f"{error}\n")
        sys.exit(WRONG_USE)
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(FAILED)
