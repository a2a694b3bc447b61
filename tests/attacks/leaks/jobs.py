"""Kinds of job that say what they see: what a handler's process is told must be no secret."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from jobserver import Context, handler


@handler("look_around", isolated=True)
def look_around(context: Context, args: dict[str, Any]) -> dict[str, Any]:
    """All that its process was started with, and a file and a line of it as well."""
    seen = {"environment": dict(os.environ), "arguments": sys.argv, "raw": Path("/proc/self/environ").read_text()}
    context.log(repr(seen))
    return seen


@handler("break_down", max_attempts=1)
async def break_down(args: dict[str, Any]) -> None:
    """An error nobody foresaw, with a traceback."""
    raise RuntimeError(f"{args} could not be done")
