"""Requests that somebody has signed, altered in every way a forger may think of: none may be let in."""

from __future__ import annotations

import base64
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jobserver.auth import links as links_of
from jobserver.auth.cliq import read_public_key
from jobserver.auth.signing import Credentials
from tests.attacks.outcome import Outcome
from tests.attacks.signatures import held, schemes
from tests.attacks.signatures.cliq import Cliq
from tests.attacks.signatures.link import Link
from tests.attacks.signatures.pipeline import Answered, Pipeline
from tests.attacks.signatures.schemes import SECRET, Asked, Scheme
from tests.attacks.signatures.timed import Timed
from tests.web.site import Site

_AT_ONCE = 40
_CONTROLS = 5
"""Of each batch so many are right, so that a server which refuses everybody is no success."""

_NOT_LET_IN = frozenset({"unauthorized", "route_not_found", "method_not_allowed"})


async def attack(where: Path, forged: int = 10_000, seed: int = 1) -> Outcome:
    """``forged``: requests of each scheme."""
    outcome = Outcome("signatures")
    cliq = Cliq(rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048))
    public = cliq.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    credentials = Credentials((SECRET.decode(),), cliq=read_public_key(public))
    async with Site(credentials=credentials, max_queue=1_000) as site, Pipeline(site.client.port or 0) as pipeline:
        for scheme in await _schemes(site, pipeline, cliq):
            chance = random.Random(f"{seed} {scheme.name}")
            outcome.figures[scheme.name] = await _forge(scheme, pipeline, chance, forged, outcome)
    return outcome


async def _schemes(site: Site, pipeline: Pipeline, cliq: Cliq) -> Sequence[Scheme]:
    timed = Timed(lambda: site.jobs.now().timestamp())
    queued = timed.sign("POST", b"/analyze", schemes.BODY)
    job, other = [await _queue(pipeline, each) for each in (queued, timed.sign("POST", b"/analyze", schemes.BODY))]
    timed.jobs = (job, other)
    timed.used = timed.sign("POST", b"/v1/bulk", schemes.BODY)
    assert _is_let_in(*await pipeline.send([timed.used.sent()]))
    message = b"%b.POST./analyze.%b" % (queued.timestamp or b"", queued.body)
    tokens = [(await site.key(owner))["Authorization"].removeprefix("Bearer ").encode() for owner in ("acme", "other")]
    purposes = (b"result", b"preview")
    # Each ends at another time, or one that were good for every job would be the same as ours.
    links = [await _link(pipeline, each, at, hour) for hour, each in enumerate((job, other), 1) for at in purposes]
    ended = int(site.jobs.now().timestamp()) - 1
    expired = [links_of.sign(SECRET.decode(), at.decode(), job.decode(), ended).encode() for at in purposes]
    old = [b"?token=%b&expires=%d" % (token, ended) for token in expired]
    return (
        schemes.the_secret(),
        schemes.of_the_body("hex", lambda made: made.hex().encode()),
        schemes.of_the_body("HEX", lambda made: made.hex().upper().encode()),
        schemes.of_the_body("base64", base64.b64encode),
        schemes.of_the_body("sha256=", lambda made: b"sha256=" + made.hex().encode()),
        schemes.of_a_form(),
        schemes.of_an_empty_object(),
        held.of_a_job(job, queued.signature or b"", other, message),
        timed.scheme(),
        cliq.scheme(written_again=False),
        cliq.scheme(written_again=True),
        held.of_a_key(*tokens),
        Link("result", job, links[0], [*links[1:], old[0]]).scheme(),
        Link("preview", job, links[1], [links[0], *links[2:], old[1]]).scheme(),
    )


async def _queue(pipeline: Pipeline, asked: Asked) -> bytes:
    (answer,) = await pipeline.send([asked.sent()])
    return answer.body.partition(b'"jobId":"')[2].partition(b'"')[0]


async def _link(pipeline: Pipeline, job: bytes, purpose: bytes, hours: int) -> bytes:
    said = b'{"purpose":"%b","expiresIn":%d}' % (purpose, 3600 * hours)
    asked = Asked("POST", b"/v1/jobs/%b/links" % job, said, SECRET)
    (answer,) = await pipeline.send([replace(asked, more=(b"Content-Type: application/json",)).sent()])
    return answer.body.partition(b'"url":"')[2].partition(b'"')[0]


async def _forge(scheme: Scheme, pipeline: Pipeline, chance: random.Random, forged: int, outcome: Outcome) -> str:
    tried: Counter[bool] = Counter()
    right: Counter[bool] = Counter()
    while tried.total() < forged:
        batch = [_forgery(scheme, chance) for _ in range(min(_AT_ONCE - _CONTROLS, forged - tried.total()))]
        controls = [scheme.right(chance) for _ in range(_CONTROLS)]
        answers = await pipeline.send([asked.sent() for asked in [*batch, *controls]])
        for asked, answer in zip(batch, answers, strict=False):
            tried[_is_let_in(answer)] += 1
            if _is_let_in(answer):
                outcome.wrong.append(f"{scheme.name}: {asked} was let in: {answer}")
        right.update(map(_is_let_in, answers[len(batch) :]))
    if right[False]:
        outcome.wrong.append(f"{scheme.name}: {right[False]} of {right.total()} right requests were refused")
    return f"{tried.total():,} tried, {tried[True]} accepted"


def _forgery(scheme: Scheme, chance: random.Random) -> Asked:
    """Something that does not mean the same as what was signed."""
    while True:
        right = scheme.right(chance)
        made = chance.choice(scheme.forge)(chance, right)
        if scheme.meaning(made) != scheme.meaning(right):
            return made


def _is_let_in(answer: Answered) -> bool:
    """Whether somebody was believed, whatever came of it. What no part of ours has answered has not got that far."""
    return answer.status not in (0, 400) if not answer.code else answer.code not in _NOT_LET_IN
