"""All of an extraction as one zip file."""

from __future__ import annotations

import json
from io import BytesIO
from zipfile import ZipFile

from jobserver.extract.model import Extraction
from jobserver.extract.preview import Fonts, Pictures, archive, archive_name, pictures_in
from tests.extract.preview.make_previews import ATTACK, NONCE, a_picture, an_extraction, hostile, the_tokens


def files_of(extraction: Extraction, pictures: Pictures | None = None, fonts: Fonts | None = None) -> dict[str, str]:
    with ZipFile(BytesIO(archive(extraction, pictures or {}, fonts or {}, nonce=NONCE))) as file:
        assert file.testzip() is None
        return {info.filename: file.read(info).decode(errors="replace") for info in file.infolist()}


def test_it_holds_each_component_by_itself_and_all_together():
    extraction = an_extraction()
    extraction["tokens"] = the_tokens(radii=[("8px", 3)])
    files = files_of(extraction, pictures_in([("component-2.webp", "image/webp", a_picture(96, 56))]))
    root = "example.com-components"
    assert set(files) == {
        *(f"{root}/{name}" for name in ("README.md", "index.html", "components.css", "Components.jsx", "tokens.json")),
        *(
            f"{root}/components/{name}.{ending}"
            for name in ("Nav1", "Button2", "Link3")
            for ending in ("html", "css", "jsx")
        ),
        f"{root}/components/Button2.webp",
    }
    assert files[f"{root}/components.css"] == extraction["cssFile"]
    assert files[f"{root}/Components.jsx"] == extraction["reactFile"]
    assert json.loads(files[f"{root}/tokens.json"]) == extraction["tokens"]
    assert extraction["components"][1]["htmlSnippet"] in files[f"{root}/components/Button2.html"]
    assert '<link rel="stylesheet" href="Button2.css">' in files[f"{root}/components/Button2.html"]
    react = files[f"{root}/components/Button2.jsx"]
    assert react.startswith('import React from "react";\nimport "./Button2.css";\n\nexport function Button2')
    assert "as it was on the page" in files[f"{root}/README.md"]
    assert "3 components of <https://example.com/>" in files[f"{root}/README.md"]


def test_typescript_has_its_own_ending():
    extraction = an_extraction()
    extraction["format"] = "tsx"
    names = files_of(extraction)
    assert "example.com-components/Components.tsx" in names
    assert "example.com-components/components/Nav1.tsx" in names
    assert "Components.tsx" in names["example.com-components/README.md"]


def test_the_readme_says_how_like_the_page_they_are():
    extraction = an_extraction()
    extraction["fidelity"] = {"diff": 0.004, "ssim": 0.99, "verified": 3, "passed": 2}
    readme = " ".join(files_of(extraction)["example.com-components/README.md"].split())
    assert "2 of 3 differ in at most 1 % of their pixels; on average 99.6 % are the same." in readme


def test_no_name_leads_out_of_the_folder_it_is_unpacked_in():
    extraction = hostile()
    extraction["components"][0]["componentName"] = "../../.ssh/authorized_keys"
    extraction["components"][1]["componentName"] = "C:\\x"
    names = list(files_of(extraction))
    assert len(names) == len(set(names)) == 5 + 9
    assert all(part not in {"", ".", ".."} for name in names for part in name.split("/"))
    assert all(set("\\:<>\"'\0") & set(name) == set() for name in names)
    assert ATTACK not in archive_name(extraction)


def test_its_name_is_that_of_the_page():
    extraction = an_extraction()
    for url, name in (
        ("https://Shop.Example:8443/a", "shop.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://[::1]/", "1"),
        ("nonsense", "nonsense"),
        ("http://[", "http"),
        ("", "page"),
    ):
        extraction["url"] = url
        assert archive_name(extraction) == f"{name}-components.zip"


def test_a_time_that_no_zip_can_hold_is_no_obstacle():
    extraction = an_extraction()
    for moment in ("yesterday", "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"):
        extraction["completedAt"] = moment
        assert files_of(extraction)
