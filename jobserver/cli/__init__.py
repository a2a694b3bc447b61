"""The ``jobserver`` command."""

from jobserver.cli.commands import main

__all__ = ["main"]
