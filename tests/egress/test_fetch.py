from __future__ import annotations

import asyncio
import gzip
import re
import shutil
import ssl
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult

from jobserver.egress.fetch import Fetched, Fetcher, FetchLimits, fetch
from jobserver.egress.gate import Gate
from jobserver.egress.pinned import PinnedResolver
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.errors import PageError, PageStatus, PageTooLarge, PageUnreachable, UrlRefused
from tests.egress.servers import Admitting, Page, RawServer, Site, loopback, saying


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello", content_type="text/html")


async def echo(request: web.Request) -> web.Response:
    lines = [request.raw_path, *(f"{name}: {value}" for name, value in request.headers.items())]
    return web.Response(text="\n".join(lines), headers={"Set-Cookie": "a=b"})


def answering(body: bytes, status: int = 200, **headers: str) -> Page:
    async def page(_request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, status=status, headers=named)

    return page


def redirecting(location: str, status: int = 302) -> Page:
    return answering(b"moved", status, Location=location)


async def get(policy: UrlPolicy, url: str, limits: FetchLimits | None = None) -> Fetched:
    return await fetch(url, gate=Gate(policy, Resolver()), limits=limits)


async def test_a_page_is_fetched_with_what_it_says_about_itself(site: Site, admitting: Admitting) -> None:
    origin = await site({"/": answering(b"gr\xfc\xdfe", Content_Type='Text/HTML; Charset="ISO-8859-1"')})
    assert await get(admitting(origin), f"{origin}/#part") == Fetched(
        url=f"{origin}/#part", status=200, content_type="text/html", charset="iso-8859-1", body=b"gr\xfc\xdfe"
    )


