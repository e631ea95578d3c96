"""`hvlab doctor`: whether this machine can run labs, and what to do if not."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from lab.cli.group import json_option


@click.command("doctor", short_help="Check whether this machine can run labs.")
@json_option
def doctor(as_json: bool) -> int:
    """Check everything that a lab needs of this machine, and say what to do about what is missing."""
    from lab import doctor as examination

    checks = examination.checks()
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2, ensure_ascii=False))
    else:
        click.echo(examination.render(checks))
    return 0 if all(check.ok or not check.needed for check in checks) else 1
