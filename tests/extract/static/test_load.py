"""How the page and its style sheets get here."""

from __future__ import annotations

import asyncio
import builtins
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.errors import MissingExtra, NotHtml, PageStatus, PageUnreachable, UrlRefused
from jobserver.extract import static
from jobserver.extract.model import Capture, Request
from jobserver.extract.static.load import decode
from tests.extract.static.make_capture import base

Answers = dict[str, tuple[str, bytes]]
Serve = Callable[[Answers], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """``await serve({path: (content type, body)})`` starts a site and returns its origin."""
    async with AsyncExitStack() as stack:

        async def start(answers: Answers) -> str:
            async def answer(request: web.Request) -> web.Response:
                if request.path not in answers:
                    raise web.HTTPNotFound
                kind, body = answers[request.path]
                return web.Response(body=body, headers={"Content-Type": kind} if kind else None)

            app = web.Application()
            app.router.add_get("/{path:.*}", answer)
            server = TestServer(app, host="127.0.0.1")
            await server.start_server()
            stack.push_async_callback(server.close)
            return f"http://127.0.0.1:{server.port}"

        yield start


@pytest.fixture
async def hanging() -> AsyncIterator[str]:
    """The origin of a site with a page whose two style sheets, and a page that itself, never come."""
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if request.path != "/":
            await over.wait()
        page = "<link rel=stylesheet href=/a.css><style>@import '/b.css';button{opacity:1}</style><button>x</button>"
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.port}"
        over.set()


async def read(url: str, steps: list[tuple[float, str]] | None = None, time_limit: float = 50.0) -> Capture:
    origin = url.split("/")[2]
    said = steps if steps is not None else []
    policy = UrlPolicy(private_targets=frozenset({origin}))
    request = Request(url=url, time_limit=time_limit)
    return await static.capture(request, Gate(policy, Resolver()), lambda done, step: said.append((done, step)))


async def test_a_page_is_read_with_its_sheets_and_says_how_far_it_is(serve: Serve):
    origin = await serve(
        {
            "/": ("text/html; charset=utf-8", '<link rel=stylesheet href="a.css"><button>Käse</button>'.encode()),
            "/a.css": ("text/css", b"@import 'b.css'; button{color:red}"),
            "/b.css": ("text/css", b"button{width:1px}"),
        }
    )
    steps: list[tuple[float, str]] = []
    captured = await read(f"{origin}/", steps)
    assert base(captured.found[0].root) == {"width": "1px", "color": "red"}
    assert captured.found[0].text == "Käse"
    assert captured.warnings == []
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1] == (1.0, "done")


async def test_a_sheet_that_fails_is_a_warning(serve: Serve):
    sheets = '<link rel=stylesheet href=/gone.css><link rel=stylesheet href=/page.css><link rel=stylesheet href="http://10.0.0.1/x.css">'
    skipped = '<link rel="alternate stylesheet" href=/no1><link rel=stylesheet disabled href=/no2>'
    page = ("text/html", (sheets + skipped + "<button>x</button>").encode())
    captured = await read(await serve({"/": page, "/page.css": page}) + "/")
    assert len(captured.found) == 1
    assert [sentence.partition(":")[0][:20] for sentence in captured.warnings] == ["The style sheet http"] * 3
    assert any("URL not allowed." in sentence for sentence in captured.warnings)


async def test_sheets_that_never_come_leave_time_to_finish(hanging: str):
    async with asyncio.timeout(1.5):
        captured = await read(f"{hanging}/", time_limit=1.5)
    late = "was left out: The style sheets took longer than 0.5 seconds."
    assert captured.warnings == [f"The style sheet {hanging}/{name}.css {late}" for name in "ab"]
    assert base(captured.found[0].root) == {"opacity": "1"}


async def test_a_page_that_never_comes_fails_after_half_of_the_time(hanging: str):
    with pytest.raises(PageUnreachable, match=r"longer than 0\.25 seconds"):
        await read(f"{hanging}/never", time_limit=0.5)


async def test_sheets_that_import_each_other_end(serve: Serve):
    origin = await serve(
        {
            "/": ("text/html", b"<link rel=stylesheet href=/a.css><button>x</button>"),
            "/a.css": ("text/css", b"@import '/b.css'; @import '/a.css'; button{opacity:1}"),
            "/b.css": ("text/css", b"@import '/a.css'; button{outline:0}"),
        }
    )
    assert base((await read(f"{origin}/")).found[0].root) == {"outline": "0", "opacity": "1"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("image/svg+xml", b"<svg/>"),
        ("text/plain", b"<p>x"),
        ("application/octet-stream", b"x"),
    ],
)
async def test_what_is_not_html_is_refused(serve: Serve, kind: str, body: bytes):
    origin = await serve({"/": (kind, body)})
    with pytest.raises(NotHtml):
        await read(f"{origin}/")


async def test_the_errors_of_the_way_out_come_through(serve: Serve):
    origin = await serve({})
    with pytest.raises(PageStatus):
        await read(f"{origin}/")
    with pytest.raises(UrlRefused):
        await static.capture(Request(url=origin), Gate(UrlPolicy(), Resolver()), lambda _done, _step: None)


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("é".encode(), None, "é"),
        ("é".encode("cp1252"), None, "é"),
        ("é".encode("latin-1"), "iso-8859-1", "é"),
        (b"\xef\xbb\xbf\xc3\xa9", "iso-8859-1", "é"),
        ("é".encode("utf-16"), None, "é"),
        (b"<meta charset=koi8-r>\xe4", None, "<meta charset=koi8-r>\N{CYRILLIC CAPITAL LETTER DE}"),
        (
            b'<meta http-equiv=x content="text/html; charset=utf-16">x',
            None,
            '<meta http-equiv=x content="text/html; charset=utf-16">x',
        ),
        (b"\xc3\xa9\xff", "utf-8", "é\ufffd"),
        ("é".encode(), "no-such-charset", "é"),
        (b"", "hex", ""),
    ],
)
def test_bytes_are_read_as_browsers_read_them(body: bytes, charset: str | None, text: str):
    assert decode(body, charset) == text


async def test_without_the_parsers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.startswith(("jobserver.extract.static.", "tinycss2"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(static, "engine", raising=False)
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "tinycss2":
            raise ModuleNotFoundError(name="tinycss2")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"pip install 'jobserver\[analyze\]'"):
        await static.capture(
            Request(url="https://example.com"), Gate(UrlPolicy(), Resolver()), lambda _done, _step: None
        )
