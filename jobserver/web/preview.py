"""``/preview``: a finished job's components as a page to look at, or as a file to take along."""

from __future__ import annotations

import asyncio
import html
import json
import secrets
from collections.abc import Sequence

from aiohttp import web

from jobserver.errors import JobNotFound, WrongState
from jobserver.extract.model import Extraction
from jobserver.extract.preview import (
    Fonts,
    Pictures,
    archive,
    archive_name,
    fonts_in,
    pictures_in,
    preview_csp,
    preview_page,
)
from jobserver.jobs.access import Scope
from jobserver.jobs.model import Artifact, Job, Result, State
from jobserver.jobs.service import Standing
from jobserver.jobs.submission import Submission
from jobserver.web.guard import require
from jobserver.web.headers import PAGE
from jobserver.web.keys import ORIGINS
from jobserver.web.paths import Paths
from jobserver.web.reading.query import one_of
from jobserver.web.route import Call
from jobserver.web.sending import send
from jobserver.web.wire import PAGES, not_modified, poll_headers, preview_path

PAGE_FORM, ZIP_FORM = "html", "zip"
"""What ``format`` may ask for."""

_LOOK_AGAIN = 2

_NOTICE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style nonce="{nonce}">body{{font:1.05rem/1.5 system-ui,sans-serif;display:grid;place-content:center;min-height:90vh;
text-align:center;padding:1rem}}h1{{font-size:1.4rem;margin:0}}p{{margin:.5rem 0;opacity:.7}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


async def preview(call: Call) -> web.StreamResponse:
    """``GET /preview?jobId=…`` shows a job's components; ``?url=…`` submits the page, waits for it and shows it.

    ``?format=zip`` gives all of it as one file.
    """
    form = one_of(call.request, "format", [PAGE_FORM, ZIP_FORM])
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
    return await (_download if form == ZIP_FORM else _show)(call, standing)


async def _show(call: Call, standing: Standing) -> web.StreamResponse:
    job = standing.job
    nonce = secrets.token_urlsafe(16)
    if job.result is not None:
        files = await call.jobs.artifacts(job.id, call.caller.owner)
        # A result may take megabytes: reading and escaping it here would hold everybody else up.
        page = await asyncio.to_thread(_render, job.result, files, _zip_path(job, call.paths), job.id, nonce)
        return await send(call.request, [page], headers=_headers(nonce))
    if job.state is State.FAILED:
        return _notice("The page could not be read", _reason(job), nonce)
    if job.state is State.CANCELLED:
        return _notice("Job cancelled", "Nothing was extracted.", nonce)
    step = job.progress.step if job.progress and job.progress.step else job.state
    notice = _notice("Still at work", f"{step} …", nonce)
    notice.headers["Refresh"] = f"{_LOOK_AGAIN}; url={preview_path(job, call.paths)}"
    return notice


async def _download(call: Call, standing: Standing) -> web.StreamResponse:
    job = standing.job
    if job.result is None:
        raise WrongState(f"A job that is {job.state} has no result.")
    headers = poll_headers(standing, "-zip")
    if not_modified(call.request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    files = await call.jobs.artifacts(job.id, call.caller.owner)
    name, body = await asyncio.to_thread(_pack, job.result, files)
    headers |= {"Content-Type": "application/zip", "Content-Disposition": f'attachment; filename="{name}"'}
    return await send(call.request, [body], headers=headers)


def _render(result: Result, files: Sequence[Artifact], download: str, job_id: str, nonce: str) -> bytes:
    summary = json.loads(result.body)
    pictures, fonts = _kept(summary, files)
    page = preview_page(summary, nonce=nonce, job_id=job_id, pictures=pictures, fonts=fonts, download=download)
    return page.encode(errors="replace")


def _pack(result: Result, files: Sequence[Artifact]) -> tuple[str, bytes]:
    summary = json.loads(result.body)
    return archive_name(summary), archive(summary, *_kept(summary, files), nonce=secrets.token_urlsafe(16))


def _kept(summary: Extraction, files: Sequence[Artifact]) -> tuple[Pictures, Fonts]:
    kept = [(each.name, each.content_type, each.body) for each in files]
    return pictures_in(kept), fonts_in(summary, kept)


def _zip_path(job: Job, paths: Paths) -> str:
    return f"{preview_path(job, paths)}&format={ZIP_FORM}"


def _notice(title: str, text: str, nonce: str) -> web.Response:
    page = _NOTICE.format(title=html.escape(title), text=html.escape(text), nonce=nonce)
    return web.Response(body=page.encode(errors="replace"), headers=_headers(nonce))


def _headers(nonce: str) -> dict[str, str]:
    return PAGE | {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": preview_csp(nonce),
        "Cache-Control": "private, no-store",
    }


def _reason(job: Job) -> str:
    return job.failure.message if job.failure else "The job failed."
