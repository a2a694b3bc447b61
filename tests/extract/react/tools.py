"""Babel, esbuild, React, parse5 and TypeScript, asked what they make of components."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from jobserver.extract.model import Extraction

_HERE = Path(__file__).parent
_LOCK = "package-lock.json"
_COPIED = ("package.json", _LOCK, "check.mjs")
_OPTIONS = {
    "strict": True,
    "noEmit": True,
    "skipLibCheck": True,
    "noUnusedLocals": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "jsx": "react-jsx",
}
_TYPES_18 = {"paths": {"react": ["../node_modules/@types/react-18"], "react/*": ["../node_modules/@types/react-18/*"]}}


@dataclass(frozen=True, slots=True)
class Tools:
    """``folder``: where they are installed."""

    folder: Path

    def problems(self, extraction: Extraction) -> tuple[list[str], list[str]]:
        """What is refused by a parser or by React, or is another document than its HTML; and what React warns of."""
        asked = {
            "file": extraction["reactFile"],
            "format": extraction["format"],
            "components": [
                {"name": each["componentName"], "html": each["htmlSnippet"], "source": each["reactSnippet"]}
                for each in extraction["components"]
            ],
        }
        found: dict[str, list[str]] = json.loads(self._run(["node", "check.mjs"], json.dumps(asked)))
        return found["problems"], found["said"]

    def type_errors(self, sources: dict[str, str], *, react: int = 19) -> str:
        """What the strict compiler says of these files, with the types of that React."""
        project = self.folder / f"types-{react}"
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir()
        for name, source in sources.items():
            (project / name).write_text(source, encoding="utf-8")
        options = {**_OPTIONS, "types": ["react"], **(_TYPES_18 if react == 18 else {})}
        (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": list(sources)}))
        return self._run(["node", "node_modules/typescript/bin/tsc", "-p", str(project)], checked=False)

    def _run(self, command: list[str], text: str = "", *, checked: bool = True) -> str:
        return subprocess.run(
            command, cwd=self.folder, input=text, capture_output=True, text=True, check=checked, timeout=50
        ).stdout


def install(folder: Path) -> Tools:
    """What the lock file names, into ``folder``, unless it is there. Raises LookupError where that is not possible."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise LookupError(f"no {program} on PATH: install nodejs and npm")
    installed = folder / "node_modules" / ".package-lock.json"
    is_current = installed.exists() and (folder / _LOCK).read_bytes() == (_HERE / _LOCK).read_bytes()
    for name in _COPIED:
        shutil.copyfile(_HERE / name, folder / name)
    if not is_current:
        _npm_ci(folder)
    return Tools(folder)


def _npm_ci(folder: Path) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=55)
    except subprocess.SubprocessError as error:
        (folder / _LOCK).unlink()
        raise LookupError(f"npm could not install what these tests need: {error}") from error
