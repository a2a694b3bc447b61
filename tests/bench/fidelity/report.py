"""Says what was measured: a table, a file of all figures, and the worst components as pictures side by side."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.bench.fidelity.compare import Pixels, over
from tests.bench.fidelity.figures import PageFigures, causes, summary
from tests.bench.fidelity.measure import WAYS, Failure
from tests.bench.report import print_rows

_HEAD = (
    "page", "n", "pass %", "ident %", "ssim", "hover %", "focus %", "390 %",
    "jsx", "render", "dom", "files", "decl", "css B", "ms/c", "skipped",
)  # fmt: skip
_PICTURES = 300
_GAP = 8
_STYLE = (
    "body{font:14px/1.5 system-ui;margin:2rem;background:#eee}figure{margin:0 0 2rem}img{display:block;max-width:100%;"
    "border:1px solid #bbb}code{color:#555}"
)


def print_table(pages: Sequence[PageFigures]) -> None:
    """A row for each page and one for all."""
    rows = [_HEAD, *(_row(page.name, [page], page.error) for page in pages)]
    if len(pages) > 1:
        rows.append(_row("all", pages, ""))
    print_rows(rows)


def print_causes(pages: Sequence[PageFigures], most: int = 12) -> None:
    """Why components did not pass, the most frequent reasons first."""
    for way in WAYS:
        found = causes(pages, way)
        if found:
            print(f"\nNot passed ({way}):")
        for cause, count, which in found[:most]:
            print(f"  {count:4}  {cause:44.44}  {', '.join(which)}")


def write(pages: Sequence[PageFigures], extra: dict[str, Any], output: Path) -> None:
    """All figures as ``figures.json``."""
    told = {"total": summary(pages), "pages": {page.name: summary([page]) | asdict(page) for page in pages}, **extra}
    output.mkdir(parents=True, exist_ok=True)
    (output / "figures.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


class Gallery:
    """The worst components as pictures in a folder: original, rebuilt, difference."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._entries: list[tuple[float, str, str]] = []

    def add(self, page: str, failures: Sequence[Failure]) -> None:
        """Keep the pictures of one page's failures."""
        self._output.mkdir(parents=True, exist_ok=True)
        for failure in failures:
            component, way = failure.component, failure.way
            shot = component.shots[way]
            name = f"{page.replace('/', '-')}-{component.index:03}-{way}.png"
            side_by_side(failure.reference, failure.candidate).save(self._output / name)
            words = (
                f"<b>{html.escape(page)} {component.name}</b> {way}: {shot.diff:.2%} differ, SSIM {shot.ssim:.3f}, "
                f"{html.escape(shot.cause)}<br><code>{html.escape(component.selector)}</code>"
            )
            self._entries.append((shot.diff, name, words))

    def write(self) -> Path:
        """An ``index.html`` of all, the worst first."""
        entries = sorted(self._entries, reverse=True)[:_PICTURES]
        figures = "".join(
            f"<figure><figcaption>{words}</figcaption><img src='{name}'></figure>" for _, name, words in entries
        )
        path = self._output / "index.html"
        self._output.mkdir(parents=True, exist_ok=True)
        head = f"<!doctype html><meta charset=utf-8><title>Worst components</title><style>{_STYLE}</style>"
        path.write_text(f"{head}<h1>Original, rebuilt, difference</h1>{figures}", encoding="utf-8")
        return path


def side_by_side(reference: Pixels, candidate: Pixels) -> Image.Image:
    """Original, rebuilt and what differs, in red on white."""
    first, second = over(reference, 255), over(candidate, 255)
    apart = np.abs(first - second).max(axis=2, keepdims=True) / 255
    difference = 255 - apart * np.array([0, 255, 255])
    gap = np.full((first.shape[0], _GAP, 3), 200)
    return Image.fromarray(np.hstack([first, gap, second, gap, difference]).clip(0, 255).astype(np.uint8))


def _row(name: str, pages: Sequence[PageFigures], error: str) -> tuple[str, ...]:
    if error:
        return (name, error[:60], *[""] * (len(_HEAD) - 2))
    found = summary(pages)
    rest = found["rest"]
    files = f"{_text(found['react_file'])}/{_text(found['css_file'])}"
    states = (found[way]["passed"] for way in ("hover", "focus", "narrow"))
    figures = (found["measured"], rest["passed"], rest["identical"], rest["ssim"], *states)
    sources = (found["parse"], found["render"], found["equal"], files)
    weight = (found["declarations"], found["cssBytes"], found["msPerComponent"])
    return (name, *map(_text, (*figures, *sources, *weight)), " ".join(_skipped(found["skipped"])))


def _skipped(skipped: dict[str, int]) -> Iterator[str]:
    return (f"{why}:{count}" for why, count in sorted(skipped.items()))


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if 0 < value < 1 else f"{value:.1f}".removesuffix(".0")
    return str(value)
