"""The README's PowerShell, which cannot run here: it parses, and its traffic gets the answers its loops wait for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobserver.errors import PageStatus
from tests.docs.pages import README, blocks
from tests.docs.powershell import parse, requests
from tests.docs.wire import Wire
from tests.web.site import Site

SCRIPTS = blocks(README, "powershell")
TALKING = [script for script in SCRIPTS if "Invoke-RestMethod" in script]

# What each version adds to a request, from what is known of both. Only Windows PowerShell asks for 100 Continue.
WINDOWS_5_1 = {
    "User-Agent": "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.4391",
    "Expect": "100-continue",
    "Connection": "Keep-Alive",
}
CORE_7 = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.22631; en-US) PowerShell/7.4.6",
    "Accept-Encoding": "gzip, deflate, br",
}
VERSIONS = pytest.mark.parametrize("version", [WINDOWS_5_1, CORE_7], ids=["5.1", "7"])


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_a_script_parses(script: str):
    assert not parse(script).has_error


def to_json(version: dict[str, str], value: dict[str, str]) -> str:
    """ConvertTo-Json: four columns and two spaces in 5.1, as JSON is mostly printed in 7; lines end as on Windows."""
    if version is CORE_7:
        return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\r\n")
    members = ",\r\n".join(f'    "{name}":  {json.dumps(text, ensure_ascii=False)}' for name, text in value.items())
    return f"{{\r\n{members}\r\n}}"


async def invoke(wire: Wire, version: dict[str, str], said: dict[str, Any]) -> dict[str, Any]:
    """Invoke-RestMethod: anything but success throws."""
    status, answer = await wire.send(*as_sent(version, said))
    assert status < 300, answer
    return answer


def as_sent(version: dict[str, str], said: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    """A request of ``version``: text goes out in Latin-1 unless the content type names a charset (7: always UTF-8)."""
    scheme, _, rest = said["uri"].partition("://")
    host, _, path = rest.partition("/")
    assert scheme == "http"
    start = f"{said.get('method', 'Get').upper()} /{path} HTTP/1.1"
    if "body" not in said:
        quiet = {name: value for name, value in version.items() if name != "Expect"}
        return start, said["headers"] | quiet | {"Host": host}, b""
    label = said["contenttype"]
    charset = "utf-8" if version is CORE_7 or "charset=utf-8" in label else "latin-1"
    body = to_json(version, said["body"]).encode(charset)
    sizes = {"Content-Type": label, "Host": host, "Content-Length": str(len(body))}
    return start, said["headers"] | version | sizes, body


@VERSIONS
@pytest.mark.parametrize("fail", [None, PageStatus("The page answered 404.")], ids=["done", "failed"])
@pytest.mark.parametrize("script", TALKING, ids=range(len(TALKING)))
async def test_a_script_queues_a_page_and_its_loop_ends(
    script: str, version: dict[str, str], fail: Exception | None, site: Site
):
    submit, poll = requests(script)
    async with Wire(site.client.port or 0) as wire:
        queued = await invoke(wire, version, submit)
        assert (queued["ok"], queued["status"]) == (True, "queued")
        site.fail = fail
        site.gate.set()
        poll["uri"] = poll["uri"].replace("{jobId}", queued["jobId"])
        while (result := await invoke(wire, version, poll))["status"] not in {"done", "failed"}:
            assert result["status"] in {"queued", "processing"}
    assert result["error" if fail else "summary"]


@pytest.mark.parametrize(("label", "status"), [("application/json", 400), ("application/json; charset=utf-8", 202)])
async def test_windows_powershell_needs_a_charset_beyond_ascii(label: str, status: int, site: Site):
    submit, _ = requests(TALKING[0])
    said = submit | {"body": {"url": "https://bücher.example"}, "contenttype": label}
    async with Wire(site.client.port or 0) as wire:
        answered, _ = await wire.send(*as_sent(WINDOWS_5_1, said))
    assert answered == status
