"""A page with one of everything that a component's sources may hold; run it to write down anew what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from jobserver.extract.model import Capture, Extraction, Format, Node, Rule
from jobserver.extract.render import render
from tests.extract.make_nodes import a_capture, a_found, a_node, descendants

HERE = Path(__file__).parent
FILES: dict[str, tuple[Format, Literal["cssFile", "reactFile"]]] = {
    "styles.css": ("jsx", "cssFile"),
    "Components.jsx": ("jsx", "reactFile"),
    "Components.tsx": ("tsx", "reactFile"),
}

_PHONE = "@media (max-width: 599.98px)"
_DARK = "@media (prefers-color-scheme: dark)"
_CARD = """
<article>
  <img src="/a.webp" srcset="/a.webp 1x, /b.webp 2x" alt="" loading="lazy">
  <h3>Pro &amp; <em>simple</em></h3>
  <form action="/buy"><label for="n">How many?</label><input id="n" type="number" value="2" min="1" max="9">
  <select><option>Monthly</option><option value="y" selected>Yearly</option></select>
  <button onclick="buy()">Buy now</button></form>
</article>
"""
_ICON = """
<a href="cart" target="_blank"><svg viewBox="0 0 24 24" aria-hidden="true"><defs><linearGradient id="g"><stop offset="0"
stop-color="red"></stop></linearGradient></defs><path d="M0 0h24v24z" fill="url(#g)" stroke-width="2"></path></svg>
{Cart}</a>
"""
_HEAD = [
    '@font-face { font-family: "Acme Sans"; src: url("https://example.com/acme.woff2") format("woff2") }',
    "@keyframes rise { from { translate: 0 4px } to { translate: none } }",
    '@property --tint { syntax: "<color>"; inherits: true; initial-value: red }',
]


def captured() -> Capture:
    """As a browser would have read it."""
    return a_capture(a_found(_card(), "card", "card"), a_found(_icon(), "a", "icon", parent=0), head_css=_HEAD)


def extracted(flavour: Format) -> Extraction:
    """What becomes of it."""
    return render(captured(), max_components=9, completed_at="", max_result_bytes=1_000_000, flavour=flavour)


def written(name: str) -> str:
    """One of `FILES` as it would be written now."""
    flavour, member = FILES[name]
    return extracted(flavour)[member]


def _card() -> Node:
    root = a_node(_CARD)
    article, picture, heading, _, form, *_, button = descendants(root)
    article.rules += [
        Rule(
            {
                "--tint": "oklch(60% 0.2 250)",
                "--unused": "1px",
                "display": "grid",
                "row-gap": "1rem",
                "column-gap": "1rem",
                **{f"padding-{side}": "1.5rem" for side in ("top", "right", "bottom", "left")},
                "font-family": '"Acme Sans", system-ui, sans-serif',
                "animation": "0.3s rise",
            }
        ),
        Rule({"box-shadow": "0 4px 12px rgb(0 0 0 / 0.2)"}, ":where(:hover)"),
        Rule({"padding": "1rem"}, "", (_PHONE,)),
        Rule({"outline": "2px solid var(--tint)"}, ":where(:focus-within)"),
        Rule({"row-gap": "0.5rem"}, "", (_PHONE,)),
        Rule({"--tint": "white"}, "", (_DARK,)),
    ]
    picture.rules += [Rule({"width": "100%", "height": "auto"}), Rule({"opacity": "0.9"}, ":where({0}:hover *)")]
    heading.rules += [Rule({"margin": "0px"}), Rule({"content": '"\\201C"'}, "::before")]
    form.rules += [Rule({"display": "flex"}), Rule({"flex-direction": "column"}, "", ("@container (width < 20em)",))]
    button.rules += [Rule({"color": "var(--tint)"}), Rule({"opacity": "0.9"}, ":where(:active)", (_PHONE,))]
    return root


def _icon() -> Node:
    root = a_node(_ICON)
    root.rules += [Rule({"width": "100%", "height": "auto"}), Rule({"color": "teal"}, ":where(:hover)")]
    return root


if __name__ == "__main__":
    for name in FILES:
        (HERE / name).write_text(written(name), encoding="utf-8")
