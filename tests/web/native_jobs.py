"""Jobs on the native face: made, ended and asked for."""

from __future__ import annotations

from typing import Any

from tests.web.site import Site


async def job(site: Site, kind: str = "sleep", args: dict[str, Any] | None = None, **members: Any) -> str:
    """A new job's id."""
    headers = members.pop("by", {})
    response = await site.ask("POST", "/v1/jobs", {"kind": kind, "args": args or {}, **members}, **headers)
    assert response.status == 202, await response.text()
    return str((await response.json())["jobId"])


async def ended(site: Site, kind: str = "keep", args: dict[str, Any] | None = None, **members: Any) -> str:
    """The id of a job that has ended."""
    job_id = await job(site, kind, args, **members)
    await site.jobs.wait(job_id, None, 10)
    return job_id


async def told(site: Site, path: str, **headers: str) -> Any:
    response = await site.ask("GET", path, **headers)
    assert response.status == 200, await response.text()
    return await response.json()
