"""Secrets given to a real server, which is then asked for everything there is: none may turn up anywhere."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from jobserver.extract.browser import find_chromium
from tests.attacks.leaks.canaries import Canaries
from tests.attacks.leaks.places import BODIES, HEADERS, LOOKED_AT, NO_HTTP, PLACES
from tests.attacks.outcome import Outcome
from tests.attacks.processes import descendants
from tests.process import Pages, Process


async def attack(where: Path, styles: Iterable[str] = ("text", "json")) -> Outcome:
    """``styles``: a run for each way to write the log; the secrets come from the environment, then from a file."""
    outcome = Outcome("leaks")
    for style in styles:
        directory = where / style
        (directory / "tmp").mkdir(parents=True)
        run = Run(directory, style)
        await run.run()
        outcome.figures[f"log as {style}"] = run.figures()
        outcome.wrong += sorted(set(run.canaries.found)) + run.wrong
    return outcome


class Run:
    """One server and all that is asked of it."""

    def __init__(self, directory: Path, style: str) -> None:
        self.directory = directory
        self.style = style
        self.key = rsa.generate_private_key(65537, 2048)
        made = {name: secrets.token_hex(16) for name in ("the new secret", "the old secret", "the password in a URL")}
        made["the idempotency key"] = secrets.token_urlsafe(20)
        self.canaries = Canaries(made)
        self.wrong: list[str] = []
        self.asked = self.processes = self.files = 0

    def figures(self) -> str:
        """What was searched for what."""
        return (
            f"{len(self.canaries.secrets)} secrets, {self.asked} answers, {self.processes} processes, "
            f"{self.files} files, {self.canaries.searched / 1e6:.1f} MB searched, {len(set(self.canaries.found))} found"
        )

    async def run(self) -> None:
        """All of it."""
        await self._refused_starts()
        async with Pages() as pages:
            async with (
                Process(pages.address, self.directory, **self._settings()) as server,
                aiohttp.ClientSession(server.address) as self.session,
            ):
                self.server = server
                token = await self._own_token()
                await self._work(token)
                await self._strange()
                await self._sockets(token)
                self._look_at_processes()
                await server.stop()
                assert server.process.stdout is not None
                self.canaries.look("standard output", await server.process.stdout.read())
            await self._look_at_store()
        kept = ("the idempotency key",)  # the caller's own name for its request, by which it is known again
        self.files += self.canaries.look_into(self.directory, but=kept, skip=(".env",))
        self.canaries.look("the log", server.log.read_bytes())
        if cores := [file.name for file in self.directory.rglob("core*")]:
            self.wrong.append(f"there are core files: {cores}")

    def _secrets(self) -> dict[str, str]:
        made = self.canaries.secrets
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "CLIQ_SECRET": f"{made['the new secret']},{made['the old secret']}",
            "CLIQ_PUBLIC_KEY": base64.b64encode(public).decode(),
        }

    def _settings(self) -> dict[str, str]:
        if self.style == "json":
            lines = (f"{name}={value}\n" for name, value in self._secrets().items())
            (self.directory / ".env").write_text("".join(lines))
        return {
            "STORE": "sqlite:jobs.db",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": self.style,
            "ACCESS_LOG": "true",
            "HANDLERS": "tests.attacks.leaks.jobs",
            "ANALYZE_ENGINE": "auto" if find_chromium() else "static",
            "MAX_QUEUE": "50",
            "TMPDIR": str(self.directory / "tmp"),
            "PYTHONUNBUFFERED": "1",
            **({} if self.style == "json" else self._secrets()),
        }

    async def _refused_starts(self) -> None:
        """What a server says that does not start because of its secrets."""
        private = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.canaries.secrets["Cliq's private key"] = private.splitlines()[3]
        short = secrets.token_hex(5)
        self.canaries.secrets["a short secret"] = short
        for told in (
            {"CLIQ_PUBLIC_KEY": private.replace("\n", "\\n")},
            {"CLIQ_SECRET": short, "HOST": "0.0.0.0"},
            {"API_KEYS": f"{short}:x:y"},
            {"CLIENT_KEY": short, "PORT": short},
        ):
            await self._command("serve", **told)

    async def _command(self, *arguments: str, **environment: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jobserver", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.directory,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd()), "PORT": "0", **environment},
        )
        said, _ = await process.communicate()
        self.canaries.look(f"what jobserver {arguments[0]} says", said, but=("the idempotency key",))
        return said

    # --- what is asked

    def _signed(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        stamp = f"{time.time_ns() // 10**9}.{time.time_ns() % 10**9:09}"
        message = b"%b.%b.%b.%b" % (stamp.encode(), method.encode(), path.encode(), body)
        made = hmac.digest(self.canaries.secrets["the new secret"].encode(), message, hashlib.sha256)
        self.canaries.secrets[f"a signature of {method} {urlsplit(path).path[:8]}"] = made.hex()
        return {"x-cliq-timestamp": stamp, "x-cliq-signature": made.hex()}

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        but: Iterable[str] = (),
    ) -> tuple[int, bytes]:
        """Ask, signed unless ``headers`` say who it is; the answer may repeat path and body, and hold ``but``."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Content-Type": "application/json"} | (self._signed(method, path, data) if headers is None else headers)
        try:
            async with self.session.request(
                method, path, data=data or None, headers=said, skip_auto_headers=["User-Agent"]
            ) as response:
                answer = await response.read()
                head = repr(dict(response.headers)).encode()
        except (aiohttp.ClientError, ValueError):
            return 0, b""
        self.asked += 1
        # To whom it belongs: an error names the path, the member or the id that is wrong.
        told = path + data.decode() + said.get("X-Request-ID", "")
        echoed = {name for name, each in self.canaries.secrets.items() if each in told}
        self.canaries.look(f"the answer to {method} {path[:40]}", head + answer, but=echoed | set(but))
        return response.status, answer

    async def _own_token(self) -> str:
        _, answer = await self._ask("POST", "/v1/keys", {"owner": "acme", "scopes": ["submit", "read", "cancel"]})
        token = str(json.loads(answer)["token"])
        self.canaries.secrets["the token of a key"] = token
        self.canaries.secrets["the secret part of a token"] = token.rpartition("_")[2]
        return token

    async def _work(self, token: str) -> None:
        """Jobs of every kind and end, by everybody who may make them, and every look at them."""
        page = {"url": f"{self.server.page}/page"}
        plain = json.dumps(page).encode()
        made = hmac.new(self.canaries.secrets["the old secret"].encode(), plain, "sha256").digest()
        cliq = base64.b64encode(self.key.sign(plain, padding.PKCS1v15(), SHA256())).decode()
        self.canaries.secrets["an HMAC of a body"] = made.hex()
        self.canaries.secrets["a signature of Cliq's"] = cliq
        who = [
            self._signed("POST", "/analyze", plain) | {"Idempotency-Key": self.canaries.secrets["the idempotency key"]},
            {"x-cliq-signature": self.canaries.secrets["the old secret"]},
            {"x-cliq-signature": made.hex()},
            {"x-cliq-signature": cliq},
            {"Authorization": f"Bearer {token}"},
        ]
        jobs = []
        for headers in who:
            status, answer = await self._ask("POST", "/analyze", plain, headers)
            assert status == 202, answer
            jobs.append(str(json.loads(answer)["jobId"]))
        for kind in ("look_around", "break_down", "echo"):
            _, answer = await self._ask("POST", "/v1/jobs?wait=30", {"kind": kind, "args": {}})
            jobs.append(str(json.loads(answer)["jobId"]))
        for job in jobs:
            await self._look_at(job)
        await self._ask("POST", "/v1/jobs", {"kind": "fail", "args": {}, "maxAttempts": 1})
        await self._ask("POST", "/v1/queues/default/pause", {})
        for _ in range(60):  # until there is no room
            status, answer = await self._ask("POST", "/v1/jobs", {"kind": "echo", "args": {}, "queue": "default"})
        if status != 503:
            self.wrong.append(f"the queue never was full: {status} {answer!r}")
        await self._ask("POST", "/v1/queues/default/drain", {})
        await self._ask("POST", "/v1/queues/default/resume", {})
        for path in LOOKED_AT:
            await self._ask("GET", path)

    async def _look_at(self, job: str) -> None:
        for _ in range(20):
            _, answer = await self._ask("GET", f"/v1/jobs/{job}?wait=20")
            if json.loads(answer)["status"] in {"done", "failed", "cancelled"}:
                break
        for below in ("", "/logs", "/artifacts", "/result", "/events"):
            await self._ask("GET", f"/v1/jobs/{job}{below}")
        for path in (f"/result/{job}", f"/preview?jobId={job}"):
            await self._ask("GET", path)
        _, answer = await self._ask("POST", f"/v1/jobs/{job}/links", {"purpose": "result"})
        link = str(json.loads(answer)["url"])
        self.canaries.secrets["the token of a link"] = parse_qs(urlsplit(link).query)["token"][0]
        await self._ask("GET", link, headers={})

    async def _strange(self) -> None:
        """Secrets where none belongs: in paths, headers and bodies, signed or not."""
        names = ("the new secret", "the old secret", "the token of a key")
        for name in names:
            secret = self.canaries.secrets[name]
            for place in PLACES:
                await self._ask("GET", place.format(secret))
                await self._ask("GET", place.format(secret), headers={})
            for header in HEADERS:
                await self._ask("GET", "/v1/jobs", headers={header: f"{secret} x"})
                await self._ask("POST", "/analyze", b"{}", headers={header: secret})
            await self._ask("GET", "/v1/jobs", headers={secret: "1"})
            for body in BODIES:
                for path in ("/analyze", "/v1/jobs", "/v1/jobs/bulk", "/v1/keys"):
                    await self._ask("POST", path, body.format(*[secret] * 2).encode())
            await self._malformed(secret)
        await self._malformed(self.canaries.secrets["an HMAC of a body"])  # which no log knows to be a secret
        password = self.canaries.secrets["the password in a URL"]
        for body in BODIES[:2]:
            await self._ask("POST", "/analyze", body.format(password).encode())

    async def _malformed(self, secret: str) -> None:
        """What is no HTTP."""
        line = secret.encode()
        for raw in NO_HTTP:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(self.server.address).port)
            writer.write(raw.replace(b"%b", line))
            writer.write_eof()
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(5):
                    await reader.read()
            writer.transport.abort()

    async def _sockets(self, token: str) -> None:
        """A conversation on a WebSocket, and all the events there have been."""
        for said in (token, self.canaries.secrets["the old secret"], token + "x"):
            async with self.session.ws_connect("/v1/ws") as socket:
                await socket.send_json({"type": "auth", "token": said})
                await socket.send_json({"type": "subscribe", "jobIds": "*", "after": 0})
                await socket.send_json({"type": said})
                with suppress(TimeoutError):
                    while (message := await socket.receive(timeout=0.5)).type is aiohttp.WSMsgType.TEXT:
                        self.canaries.look("a message on a socket", message.data.encode())
                        self.asked += 1

    # --- what is left behind

    def _look_at_processes(self) -> None:
        """What every process was started with. Of the server itself only the arguments: its environment is not ours."""
        server = self.server.process.pid
        self.canaries.look("the server's arguments", Path(f"/proc/{server}/cmdline").read_bytes())
        if self.style == "json":
            self.canaries.look("the server's environment", Path(f"/proc/{server}/environ").read_bytes())
        for pid in descendants(server):
            self.processes += 1
            for what in ("environ", "cmdline"):
                with suppress(OSError):  # it has just ended, or is a guest of another name
                    self.canaries.look(f"{what} of a child", Path(f"/proc/{pid}/{what}").read_bytes())
        if not self.processes:
            self.wrong.append("there was no child process to look at")

    async def _look_at_store(self) -> None:
        told = {"STORE": "sqlite:jobs.db", **({} if self.style == "json" else self._secrets())}
        if b"jobId" not in await self._command("store", "export", **told):
            self.wrong.append("there was nothing in the store")
        await self._command("store", "check", **told)
