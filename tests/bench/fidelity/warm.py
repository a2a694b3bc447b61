"""The browser that pages are extracted and measured with: warm, and replaced when it has died."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from jobserver.extract.browser.chromium import Chromium, find_chromium


class Warm:
    """One Chromium at a time."""

    def __init__(self) -> None:
        self._browser: Chromium | None = None
        self._address = ""

    async def address(self) -> str:
        """The DevTools WebSocket URL of a living browser."""
        if self._browser is None or not self._browser.alive:
            await self._close()
            program = find_chromium()
            if program is None:
                raise RuntimeError("There is no Chromium here: install chromium-headless-shell.")
            self._browser = Chromium(program)
            self._address = await self._browser.start()
        return self._address

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        if self._browser is not None:
            await self._browser.close()
            self._browser = None
