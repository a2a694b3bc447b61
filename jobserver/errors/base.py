"""What all errors have: a message and a stable code."""

from __future__ import annotations

from typing import ClassVar


class JobserverError(Exception):
    """Something went wrong inside the server."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str | None = None) -> None:
        # Without docstrings (python -OO) the code must do.
        super().__init__(message or (type(self).__doc__ or self.code).strip().splitlines()[0])

    @property
    def message(self) -> str:
        """One sentence for the person who called."""
        return str(self.args[0]) if self.args else self.code
