"""How many connections there may be, and what those are told for whom there is no room."""

from __future__ import annotations

import errno
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jobserver.auth.addresses import parse_proxies
from jobserver.web.connections.limits import ConnectionLimits
from jobserver.web.connections.places import Places
from tests.make import until
from tests.web.connections.door import HEALTH, door


async def test_whoever_finds_no_place_is_told_503_in_the_one_shape_and_counted():
    async with door(max_connections=2) as server:
        peers = [await server.knock(HEALTH) for _ in range(2)]
        for peer in peers:
            assert await peer.answer() == (200, {"ok": True})
        head, _, body = (await (await server.knock()).heard()).partition(b"\r\n\r\n")
        problem = json.loads(body)
        assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nRetry-After: 5\r\n" in head
        assert b"\r\nX-Request-Id: req-" in head
        assert (problem["ok"], problem["code"], problem["status"]) == (False, "unavailable", 503)
        assert server.meter.turned_away == {"total": 1}
        assert server.meter.connections == 2


async def test_a_place_is_free_again_when_its_connection_closes():
    async with door(max_connections=1) as server:
        peer = await server.knock(HEALTH)
        await peer.answer()
        await peer.close()
        await until(lambda: server.meter.connections == 0)
        assert await (await server.knock(HEALTH)).answer() == (200, {"ok": True})


async def test_one_address_leaves_room_for_others():
    async with door(max_connections_per_address=1) as server:
        await (await server.knock(HEALTH, source="127.0.0.2")).answer()
        assert b" 503 " in await (await server.knock(source="127.0.0.2")).heard()
        assert await (await server.knock(HEALTH, source="127.0.0.3")).answer() == (200, {"ok": True})
        assert server.meter.turned_away == {"address": 1}


async def test_a_trusted_proxy_has_as_many_as_there_are_in_all():
    async with door(max_connections_per_address=1, trusted_proxies=("loopback",)) as server:
        for _ in range(3):
            assert await (await server.knock(HEALTH)).answer() == (200, {"ok": True})


async def test_on_a_unix_socket_only_the_total_counts(tmp_path: Path):
    async with door(unix=tmp_path / "socket", max_connections=2, max_connections_per_address=1) as server:
        for _ in range(2):
            assert await (await server.knock(HEALTH)).answer() == (200, {"ok": True})
        assert b" 503 " in await (await server.knock()).heard()


def test_an_ipv6_network_of_one_customer_counts_as_one_address():
    places = Places(ConnectionLimits(most_per_address=1, trusted=parse_proxies(["10.0.0.0/8"])))
    places.take(places.holder("2001:db8::1"))
    assert places.full(places.holder("2001:db8::2")) == "address"
    assert places.full(places.holder("2001:db8:0:1::1")) == ""
    assert places.full(places.holder("::ffff:10.0.0.1")) == ""
    places.give(places.holder("2001:db8::3"))
    assert places.full(places.holder("2001:db8::2")) == ""


class _Exhausted(socket.socket):
    """A listening socket of a process that has no file descriptor left, for one moment."""

    asked = 0

    def accept(self) -> tuple[socket.socket, object]:
        type(self).asked += 1
        if self.asked == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_without_a_descriptor_for_it_a_connection_waits_and_the_server_does_not_spin(
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level("INFO", "jobserver.web.connections")
    async with door() as server:
        bound = _Exhausted(socket.AF_INET, socket.SOCK_STREAM)
        bound.bind(("127.0.0.1", 0))
        await server.runner.listen(bound)
        server.address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        assert await (await server.knock(HEALTH)).answer() == (200, {"ok": True})
        assert _Exhausted.asked <= 4
    assert [record.getMessage() for record in caplog.records] == ["No connection can be taken: Too many open files."]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [((300, 4_000), "1000 1256"), ((300, 300), "150 300"), ((2_000, 2_000), "1000 2000")],
    ids=["can be raised", "cannot", "is enough"],
)
def test_the_process_gets_the_descriptors_its_connections_need_or_has_fewer_connections(
    limits: tuple[int, int], expected: str
):
    program = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, {limits})\n"
        "from jobserver.web.connections.descriptors import room_for\n"
        "print(room_for(1000), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == expected
    assert ("MAX_CONNECTIONS is 1000, but only 300 files" in said.stderr) == (limits == (300, 300))
