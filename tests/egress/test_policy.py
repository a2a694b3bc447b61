from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobserver.egress.policy import MAX_URL, Target, UrlPolicy, parse_domains, parse_private_targets
from jobserver.errors import UrlRefused

BAD_URLS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "bad_urls.json").read_text("utf-8"))
LITERAL = [bad for bad in BAD_URLS if bad["class"] not in {"dns", "allowlist"}]
OFF_LIST = [bad for bad in BAD_URLS if bad["class"] == "allowlist"]

# Pieces that URLs, and attacks on URL parsers, are made of: arbitrary text alone would hardly get past the scheme.
PIECES = (
    *(
        "http://",
        "https://",
        "HTTPS://",
        "//",
        "/",
        "\\",
        ":",
        "@",
        "#",
        "?",
        "%",
        "%2e",
        "%00",
        "[",
        "]",
        ".",
        "..",
        "-",
    ),
    *("example.com", "localhost", "127.0.0.1", "0x7f", "1", "::1", "2606:4700::1", "xn--", "xn--bcher-kva", "bücher"),
    *(
        "80",
        "443",
        "22",
        " ",
        "\t",
        "。",
        "ß",
        "İ",
        "\u200d",
        "\u0301",
        "é",
        "😀",
        "א",
        "\ud800",
        "\u017f",
        "\u212a",
        "evil",
    ),
)
url_like = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


def refusal(policy: UrlPolicy, url: str) -> str:
    with pytest.raises(UrlRefused) as refused:
        policy.check(url)
    assert refused.value.message == "URL not allowed."
    assert refused.value.url == url[:MAX_URL]
    return refused.value.stage


def assert_fixed_point(policy: UrlPolicy, target: Target) -> None:
    try:
        again = policy.check(target.url)
    except UrlRefused as refused:
        pytest.fail(f"{target.url!r} passed once and is now refused at {refused.stage}")
    assert again == target
    assert target.url.isascii()


@pytest.mark.parametrize("bad", LITERAL, ids=lambda bad: f"{bad['class']}: {bad['why']}"[:60])
def test_a_bad_url_is_refused_without_a_look_up(bad: dict[str, Any], packets: list[str]) -> None:
    refusal(UrlPolicy(), bad["url"])
    assert packets == []


@pytest.mark.parametrize("bad", OFF_LIST, ids=lambda bad: bad["why"])
def test_a_url_that_only_resembles_the_allow_list_is_refused(bad: dict[str, Any]) -> None:
    refusal(UrlPolicy(allowed_domains=("example.com",)), bad["url"])


@pytest.mark.parametrize(
    ("url", "stage"),
    [
        ("", "length"),
        ("https://example.com/" + "a" * MAX_URL, "length"),
        ("https://example.com/" + "ü" * 1000, "length"),
        ("https://example.com/a b", "characters"),
        ("https://example.com\\@evil.example/", "characters"),
        ("https://example.com/\ud800", "characters"),
        ("file:///etc/passwd", "scheme"),
        ("http\u017f://example.com/", "scheme"),
        ("https://user@example.com/", "authority"),
        ("https://ex%61mple.com/", "authority"),
        ("https://[2606:4700::1%25eth0]/", "authority"),
        ("https://example.com:80:80/", "authority"),
        ("https://example.com:x/", "authority"),
        ("https://example.com:123456/", "authority"),
        ("https://example.com:8080/", "port"),
        ("https://example.com:0/", "port"),
        ("https:///example.com/", "host"),
        ("https://example..com/", "host"),
        ("https://example.com../", "host"),
        ("https://-example.com/", "host"),
        ("https://exa\u200bmple.com/", "host"),
        ("https://\u24d4xample.com/", "host"),
        ("https://bu\u0308cher.example/", "host"),
        ("https://ab--ü.example/", "host"),
        ("https://\u0301a.example/", "host"),
        ("https://\u05d0a\u05d0b.example/", "host"),
        ("https://xn--a.com/", "host"),
        ("https://xn--example.com/", "host"),
        ("https://1.2.3.4.5/", "host"),
        ("https://example.0x1/", "host"),
        ("https://intranet/", "name"),
        ("https://printer.lan/", "name"),
        ("https://10.0.0.1/", "address"),
    ],
)
def test_each_stage_refuses_with_its_own_code(url: str, stage: str) -> None:
    assert refusal(UrlPolicy(), url) == stage


@pytest.mark.parametrize("url", ["https://example.com/", "https://www.example.com/", "https://a.b.EXAMPLE.com./"])
def test_an_allowed_domain_and_its_sub_domains_pass(url: str) -> None:
    assert UrlPolicy(allowed_domains=("example.com",)).check(url).host.endswith("example.com")


def test_an_empty_allow_list_allows_nothing() -> None:
    assert refusal(UrlPolicy(allowed_domains=()), "https://example.com/") == "allowlist"


