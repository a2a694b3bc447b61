"""A real server in the test's own process, whose pages are made by a toy instead of a browser."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from jobserver.auth.keys import new_key
from jobserver.auth.signing import Credentials
from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import InvalidRequest, MissingUrl, UrlRefused
from jobserver.handlers.bulk import Bulk
from jobserver.jobs.access import EVERYTHING, Scope
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.model import Artifact, Result
from jobserver.jobs.policy import Policy
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.web.app import web_app
from jobserver.web.keys import WebSettings
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.registry import Args, Context, Handler, registry

SECRET = "a secret of the tests"
BRIEF = b'{"url":"https://example.com/","componentCount":1}'
SIGNED = {"x-cliq-signature": SECRET}


def summary(url: str) -> dict[str, Any]:
    """What the toy extraction makes of any page."""
    component = {
        "index": 1,
        "kind": "button",
        "cleanedHtml": "<button>Go</button>",
        "htmlSnippet": '<button class="gen-button-1">Go</button>',
        "className": "gen-button-1",
        "css": ".gen-button-1 {\n  color: red;\n}",
        "reactSnippet": "export function Button1() {}",
        "originalOuterHTML": "<button>Go</button>",
        "count": 1,
        "instances": [{"text": "Go"}],
        "selector": "button",
        "box": {"x": 0, "y": 0, "width": 40, "height": 20},
        "componentName": "Button1",
    }
    return {
        "url": url,
        "componentCount": 1,
        "components": [component],
        "cssFile": component["css"],
        "reactFile": component["reactSnippet"],
        "completedAt": "2026-01-01T00:00:00.000Z",
        "title": "Toy",
        "engine": "static",
        "warnings": [],
    }


@dataclass
class Site:
    """``gate``: jobs run to their end while it is open. ``fail``: what they raise instead, once it is.

    ``handlers``: kinds of job beside ``analyze`` (one at a time, in the queue ``default``) and operations.
    """

    client: TestClient[Any, Any] = field(init=False)
    jobs: Jobs = field(init=False)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fail: Exception | None = None
    title: str = "Toy"
    files: Sequence[Artifact] = ()
    seen: list[Args] = field(default_factory=list)
    max_queue: int = 100
    credentials: Credentials = field(default_factory=lambda: Credentials((SECRET,)))
    settings: WebSettings = field(default_factory=WebSettings)
    policy: Policy = field(default_factory=Policy)
    handlers: Sequence[Handler] = ()

    async def __aenter__(self) -> Self:
        clock, stats = SteadyClock(), Stats()
        self.engine = MemoryEngine(clock, limits=Limits(jobs=self.max_queue))
        analyze = Handler("analyze", self._run, policy=self.policy, validate=self._validate, concurrency=1)
        kinds = registry([analyze, Bulk(lambda: self.jobs).handler(), *self.handlers])
        self.jobs = Jobs(self.engine, kinds, clock, stats)
        for handler in kinds.values():
            await self.jobs.set_queue(handler.queue, concurrency=handler.concurrency)
        self.crew = Crew(self.engine, kinds, clock, stats, CrewSettings(stop_grace=0.1))
        app = web_app(self.jobs, self.credentials, self.settings, {"analyze": "toy"})
        self.client = TestClient(TestServer(app))
        await self.client.start_server()
        await self.crew.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.jobs.begin_drain()
        await self.crew.drain(0)
        await self.client.close()

    def _validate(self, args: Args) -> Args:
        url = args.get("url")
        if not isinstance(url, str) or not url.strip():
            raise MissingUrl
        if "internal" in url:
            raise UrlRefused(stage="name", url=url)
        if args.get("engine") == "steam":
            raise InvalidRequest("engine must be one of auto.", pointer="/engine")
        return args

    async def _run(self, context: Context, args: Args) -> Any:
        self.seen.append(args)
        context.progress(0.25, "Reading the page")
        await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        for file in self.files:
            context.artifact(file.name, file.body, file.content_type)
        made = summary(args["url"]) | {"title": self.title}
        return Result(json.dumps(made, separators=(",", ":"), ensure_ascii=False).encode(), BRIEF)

    async def post(self, url: object = "https://example.com/", **headers: str) -> ClientResponse:
        return await self.client.post("/analyze", json={"url": url}, headers=SIGNED | headers)

    async def submit(self, url: str = "https://example.com/") -> str:
        """Post a page and return its job's id."""
        response = await self.post(url)
        assert response.status == 202, await response.text()
        return str((await response.json())["jobId"])

    async def ask(self, method: str, path: str, json: Any = None, **headers: str) -> ClientResponse:
        """Ask as the owner of the shared secret, or as whoever the ``Authorization`` among ``headers`` names."""
        who = {} if "Authorization" in headers else SIGNED
        return await self.client.request(method, path, json=json, headers=who | headers)

    async def key(self, owner: str, *scopes: Scope, quota: int | None = None) -> Mapping[str, str]:
        """The headers of a caller with a new key of ``owner``, with all scopes but manage unless some are named."""
        key, token = new_key(owner, scopes or EVERYTHING - {Scope.MANAGE}, self.jobs.now(), quota=quota)
        await self.jobs.put_key(key)
        return {"Authorization": f"Bearer {token}"}

    async def poll(self, job_id: str, query: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
        response = await self.client.get(f"/result/{job_id}{query}", headers=SIGNED | headers)
        return response.status, await response.json()

    async def done(self) -> str:
        """A job that has ended."""
        self.gate.set()
        job_id = await self.submit()
        await self.poll(job_id, "?wait=10")
        return job_id


def sign(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def assert_problem(response: ClientResponse, status: int, error: str, code: str) -> dict[str, Any]:
    """The one error shape, on every failing route."""
    body: dict[str, Any] = json.loads(await response.read())
    assert (response.status, body["error"], body["code"]) == (status, error, code)
    assert response.content_type == "application/problem+json"
    assert list(body)[:8] == ["ok", "error", "type", "title", "status", "detail", "instance", "code"]
    assert (body["ok"], body["status"], body["detail"]) == (False, status, error)
    return body
