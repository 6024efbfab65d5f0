"""`landfall rotate`: new passwords for the warehouse's users."""

from typing import Annotated

import typer

from landfall import output


def register(app: typer.Typer) -> None:
    """Add `rotate` to the command line."""
    app.command()(rotate)


def rotate(
    user: Annotated[
        list[str] | None, typer.Option(help="landfall_loader, landfall_transformer or landfall_reader; default: all.")
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Give the warehouse's users new passwords, while files land and transforms run.

    Cut short, it is finished by running it again. Whoever logs in as one of them by a password of their own copy, as a
    BI tool does as the reader, needs the new one from the secret.
    """
    from ingest_lambda.errors import ConfigError
    from landfall import environment
    from landfall.operate import rotation

    users = user or list(rotation.SECRETS)
    if unknown := set(users) - set(rotation.SECRETS):
        raise ConfigError(f"no user of Landfall: {', '.join(sorted(unknown))}; known: {', '.join(rotation.SECRETS)}")
    stack = environment.stack()
    for each in users:
        with output.stderr().status(f"a new password for {each}"):
            rotation.rotate(stack, each)
        if not as_json:
            output.stdout().print(f"{each} has a new password, in {stack.output(rotation.SECRETS[each])}")
    if as_json:
        output.print_json([{"user": each, "secret": stack.output(rotation.SECRETS[each])} for each in users])