async def test_a_page_without_a_content_type_claims_none(raw_server: RawServer, admitting: Admitting) -> None:
    origin = await raw_server(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
    fetched = await get(admitting(origin), origin)
    assert (fetched.content_type, fetched.charset, fetched.body) == ("", None, b"hi")


async def test_the_server_sees_the_rebuilt_url_and_no_cookies(site: Site, admitting: Admitting) -> None:
    origin = (await site({"/{path:.*}": echo})).replace("127.0.0.1", "site.example")
    async with Fetcher(Gate(admitting(origin), Resolver(loopback)), user_agent="jobserver/1") as fetcher:
        await fetcher.get(origin)
        fetched = await fetcher.get(f"{origin}/ü%2F%zz|[a]?q=ü%26#part", accept="text/css")
    path, *headers = fetched.body.decode().splitlines()
    assert path == "/%C3%BC%2F%zz|[a]?q=%C3%BC%26"
    assert sorted(headers) == [
        "Accept-Encoding: gzip, deflate",
        "Accept: text/css",
        f"Host: {origin.removeprefix('http://')}",
        "User-Agent: jobserver/1",
    ]


async def test_a_proxy_in_the_environment_is_not_used(
    site: Site, admitting: Admitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin, proxy = await site({"/": hello}), await site({"/": answering(b"from the proxy")})
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("http_proxy", proxy)
    assert (await get(admitting(origin), origin)).body == b"hello"


async def test_a_reference_is_fetched_relative_to_its_page(site: Site, admitting: Admitting) -> None:
    origin = await site({"/css/a.css": hello})
    async with Fetcher(Gate(admitting(origin), Resolver())) as fetcher:
        assert (await fetcher.get("../css/a.css", base=f"{origin}/pages/b")).url == f"{origin}/css/a.css"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(status: int, site: Site, admitting: Admitting) -> None:
    origin = await site({"/dir/old": redirecting("new?x=1", status), "/dir/new": hello})
    fetched = await get(admitting(origin), f"{origin}/dir/old")
    assert (fetched.url, fetched.body) == (f"{origin}/dir/new?x=1", b"hello")


async def test_five_redirects_are_followed_and_a_sixth_is_not(site: Site, admitting: Admitting) -> None:
    origin = await site({f"/{n}": redirecting(f"/{n - 1}") for n in range(1, 7)} | {"/0": hello})
    assert (await get(admitting(origin), f"{origin}/5")).body == b"hello"
    with pytest.raises(PageStatus, match=r"^The page redirects more than 5 times\.$"):
        await get(admitting(origin), f"{origin}/6")


async def test_a_redirect_loop_ends(site: Site, admitting: Admitting) -> None:
    origin = await site({"/a": redirecting("/b"), "/b": redirecting("/a")})
    with pytest.raises(PageStatus):
        await get(admitting(origin), f"{origin}/a")


async def test_a_redirect_to_a_private_address_is_refused_before_it_is_visited(
    site: Site, admitting: Admitting
) -> None:
    visits: list[str] = []

    async def canary(request: web.Request) -> web.Response:
        visits.append(request.path)
        return web.Response()

    inside = await site({"/": canary})
    origin = await site({"/": redirecting(inside)})
    with pytest.raises(UrlRefused) as refused:
        await get(admitting(origin), origin)
    assert (refused.value.url, visits) == (inside, [])


@pytest.mark.parametrize(
    ("location", "stage"),
    [
        ("http://169.254.169.254/latest/meta-data/", "address"),
        ("http://localhost/", "name"),
        ("//[::1]/", "address"),
        ("file:///etc/passwd", "scheme"),
        ("http://user@example.com/", "authority"),
        ("http://spoofed.example/", "resolve"),
    ],
)
async def test_every_hop_goes_through_every_stage(
    location: str, stage: str, site: Site, admitting: Admitting, packets: list[str]
) -> None:
    async def spoofed(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.215.14", "127.0.0.1"]

    origin = await site({"/": redirecting(location)})
    with pytest.raises(UrlRefused) as refused:
        await fetch(origin, gate=Gate(admitting(origin), Resolver(spoofed)))
    assert refused.value.stage == stage
    assert len(packets) == 1, "the one connection to the page itself"


async def test_a_redirect_that_leads_nowhere_is_the_page(raw_server: RawServer, admitting: Admitting) -> None:
    origin = await raw_server(saying(b"HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nhi"))
    assert (await get(admitting(origin), origin)).body == b"hi"


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, PageStatus), (403, PageStatus), (404, PageStatus), (429, PageUnreachable), (500, PageUnreachable)],
)
async def test_an_error_status_is_named(status: int, error: type[PageError], site: Site, admitting: Admitting) -> None:
    origin = await site({"/": answering(b"", status)})
    with pytest.raises(error, match=rf"^The page answered {status}\.$"):
        await get(admitting(origin), origin)


async def test_a_compressed_page_is_unpacked(site: Site, admitting: Admitting) -> None:
    origin = await site({"/": answering(gzip.compress(b"hello" * 1000), Content_Encoding="gzip")})
    assert (await get(admitting(origin), origin)).body == b"hello" * 1000


async def test_a_page_of_exactly_the_limit_is_not_too_large(site: Site, admitting: Admitting) -> None:
    origin = await site({"/": answering(b"12345")})
    assert (await get(admitting(origin), origin, FetchLimits(max_bytes=5, max_total_bytes=5))).body == b"12345"


async def test_a_gzip_bomb_is_stopped_at_the_limit(site: Site, admitting: Admitting) -> None:
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    origin = await site({"/": answering(bomb, Content_Encoding="gzip")})
    with pytest.raises(PageTooLarge, match=r"^The page is larger than 1,000,000 bytes\.$"):
        await get(admitting(origin), origin, FetchLimits(max_bytes=1_000_000))


async def test_a_deflate_bomb_is_stopped_at_the_limit(site: Site, admitting: Admitting) -> None:
    bomb = zlib.compress(bytes(100_000_000), level=1)
    origin = await site({"/": answering(bomb, Content_Encoding="deflate")})
    with pytest.raises(PageTooLarge):
        await get(admitting(origin), origin, FetchLimits(max_bytes=1_000_000))


