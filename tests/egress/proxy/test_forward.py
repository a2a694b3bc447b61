"""Plain requests in absolute form, before hostile servers and hostile clients."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from jobserver.egress.resolver import Resolver
from tests.egress.proxy.talking import Ask, Connect, Proxied, Refused, reset
from tests.egress.servers import RawServer, saying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def get(origin: str, path: str = "/", more: str = "") -> str:
    return f"GET {origin}{path} HTTP/1.1\r\nHost: {origin.split('://')[1]}\r\n{more}\r\n"


class Recorder:
    """A server that keeps the connections open and remembers what it heard on each."""

    def __init__(self, answer: bytes = OK) -> None:
        self.heard: list[bytearray] = []
        self._answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = bytearray()
        self.heard.append(heard)
        while data := await reader.read(65_536):
            heard += data
            if b"\r\n\r\n" in data:
                writer.write(self._answer)
                await writer.drain()


# -- what the server gets -------------------------------------------------------------------------------------------


async def test_a_request_is_passed_on_in_origin_form(proxied: Proxied, ask: Ask, raw_server: RawServer):
    origin = (await raw_server(recorder := Recorder())).replace("127.0.0.1", "Site.example")
    more = "User-Agent: x\r\nConnection: x-mine\r\nX-Mine: 1\r\nProxy-Connection: keep-alive\r\nA: \xfc\r\n"
    answer = await ask(
        await proxied(origin.lower(), idle_time=0.2), get(origin, "/a/../ü?b=|".replace("ü", "%C3%BC"), more)
    )
    assert answer == b"HTTP/1.1 200 \r\ncontent-length: 2\r\nConnection: close\r\n\r\nhi"
    [heard] = recorder.heard
    host = origin.lower().split("://")[1]
    assert heard.decode("latin-1").split("\r\n") == [
        *("GET /%C3%BC?b=| HTTP/1.1", f"Host: {host}", "user-agent: x", "a: \xfc", "Connection: close", "", "")
    ]


async def test_the_host_is_that_of_the_url_whatever_the_client_says(proxied: Proxied, ask: Ask, raw_server: RawServer):
    origin = await raw_server(recorder := Recorder())
    await ask(await proxied(origin, idle_time=0.2), f"GET {origin}/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n")
    assert f"\r\nHost: {origin.split('://')[1]}\r\n".encode() in recorder.heard[0]
    assert b"169.254" not in recorder.heard[0]


async def test_a_body_of_exactly_its_length_is_passed_on(proxied: Proxied, talk: Connect, raw_server: RawServer):
    origin = await raw_server(recorder := Recorder())
    client = await talk(await proxied(origin, idle_time=0.2))
    client.say(f"POST {origin}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    client.say(b"b" * 100_000 + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await client.rest()
    [heard] = recorder.heard
    assert heard.partition(b"\r\n\r\n")[2] == b"b" * 100_000


async def test_a_second_request_on_the_connection_is_nobodys(proxied: Proxied, ask: Ask, raw_server: RawServer):
    origin = await raw_server(recorder := Recorder(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n" + OK[17:]))
    other = await raw_server(others := Recorder())
    answer = await ask(await proxied(origin, other, idle_time=0.2), get(origin) + get(origin, "/2") + get(other))
    assert answer.count(b"HTTP/1.1") == 1
    assert b"Connection: close\r\n" in answer
    assert b"keep-alive" not in answer
    assert [heard.count(b"GET ") for heard in recorder.heard] == [1]
    assert others.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/",
        "http://localhost/",
        "http://127.0.0.1:8099/",
        "http://[::1]/",
        "http://user@example.com/",
        "http://0x7f.1/",
    ],
)
async def test_a_refused_url_is_not_connected_to(url: str, refused: Refused):
    answer, noted = await refused(Resolver(), f"GET {url} HTTP/1.1\r\nHost: example.com\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert noted == [url]


@pytest.mark.parametrize("text", ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\r\n\r\n", "x" * 40_000])
async def test_what_is_no_request_to_a_proxy_is_a_bad_request(text: str, proxied: Proxied, ask: Ask):
    assert (await ask(await proxied(), text)).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_transfer_coding_in_a_request_is_not_implemented(proxied: Proxied, ask: Ask):
    answer = await ask(await proxied(), "POST http://a.b/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0")
    assert answer.startswith(b"HTTP/1.1 501 ")


async def test_half_a_request_is_given_up(proxied: Proxied, talk: Connect):
    client = await talk(await proxied(head_time=0.05))
    client.say("GET http://site.exa")
    assert await client.is_cut()


async def test_half_a_request_that_ends_is_a_bad_request(proxied: Proxied, talk: Connect):
    client = await talk(await proxied())
    client.say("GET http://site.exa")
    client.writer.write_eof()
    assert await client.status() == 400


async def test_half_a_body_is_given_up(proxied: Proxied, talk: Connect, raw_server: RawServer):
    async def wait_for_it(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    origin = await raw_server(wait_for_it)
    client = await talk(await proxied(origin, idle_time=0.05))
    client.say(f"POST {origin}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
    assert await client.status() == 504


# -- what the browser gets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhi",
        b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hi", mtime=0),
        b"HTTP/1.1 404 Not Found\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\xff\r\nContent-Length: 2\r\n\r\nhi",
    ],
)
async def test_an_answer_is_passed_back_as_it_is(answer: bytes, proxied: Proxied, ask: Ask, raw_server: RawServer):
    origin = await raw_server(saying(answer))
    got_head, _, got_body = (await ask(await proxied(origin), get(origin))).partition(b"\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert got_body == body
    fields = [line.partition(b": ") for line in head.split(b"\r\n")[1:]]
    assert got_head.split(b"\r\n")[1:] == [b"%s: %s" % (name.lower(), v) for name, _, v in fields] + [
        b"Connection: close"
    ]


async def test_interim_answers_are_passed_over(proxied: Proxied, ask: Ask, raw_server: RawServer):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    origin = await raw_server(saying(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + OK))
    answer = await ask(await proxied(origin), get(origin))
    assert (answer.count(b"HTTP/1.1"), answer[-2:]) == (1, b"hi")


async def test_a_server_that_keeps_the_connection_open_does_not_keep_it_from_ending(
    proxied: Proxied, talk: Connect, raw_server: RawServer
):
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read()
        gone.set()

    origin = await raw_server(hold)
    client = await talk(await proxied(origin))
    client.say(get(origin))
    assert await client.status() == 200
    assert await client.reader.readexactly(2) == b"hi"
    client.writer.close()  # as a browser does after `Connection: close`
    await gone.wait()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nA: b\x00\r\n\r\nhi",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9 + OK,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_that_cannot_be_understood_is_a_bad_gateway(
    answer: bytes, proxied: Proxied, ask: Ask, raw_server: RawServer
):
    origin = await raw_server(saying(answer))
    got = await ask(await proxied(origin), get(origin))
    assert got.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"Proxy-Authenticate" not in got


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_a_head_that_does_not_come_is_a_time_out(start: bytes, proxied: Proxied, ask: Ask, raw_server: RawServer):
    async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await reader.read()

    origin = await raw_server(dawdle)
    assert (await ask(await proxied(origin, idle_time=0.05), get(origin))).startswith(b"HTTP/1.1 504 ")


async def test_a_head_in_drops_is_a_time_out_too(proxied: Proxied, ask: Ask, raw_server: RawServer):
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)  # dripping is what it is about

    origin = await raw_server(drip)
    assert (await ask(await proxied(origin, idle_time=0.2), get(origin))).startswith(b"HTTP/1.1 504 ")


@pytest.mark.parametrize("flood", [b"HTTP/1.1 100 Continue\r\n\r\n", b"X: y\r\n"])
async def test_a_head_without_end_is_a_bad_gateway(flood: bytes, proxied: Proxied, ask: Ask, raw_server: RawServer):
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n")
        while True:
            writer.write(flood * 1000)
            await writer.drain()

    origin = await raw_server(endless)
    proxy = await proxied(origin)
    assert (await ask(proxy, get(origin))).startswith(b"HTTP/1.1 502 ")
    assert proxy.bytes_used < 200_000


async def test_a_body_that_stops_is_cut_off_and_not_ended(proxied: Proxied, talk: Connect, raw_server: RawServer):
    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await reader.read()

    origin = await raw_server(stop)
    client = await talk(await proxied(origin, idle_time=0.1))
    client.say(get(origin))
    assert await client.status() == 200
    assert await client.is_cut(), "without a length, a proper end would make the half a whole"


async def test_a_body_whose_connection_breaks_is_cut_off(proxied: Proxied, talk: Connect, raw_server: RawServer):
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await writer.drain()
        await started.wait()
        reset(writer)

    started = asyncio.Event()
    origin = await raw_server(slam)
    client = await talk(await proxied(origin))
    client.say(get(origin))
    assert await client.status() == 200
    started.set()
    assert await client.is_cut()


async def test_a_server_may_answer_before_it_has_read_everything(
    proxied: Proxied, talk: Connect, raw_server: RawServer
):
    async def too_much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    origin = await raw_server(too_much)
    client = await talk(await proxied(origin))
    client.say(f"POST {origin}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
    client.say("in time!!")
    assert await client.status() == 413
