"""The in-page script that reads style rules, by itself."""

from __future__ import annotations

from importlib.resources import files

_FOLDER = files("jobserver.extract.browser.script")
_SHARED = [_FOLDER / f"{name}.js" for name in ("safe", "pause", "visible")]
_RULES = sorted((file for file in (_FOLDER / "rules").iterdir() if file.name[-3:] == ".js"), key=lambda file: file.name)
_CODE = "\n".join(file.read_text(encoding="utf-8") for file in [*_SHARED, *_RULES])


def rules_script(body: str) -> str:
    """An async function expression ``(options) => …`` whose ``body`` may use what the script defines."""
    return f"(async (options) => {{'use strict';\n{_CODE}\n{body}\n}})"
