"""The in-page script that reads style rules, by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

_FOLDER = files("jobserver.extract.browser.script")
_SHARED = [_FOLDER / f"{name}.js" for name in ("safe", "pause", "visible")]
_RULES = sorted((file for file in (_FOLDER / "rules").iterdir() if file.name[-3:] == ".js"), key=lambda file: file.name)
_CODE = "\n".join(file.read_text(encoding="utf-8") for file in [*_SHARED, *_RULES])


# The component is what `#c` names, or the whole body; `at` is the element that is asked about.
ASKED = """
  const root = document.querySelector('#c') ?? document.body;
  const inside = [root];
  for (const each of inside) {
    const slotted = each.shadowRoot ? each.children : [];
    const around = [...(each.shadowRoot ?? each).children, ...slotted];
    inside.push(...around.filter((child) => !inside.includes(child)));
  }
  const places = new Map([...inside].map((each, index) => [each, index]));
  const at = (selector) => inside.find((each) => each.matches(selector));
  const warnings = await readRules(options.texts);
"""

Rules = list[dict[str, Any]]
Ask = Callable[..., Awaitable[Any]]
Flat = Callable[..., Awaitable[Rules]]


def rules_script(body: str) -> str:
    """An async function expression ``(options) => …`` whose ``body`` may use what the script defines."""
    return f"(async (options) => {{'use strict';\n{_CODE}\n{body}\n}})"


def base(rules: Rules, suffix: str = "") -> dict[str, str]:
    """What is said without conditions."""
    return next((rule["declarations"] for rule in rules if rule["suffix"] == suffix and not rule["conditions"]), {})


def beyond(rules: Rules) -> list[tuple[str, list[str], dict[str, str]]]:
    """(suffix, conditions, declarations) of all but the first rule."""
    return [(rule["suffix"], rule["conditions"], rule["declarations"]) for rule in rules[1:]]
