"""The extraction under measurement, as a user of the package would call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy, parse_private_targets
from jobserver.egress.resolver import Resolver
from jobserver.extract.model import Request
from jobserver.extract.run import extract

_KNOWN = {field.name for field in fields(Request)}


class Extractor:
    """Reads pages of the sites, with ``options`` of the request; those that this version does not know are left out."""

    def __init__(self, sites: dict[str, str], options: dict[str, Any]) -> None:
        targets = ",".join(site.removeprefix("http://") for site in sites.values())
        self._policy = UrlPolicy(private_targets=parse_private_targets(targets))
        self._options = options

    async def __call__(
        self, address: str | None, url: str, options: dict[str, Any], report: Callable[[float, str], None]
    ) -> dict[str, Any]:
        """The result as the wire has it; ``address``: of a running browser, None reads the page without one."""
        wanted = {name: value for name, value in {**self._options, **options}.items() if name in _KNOWN}
        extraction: Any = await extract(Request(url, **wanted), Gate(self._policy, Resolver()), report, browser=address)
        return dict(extraction)
