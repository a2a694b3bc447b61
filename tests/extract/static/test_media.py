"""Media queries without a browser: they hold when they do in one."""

from __future__ import annotations

import pytest

from jobserver.extract.static.media import holds
from tests.extract.tab import Tab

QUERIES = """
screen; print; all; only screen; not print; screen, print; print, (width); (width); (width: 1280px); (width: 80em)
(min-width: 1280px); (max-width: 1279.5px); (max-width: 80rem); (device-width); (height > 999px); (1000px > height)
(400px <= width < 1280px); (400px <= width <= 1280px); (width = 1280px); (orientation: landscape); (min-width: red)
(orientation: portrait); (hover: nonsense); (prefers-color-scheme: light); (prefers-color-scheme: dark)
(prefers-reduced-motion); (prefers-reduced-motion: no-preference); (forced-colors); (scripting: enabled)
only screen and (min-width: 1px); screen and (max-width: 1px); not screen and (max-width: 1px); (height) and (width)
not (width); (not (max-width: 1px)) and (width); ((max-width: 1px) or (min-width: 1px))
(max-width: 1px) or (width: 9px); ((min-width: 1px) and (not (min-width: 2px)))
""".replace("\n", ";")


@pytest.mark.browser
async def test_a_media_query_holds_when_it_does_in_a_browser(tab: Tab):
    queries = [each.strip() for each in QUERIES.split(";") if each.strip()]
    expected = {query: await tab.run(f"matchMedia({query!r}).matches") for query in queries}
    assert {query: holds(f"@media {query}", (1280, 1000)) for query in queries} == expected
