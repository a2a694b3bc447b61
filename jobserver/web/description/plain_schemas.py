"""The shapes of the old face, and of how the server is."""

from __future__ import annotations

from jobserver.jobs.model import State
from jobserver.web.description.json_schema import Schema, answer, array, number, text, whole, words
from jobserver.web.description.schemas import STATE, TIME

_TEXT, _TRUE = text(), {"const": True}
_BOOL: Schema = {"type": "boolean"}
_OR_NOT = {"type": ["string", "null"]}

_FIDELITY = answer("diff ssim", diff=number(0, 1), ssim=number(-1, 1))

_COMPONENT = answer(
    "index kind cleanedHtml htmlSnippet className css reactSnippet originalOuterHTML",
    index=whole(1),
    kind=_TEXT,
    cleanedHtml=_TEXT,
    htmlSnippet=_TEXT,
    className=_TEXT,
    css=_TEXT,
    reactSnippet=_TEXT,
    originalOuterHTML=_TEXT,
    count=whole(1),
    instances=array({"type": "object"}),
    selector=_TEXT,
    box={"type": ["object", "null"]},
    componentName=_TEXT,
    parent=whole(1),
    mode=words("rules", "computed", "static"),
    states=array(_TEXT),
    breakpoints=array(whole(0)),
    fonts=array(_TEXT),
    warnings=array(_TEXT),
    fidelity=_FIDELITY,
)

_TOKENS = array(answer("value count", value=_TEXT, count=whole(1)))

_SUMMARY = answer(
    "url componentCount",
    url=_TEXT,
    componentCount=whole(0),
    components=array(_COMPONENT),
    cssFile=_TEXT,
    reactFile=_TEXT,
    completedAt=TIME,
    title=_TEXT,
    engine=words("browser", "static"),
    warnings=array(_TEXT),
    format=words("jsx", "tsx"),
    tokens=answer(
        "colors type spacing radii shadows",
        colors=_TOKENS,
        type=_TOKENS,
        spacing=_TOKENS,
        radii=_TOKENS,
        shadows=_TOKENS,
    ),
    fidelity=answer(
        "diff ssim verified passed",
        diff=number(0, 1),
        ssim=number(-1, 1),
        verified=whole(0),
        passed=whole(0),
    ),
    fontFiles=array(answer("family url artifact anyOrigin", family=_TEXT, url=_TEXT, artifact=_TEXT, anyOrigin=_BOOL)),
    fingerprint=_TEXT,
    kinds={"type": "object", "additionalProperties": whole(1)},
)

_ACTION = answer("type label url method", type=_TEXT, label=_TEXT, url=_TEXT, method=words("GET", "POST"))

_LINE = answer(
    "jobId kind status createdAt",
    jobId=_TEXT,
    kind=_TEXT,
    status=STATE,
    createdAt=TIME,
    finishedAt=TIME,
    error=_TEXT,
)

PLAIN: dict[str, Schema] = {
    "Page": {
        "type": "object",
        "required": ["url"],
        "properties": {
            "url": text(1, 2048),
            "engine": words("auto", "browser", "static"),
            "maxComponents": whole(1, 500),
            "format": words("jsx", "tsx"),
            "verify": _BOOL,
            "fresh": _BOOL,
        },
    },
    "Accepted": answer(
        "ok status jobId pollUrl message queuePosition links",
        ok=_TRUE,
        status={"const": "queued"},
        jobId=_TEXT,
        pollUrl=_TEXT,
        message=_TEXT,
        queuePosition=whole(0),
        links={"type": "object", "additionalProperties": _TEXT},
    ),
    "Poll": answer(
        "ok jobId status",
        ok=_BOOL,
        jobId=_TEXT,
        status=words(*(state for state in State if state is not State.SCHEDULED)),
        queuePosition=whole(0),
        message=_TEXT,
        actions=array(_ACTION),
        etaSeconds=number(0),
        progress=number(0, 1),
        step=_TEXT,
        attempt=whole(0),
        summary={"description": "What a page's job made; another kind's may be anything.", "anyOf": [_SUMMARY, {}]},
        previewUrl=_TEXT,
        error=_TEXT,
        code=_TEXT,
    ),
    "Lines": answer("ok count jobs", ok=_TRUE, count=whole(0), jobs=array(_LINE), cursor=_TEXT),
    "Ok": answer("ok", ok=_TRUE),
    "Readiness": answer(
        "ok engine durable", ok=_BOOL, error=_TEXT, engine=_TEXT, durable=_BOOL, analyze=_TEXT, sandbox=_TEXT
    ),
    "Settings": answer("ok settings", ok=_TRUE, settings={"type": "object"}),
    "Tasks": answer(
        "ok count tasks",
        ok=_TRUE,
        count=whole(0),
        tasks=array(answer("name coroutine stack", name=_TEXT, coroutine=_TEXT, stack=array(_TEXT))),
    ),
    "Versions": answer(
        "ok jobserver python platform aiohttp sqlite engine extras browser",
        ok=_TRUE,
        jobserver=_TEXT,
        python=_TEXT,
        platform=_TEXT,
        aiohttp=_TEXT,
        sqlite=_TEXT,
        engine=_TEXT,
        extras={"type": "object", "additionalProperties": _OR_NOT},
        browser=_OR_NOT,
    ),
}
