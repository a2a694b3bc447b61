"""The pieces of the page's script that find components, run by themselves in a page of no visit."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jobserver.extract import naming
from tests.extract.tab import Tab

_PIECES = ("safe", "pause", "visible", "lots", "selector", "hash", "pick", "look", "tokens")
_COMPONENTS = """
const warnings = [];
const found = [];
for (const [element, kind, box] of await pickAll(20000, warnings)) {
  found.push({ kind, box, selector: selectorOf(element), look: await lookOf(element) });
}
return { found, warnings, tokens: await pageTokens(Infinity, warnings) };
"""


def _script(body: str) -> str:
    folder = files("jobserver.extract.browser.script")
    pieces = "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in _PIECES)
    return f"(async () => {{\n'use strict';\n{naming.as_script()}{pieces}\n{body}\n}})()"


async def run(tab: Tab, body: str) -> Any:
    """What a function with this body returns, where the pieces of the script are at hand."""
    return await tab.run_apart(_script(body))


async def detect(tab: Tab) -> dict[str, Any]:
    """``found``, ``warnings`` and ``tokens`` of what is shown."""
    found: dict[str, Any] = await run(tab, _COMPONENTS)
    return found
