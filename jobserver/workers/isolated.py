"""Handlers that asked for a process of their own get one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jobserver.workers.isolate import ProcessPool
from jobserver.workers.registry import Args, Context, Handler

_ENTRY = "jobserver.workers.inside:run"


def in_children(handlers: Mapping[str, Handler], pool: ProcessPool) -> dict[str, Handler]:
    """Kind → handler as before, but that the isolated ones run in children of ``pool``."""
    return {kind: _in_child(each, each.isolated, pool) if each.isolated else each for kind, each in handlers.items()}


def _in_child(handler: Handler, target: str, pool: ProcessPool) -> Handler:
    async def run(context: Context, args: Args) -> Any:
        job = {
            "target": target,
            "args": args,
            "job_id": context.job_id,
            "owner": context.owner,
            "attempt": context.attempt,
            "deadline": None if context.deadline is None else context.deadline.isoformat(),
            "traceparent": context.traceparent,
        }
        return await pool.run(_ENTRY, job, context.progress, on_log=context.log, on_artifact=context.artifact)

    return replace(handler, run=run)
