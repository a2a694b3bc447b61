"""Whether the sources that come out are good: React that parses, renders and gives the same DOM, css that parses."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.fidelity.commands import run

_HERE = Path(__file__).parent
_TIME_LIMIT = 120.0


@dataclass(slots=True)
class Sources:
    """One truth for each component. ``problems``: a line for each that is not good."""

    parse: list[bool] = field(default_factory=list)
    render: list[bool] = field(default_factory=list)
    equal: list[bool] = field(default_factory=list)
    react_file: bool = False
    css_file: bool = False
    problems: list[str] = field(default_factory=list)


async def install_node_tools(cache: Path) -> Path:
    """The folder with esbuild, Babel, React and the parsers, as `package.json` here pins them.

    Raises CommandFailed.
    """
    folder = cache / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "jsx.mjs"):
        text = (_HERE / name).read_text(encoding="utf-8")
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text:
            (folder / name).write_text(text, encoding="utf-8")
            if name != "jsx.mjs":
                shutil.rmtree(folder / "node_modules", ignore_errors=True)
    if not (folder / "node_modules").is_dir():
        await asyncio.to_thread(run, "npm", "ci", "--no-audit", "--no-fund", cwd=folder)
    return folder


async def check_sources(folder: Path, extraction: dict[str, Any]) -> Sources:
    """Look at everything that an extraction wrote; ``folder``: where the tools are."""
    process = await asyncio.create_subprocess_exec(
        *("node", "jsx.mjs"), cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(_TIME_LIMIT):
        told, _ = await process.communicate(json.dumps(extraction).encode())
    return Sources(**json.loads(told))