async def test_bombs_that_are_small_enough_one_by_one_are_stopped_together(site: Site, admitting: Admitting) -> None:
    bomb = gzip.compress(bytes(900_000))
    origin = await site({"/": answering(bomb, Content_Encoding="gzip")})
    limits = FetchLimits(max_bytes=1_000_000, max_total_bytes=2_000_000)
    async with Fetcher(Gate(admitting(origin), Resolver()), limits) as fetcher:
        for _ in range(2):
            await fetcher.get(origin)
        with pytest.raises(PageTooLarge, match=r"^The page and its parts are larger than 2,000,000 bytes\.$"):
            await fetcher.get(origin)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br"])
async def test_a_coding_that_was_not_offered_is_not_unpacked(coding: str, site: Site, admitting: Admitting) -> None:
    """Twice packed is where a bomb is a thousand times a thousand."""
    body = gzip.compress(gzip.compress(bytes(20_000_000), 1), 1)
    origin = await site({"/": answering(body, Content_Encoding=coding)})
    try:
        fetched = await get(admitting(origin), origin, FetchLimits(max_bytes=1_000_000))
    except PageError:
        return
    assert len(fetched.body) <= 1_000_000


async def test_what_was_refused_on_the_way_is_remembered(site: Site, admitting: Admitting) -> None:
    origin = await site({"/": redirecting("http://10.0.0.1/")})
    gate = Gate(admitting(origin), Resolver())
    for _ in range(2):
        with pytest.raises(UrlRefused):
            await fetch(origin, gate=gate)
    assert gate.refusals.lines() == ["Refused, address: http://10.0.0.1/ (2 times)"]


async def test_a_connection_that_reached_elsewhere_is_remembered(
    site: Site, admitting: Admitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = (await site({"/": hello})).replace("127.0.0.1", "site.example")
    gate = Gate(admitting(origin), Resolver(loopback))
    monkeypatch.setattr(PinnedResolver, "pinned", lambda *_: ("127.0.0.2",))
    async with Fetcher(gate) as fetcher:
        monkeypatch.setattr(PinnedResolver, "resolve", _resolved_to_loopback)
        with pytest.raises(UrlRefused):
            await fetcher.get(origin)
    assert gate.refusals.lines() == [f"Refused, peer: {origin}/"]


async def _resolved_to_loopback(_: PinnedResolver, host: str, port: int, family: int) -> list[ResolveResult]:
    return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)]


async def test_an_endless_body_is_stopped_at_the_limit(raw_server: RawServer, admitting: Admitting) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()

    origin = await raw_server(endless)
    with pytest.raises(PageTooLarge):
        await get(admitting(origin), origin, FetchLimits(max_bytes=1_000_000))


async def test_a_body_that_is_announced_too_large_is_not_waited_for(
    raw_server: RawServer, admitting: Admitting
) -> None:
    async def boast(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        await reader.read()

    origin = await raw_server(boast)
    with pytest.raises(PageTooLarge):
        await get(admitting(origin), origin)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow"])
async def test_a_slow_page_is_given_up_at_the_time_limit(
    start: bytes, raw_server: RawServer, admitting: Admitting
) -> None:
    async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await reader.read()

    origin = await raw_server(dawdle)
    with pytest.raises(PageUnreachable, match=r"^The page took longer than 0\.2 seconds\.$"):
        await get(admitting(origin), origin, FetchLimits(time_limit=0.2))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "The page's server closed the connection without an answer."),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "The page's answer could not be understood."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "The page's answer could not be understood."),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", "The page's answer could not be understood."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "The page's answer is broken or incomplete."),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain", "The page's answer is broken or incomplete."),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nodd", "The page's answer could not be understood."),
    ],
)
async def test_a_broken_answer_is_explained_without_naming_addresses(
    answer: bytes, sentence: str, raw_server: RawServer, admitting: Admitting
) -> None:
    origin = await raw_server(saying(answer))
    with pytest.raises(PageUnreachable, match=f"^{re.escape(sentence)}$"):
        await get(admitting(origin), origin)


