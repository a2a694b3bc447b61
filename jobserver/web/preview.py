"""``/preview``: a finished job's components as a page to look at."""

from __future__ import annotations

import asyncio
import html
import json
import secrets

from aiohttp import web

from jobserver.errors import JobNotFound
from jobserver.extract.preview import preview_csp, preview_page
from jobserver.jobs.access import Scope
from jobserver.jobs.model import Job, Result, State
from jobserver.jobs.service import Standing
from jobserver.jobs.submission import Submission
from jobserver.web.guard import require
from jobserver.web.headers import PAGE
from jobserver.web.keys import ORIGINS
from jobserver.web.paths import Paths
from jobserver.web.route import Call
from jobserver.web.wire import PAGES, preview_path

_LOOK_AGAIN = 2

_NOTICE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style nonce="{nonce}">body{{font:1.05rem/1.5 system-ui,sans-serif;display:grid;place-content:center;min-height:90vh;
text-align:center;padding:1rem}}h1{{font-size:1.4rem;margin:0}}p{{margin:.5rem 0;opacity:.7}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


async def preview(call: Call) -> web.StreamResponse:
    """``GET /preview?jobId=…`` shows a job's components; ``?url=…`` submits the page, waits for it and shows it."""
    if (url := call.request.query.get("url")) is not None:
        call.app[ORIGINS].refuse_foreign(call.request)  # this GET makes a job: no other page may load it as a picture
        require(call.caller, Scope.SUBMIT)
        caller = call.caller
        standing, _ = await call.jobs.submit(
            Submission(PAGES, {"url": url}, caller.owner, credential=caller.credential, quota=caller.quota)
        )
        standing = await call.jobs.wait(standing.job.id, call.caller.owner, call.settings.max_wait)
    else:
        standing = await call.jobs.get(call.request.query.get("jobId", ""), call.caller.owner)
    if standing.job.spec.kind != PAGES:
        raise JobNotFound
    return await _show(standing, call.paths)


async def _show(standing: Standing, paths: Paths) -> web.Response:
    job = standing.job
    nonce = secrets.token_urlsafe(16)
    if job.result is not None:
        # A result may take megabytes: reading and escaping it here would hold everybody else up.
        return _page(await asyncio.to_thread(_render, job.result, job.id, nonce), nonce)
    if job.state is State.FAILED:
        return _notice("The page could not be read", _reason(job), nonce)
    if job.state is State.CANCELLED:
        return _notice("Job cancelled", "Nothing was extracted.", nonce)
    step = job.progress.step if job.progress and job.progress.step else job.state
    page = _notice("Still at work", f"{step} …", nonce)
    page.headers["Refresh"] = f"{_LOOK_AGAIN}; url={preview_path(job, paths)}"
    return page


def _render(result: Result, job_id: str, nonce: str) -> str:
    return preview_page(json.loads(result.body), job_id=job_id, nonce=nonce)


def _notice(title: str, text: str, nonce: str) -> web.Response:
    return _page(_NOTICE.format(title=html.escape(title), text=html.escape(text), nonce=nonce), nonce)


def _page(page: str, nonce: str) -> web.Response:
    headers = PAGE | {"Content-Security-Policy": preview_csp(nonce), "Cache-Control": "private, no-store"}
    return web.Response(text=page, content_type="text/html", headers=headers)


def _reason(job: Job) -> str:
    return job.failure.message if job.failure else "The job failed."