def test_an_allow_list_does_not_open_private_addresses() -> None:
    assert refusal(UrlPolicy(allowed_domains=("10.0.0.1",)), "https://10.0.0.1/") == "address"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8099/x", "http://LOCALHOST:3001/", "http://[0:0::1]/", "http://db:80/"]
)
def test_a_private_target_is_let_in(url: str) -> None:
    policy = UrlPolicy(
        allowed_domains=("example.com",),
        private_targets=parse_private_targets("127.0.0.1:8099, localhost:3001, [::1]:80, db:80"),
    )
    assert policy.check(url).private


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8098/",
        "http://127.0.0.1/",
        "http://127.0.0.2:8099/",
        "http://127.1:8099/",
        "http://localhost:8099/",
        "http://a.127.0.0.1:8099/",
        "http://user@127.0.0.1:8099/",
    ],
)
def test_only_exactly_the_private_target_is_let_in(url: str) -> None:
    refusal(UrlPolicy(private_targets=frozenset({"127.0.0.1:8099"})), url)


def test_a_target_knows_its_parts() -> None:
    assert UrlPolicy().check("https://[2606:4700::1]:80/a?b#c") == Target(
        url="https://[2606:4700::1]:80/a?b#c",
        scheme="https",
        host="2606:4700::1",
        port=80,
        address="2606:4700::1",
        private=False,
    )


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("b", "https://example.com/dir/b"),
        ("../b", "https://example.com/b"),
        ("/b?c", "https://example.com/b?c"),
        ("?c", "https://example.com/dir/page?c"),
        ("//other.example/b", "https://other.example/b"),
        ("http://other.example", "http://other.example/"),
        ("other.example", "https://example.com/dir/other.example"),
        ("ü", "https://example.com/dir/%C3%BC"),
    ],
)
def test_a_reference_is_resolved_against_its_base(reference: str, url: str) -> None:
    assert UrlPolicy().join("https://example.com/dir/page", reference).url == url


@pytest.mark.parametrize(
    ("reference", "stage"),
    [
        ("//127.0.0.1/", "address"),
        ("http://localhost/", "name"),
        ("http://[::1/", "authority"),
        ("javascript:alert(1)", "scheme"),
        ("other.example:443", "scheme"),
        ("\\\\127.0.0.1\\", "characters"),
        ("\thttp://127.0.0.1/", "characters"),
        ("//user@other.example/", "authority"),
    ],
)
def test_a_bad_reference_is_refused(reference: str, stage: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        UrlPolicy().join("https://example.com/dir/page", reference)
    assert (refused.value.stage, refused.value.url) == (stage, reference)


@given(url_like | st.text())
@example("http://example.com#@127.0.0.1/")
@example("https://xn--xn--a-.com/")
def test_what_passes_is_a_fixed_point(raw: str) -> None:
    policy = UrlPolicy()
    with suppress(UrlRefused):
        target = policy.check(raw)
        assert_fixed_point(policy, target)


@given(url_like)
def test_a_reference_leads_to_a_target_that_passes_itself(reference: str) -> None:
    policy = UrlPolicy()
    with suppress(UrlRefused):
        target = policy.join("https://example.com/dir/page", reference)
        assert_fixed_point(policy, target)


@pytest.mark.parametrize(
    "policy",
    [
        UrlPolicy(),
        UrlPolicy(allowed_domains=()),
        UrlPolicy(allowed_domains=("a.example",), private_targets=frozenset({"[::1]:80"}), ports=frozenset({8080})),
    ],
)
def test_a_policy_crosses_to_another_process_as_json(policy: UrlPolicy) -> None:
    assert UrlPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_domains_are_read_from_a_setting() -> None:
    assert parse_domains("Example.com, bücher.example,example.com.") == ("example.com", "xn--bcher-kva.example")
    assert parse_domains("  ") is None


@pytest.mark.parametrize(
    "text",
    [
        "*.example.com",
        "https://example.com",
        "example.com:80",
        ".example.com",
        "a.com,,b.com",
        ",",
        "[::1",
        "[fe80::1%eth0]",
    ],
)
def test_a_domain_setting_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a domain: write a name like"):
        parse_domains(text)


def test_private_targets_are_read_from_a_setting() -> None:
    assert parse_private_targets("127.0.0.1:8099, LocalHost:3001,[0::1]:80") == {
        "127.0.0.1:8099",
        "localhost:3001",
        "[::1]:80",
    }
    assert parse_private_targets(" ") == frozenset()


@pytest.mark.parametrize(
    "text", ["localhost", "localhost:", "localhost:0", "localhost:70000", "::1:80", "http://a:80", ":80", ","]
)
def test_a_private_target_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not host:port: write it like"):
        parse_private_targets(text)


def test_every_stage_is_documented() -> None:
    root = Path(__file__).parents[2]
    sources = [path.read_text("utf-8") for path in (root / "jobserver" / "egress").rglob("*.py")]
    stages = {stage for source in sources for stage in re.findall(r'UrlRefused\(stage="([^"]+)"', source)}
    documented = (root / "docs" / "protocol.md").read_text("utf-8")
    assert len(stages) == 11
    assert [stage for stage in sorted(stages) if f"\n| `{stage}` |" not in documented] == []