async def test_a_server_that_is_not_there_is_explained_without_naming_addresses(
    site: Site, admitting: Admitting, unused_tcp_port: int
) -> None:
    origin = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(PageUnreachable, match=r"^The page's server did not accept a connection\.$"):
        await get(admitting(origin), origin)


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    pem = str(tmp_path / "server.pem")
    make = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*make.split(), "-subj", "/CN=127.0.0.1", "-keyout", pem, "-out", f"{pem}.crt"], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pem}.crt", pem)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    site: Site, admitting: Admitting, self_signed: ssl.SSLContext
) -> None:
    origin = await site({"/": hello}, ssl=self_signed)
    with pytest.raises(PageUnreachable, match=r"^The page's certificate could not be verified\.$"):
        await get(admitting(origin), origin)


async def test_https_to_a_plain_server_is_explained(site: Site, admitting: Admitting) -> None:
    origin = (await site({"/": hello})).replace("http:", "https:")
    with pytest.raises(PageUnreachable, match=r"^A secure connection to the page could not be made\.$"):
        await get(admitting(origin), origin)


async def test_one_extraction_has_a_bounded_number_of_requests(site: Site, admitting: Admitting) -> None:
    origin = await site({"/": redirecting("/page"), "/page": hello})
    async with Fetcher(Gate(admitting(origin), Resolver()), FetchLimits(max_requests=3)) as fetcher:
        await fetcher.get(origin)
        await fetcher.get(f"{origin}/page")
        with pytest.raises(PageTooLarge, match=r"^The page needs more than 3 requests\.$"):
            await fetcher.get(f"{origin}/page")


async def test_one_extraction_has_a_bounded_number_of_bytes(site: Site, admitting: Admitting) -> None:
    origin = await site({"/": answering(bytes(600))})
    async with Fetcher(Gate(admitting(origin), Resolver()), FetchLimits(max_total_bytes=1000)) as fetcher:
        await fetcher.get(origin)
        with pytest.raises(PageTooLarge, match=r"^The page and its parts are larger than 1,000 bytes\.$"):
            await fetcher.get(origin)


async def test_a_name_that_changes_its_address_still_leads_to_the_first(site: Site) -> None:
    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return [answers.pop(0)]

    answers = ["127.0.0.1", "127.0.0.2"]
    first = await site({"/": answering(b"first", Connection="close")})
    port = int(first.rpartition(":")[2])
    await site({"/": answering(b"second")}, host="127.0.0.2", port=port)
    policy = UrlPolicy(private_targets=frozenset({f"site.example:{port}"}))
    async with Fetcher(Gate(policy, Resolver(rebinding))) as fetcher:
        bodies = [(await fetcher.get(f"http://site.example:{port}/")).body for _ in range(2)]
    assert bodies == [b"first", b"first"]


async def test_an_international_name_is_asked_for_in_ascii(site: Site) -> None:
    asked: list[str] = []

    async def here(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return await loopback(host, port)

    port = int((await site({"/": echo})).rpartition(":")[2])
    policy = UrlPolicy(private_targets=frozenset({f"xn--bcher-kva.example:{port}"}))
    fetched = await fetch(f"http://bücher.example:{port}/", gate=Gate(policy, Resolver(here)))
    assert f"Host: xn--bcher-kva.example:{port}" in fetched.body.decode().splitlines()
    assert asked == ["xn--bcher-kva.example"]


async def test_style_sheets_can_be_fetched_at_the_same_time(site: Site, admitting: Admitting) -> None:
    origin = await site({"/{name}": echo})
    async with Fetcher(Gate(admitting(origin), Resolver())) as fetcher:
        sheets = await asyncio.gather(*(fetcher.get(f"{origin}/{n}.css") for n in range(20)))
    assert [sheet.body.split(b"\n")[0] for sheet in sheets] == [b"/%d.css" % n for n in range(20)]
