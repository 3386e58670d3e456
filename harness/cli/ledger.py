"""`harness ledger`: what was spent today of the authentications that the real service allows."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("ledger", help="Show what devices have spent today of the real service's authentications.")(
        ledger
    )


def ledger(
    file: Annotated[
        Path | None, typer.Argument(help="The ledger; left out: the one of this user on this machine.")
    ] = None,
) -> None:
    """Print one line for each device that was authenticated today, and when the next day begins."""
    from harness.errors import UsageError
    from harness.service.real.ledger import Ledger, default_path

    path = file or default_path()
    if not path.is_file():
        if file is not None:
            raise UsageError(f"{path}: there is no such ledger")
        print(f"{path}: nothing was ever spent")
        return
    with Ledger(path, "") as ledger:
        spent = ledger.today()
        for one in spent:
            left = max(0, ledger.daily - one.used)
            print(f"{one.id2}  {one.used} used, {left} left, last {one.last}  {one.service}")
        print(
            f"{path}: {len(spent)} device{'' if len(spent) == 1 else 's'} today; new day {ledger.next_day()}"
        )
