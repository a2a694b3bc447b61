"""A secret that a caller puts where it does not belong is not in the log."""

from __future__ import annotations

import io
import json
import logging

import pytest

from jobserver.logs import JsonLines, Masked, PlainLines

SECRET = 'a "quoted" secret, long enough'
TOKEN = "jsk_0123456789ab_" + "f" * 64


@pytest.mark.parametrize("lines", [PlainLines(), JsonLines()], ids=["text", "json"])
def test_secrets_and_tokens_are_masked_wherever_they_stand(lines: logging.Formatter):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Masked(lines, [SECRET[:18], SECRET, ""]))
    logger = logging.getLogger("test of masks")
    logger.handlers = [handler]
    logger.warning("GET /%s 404", SECRET, extra={"members": {"path": f"/{TOKEN}"}})
    try:
        raise ValueError(f"{SECRET} {TOKEN}")  # noqa: TRY301 - the traceback holds this line too
    except ValueError:
        logger.exception("It broke")
    said = out.getvalue()
    assert "GET /*** 404" in said
    assert "jsk_0123456789ab_***" in said
    assert "quoted" not in said
    assert "ffff" not in said
    if isinstance(lines, JsonLines):
        assert [json.loads(line)["message"] for line in said.splitlines()] == ["GET /*** 404", "It broke"]
