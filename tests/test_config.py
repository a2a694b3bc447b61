"""Settings: one table, read from the environment, with help for whoever mistypes."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from jobserver.auth.signing import check_secrets
from jobserver.config import (
    DEFAULT_SECRET,
    SETTINGS,
    Config,
    QueueRow,
    configured,
    load,
    read_env_file,
    shown,
    store_file,
)
from jobserver.errors import BadSetting


def test_the_table_and_the_values_name_the_same_settings():
    assert [setting.field for setting in SETTINGS] == [field.name for field in fields(Config)]


def test_every_default_in_the_table_is_the_default_in_force():
    shown = {setting.name: setting.default for setting in SETTINGS if setting.name != "HOST"}
    assert load(shown) == load({}) == Config()


def test_values_are_read_from_the_environment():
    config = load({"PORT": "8080", "CLIQ_SECRET": "new, old", "STRICT_HMAC": "TRUE", "JOB_TTL": "1.5"})
    assert (config.port, config.cliq_secret, config.strict_hmac, config.job_ttl) == (8080, ("new", "old"), True, 1.5)


def test_the_prefixed_name_wins():
    assert load({"PORT": "1", "JOBSERVER_PORT": "2"}).port == 2


def test_an_empty_secret_is_not_the_default_secret():
    assert load({"CLIQ_SECRET": ""}).cliq_secret == ()


def test_render_listens_on_all_addresses_unless_told_otherwise():
    assert load({"RENDER": "true"}).host == "0.0.0.0"
    assert load({"RENDER": "true", "HOST": "::1"}).host == "::1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "hunter2"),
        ("PORT", "70000"),
        ("STRICT_HMAC", "perhaps"),
        ("JOB_TTL", "nan"),
        ("JOB_TTL", "-7"),
        ("ANALYZE_ENGINE", "steam"),
        ("LEGACY_FAILED_STATUS", "300"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_but_not_repeated(name: str, value: str):
    with pytest.raises(BadSetting, match=f"^{name} cannot be used: .+") as refused:
        load({name: value})
    assert value not in refused.value.message


@pytest.mark.parametrize(
    ("name", "hint"), [("JOBSERVER_PROT", "Did you mean JOBSERVER_PORT?"), ("JOBSERVER_XYZZY", "no setting")]
)
def test_an_unknown_name_of_ours_gets_a_suggestion(name: str, hint: str):
    with pytest.raises(BadSetting) as refused:
        load({name: "1"})
    assert hint in str(refused.value)


def test_names_of_others_are_none_of_our_business():
    assert load({"HOME": "/root", "PROT": "1"}) == Config()


@pytest.mark.parametrize(
    "settings", [{"MAX_STORE_BYTES": "15999999"}, {"MAX_RESULT_BYTES": "32000000", "MAX_STORE_BYTES": "63999999"}]
)
def test_one_result_may_not_take_most_of_the_store(settings: dict[str, str]):
    with pytest.raises(BadSetting, match=r"MAX_RESULT_BYTES .* MAX_STORE_BYTES"):
        load(settings)


def test_a_result_may_take_half_of_the_store():
    assert load({"MAX_STORE_BYTES": "16000000"}).max_result_bytes == 8_000_000


def test_what_kubernetes_says_of_a_service_of_our_name_is_no_setting():
    service = {
        "JOBSERVER_SERVICE_HOST": "10.0.0.7",
        "JOBSERVER_SERVICE_PORT": "3000",
        "JOBSERVER_SERVICE_PORT_HTTP": "3000",
        "JOBSERVER_PORT": "tcp://10.0.0.7:3000",
        "JOBSERVER_PORT_3000_TCP": "tcp://10.0.0.7:3000",
        "JOBSERVER_PORT_3000_TCP_PROTO": "tcp",
        "JOBSERVER_PORT_3000_TCP_PORT": "3000",
        "JOBSERVER_PORT_3000_TCP_ADDR": "10.0.0.7",
    }
    assert load(service) == Config()
    assert load(service | {"PORT": "8080"}).port == 8080


def test_the_secret_of_the_examples_is_the_one_the_server_warns_of():
    assert "everybody knows" in check_secrets((DEFAULT_SECRET,), loopback=True)[0]


def test_an_env_file_is_read_as_a_shell_would(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text(
        "\ufeff# comment\n\nexport PORT=8080\nCLIQ_SECRET='a # b'\nHOST=::1 # why\nJOB_TTL = \"60\"\nEMPTY=\n", "utf-8"
    )
    assert read_env_file(path) == {
        "PORT": "8080",
        "CLIQ_SECRET": "a # b",
        "HOST": "::1",
        "JOB_TTL": "60",
        "EMPTY": "",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r'"ab\"cd-\\e" # "why"', r'ab"cd-\e'),
        (r'"ab\"#cd"', 'ab"#cd'),
        ('"a"#b', "a#b"),
        (r"'a\b'", r"a\b"),
        (r"'it'\''s' # isn't it", "it's"),
        ('"$HOME `ls`"', "$HOME `ls`"),
        ("it's", "it's"),
        ("C:\\bin # don't", "C:\\bin"),
        ('say "a"', 'say "a"'),
        ("a.example, b.example\t# two", "a.example, b.example"),
        ("#a#b", "#a#b"),
        (" # nothing", ""),
        ("''", ""),
    ],
)
def test_quotes_and_comments_of_an_env_file(written: str, read: str, tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text(f"CLIQ_SECRET={written}\n")
    assert read_env_file(path) == {"CLIQ_SECRET": read}


@pytest.mark.parametrize("written", ['"ab', "'it's'", '"a" b', '"a" "b"', r'"a\"'])
def test_a_quoted_value_that_does_not_end_is_named_but_not_repeated(written: str, tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text(f"PORT=1\nCLIQ_SECRET={written}\n")
    with pytest.raises(BadSetting, match="line 2: a value that begins with a quote must end with one") as refused:
        read_env_file(path)
    assert written not in refused.value.message


def test_an_env_file_that_is_not_utf_8_is_named(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_bytes(b"CLIQ_SECRET=gr\xfcn")
    with pytest.raises(BadSetting, match=r"\.env is not UTF-8"):
        read_env_file(path)


def test_no_env_file_is_no_settings(tmp_path: Path):
    assert read_env_file(tmp_path / ".env") == {}


def test_a_line_that_is_none_is_named(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text("PORT=1\nnonsense\n")
    with pytest.raises(BadSetting, match="line 2"):
        read_env_file(path)


def test_queues_are_read_with_their_terms():
    config = load({"QUEUES": " images:concurrency=2, keep=600,keepCount=100; mail ;big.one:keep=0.5e2;"})
    assert config.queues == (
        QueueRow("images", 2, 600, 100),
        QueueRow("mail"),
        QueueRow("big.one", keep=50),
    )
    assert load({"QUEUES": ";".join(map(str, config.queues))}) == config
    assert shown(config)["QUEUES"] == ["images:concurrency=2,keep=600,keepCount=100", "mail", "big.one:keep=50"]
    assert configured(Config(), {"queues": config.queues, "demo": None, "handlers": ["a", "b:c"]}) == replace(
        config, handlers=("a", "b:c")
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a/b", "a queue's name is"),
        (":concurrency=1", "a queue's name is"),
        ("a:concurrency=x", "a whole number from 0 to 1000"),
        ("a:keep=0", "a number from 1 to"),
        ("a:speed=1", "a queue has concurrency, keep, keepCount"),
        ("a:concurrency", "a whole number from 0 to 1000"),
        ("a;b;a", "it names a queue twice"),
    ],
)
def test_queues_that_cannot_be_meant_are_explained(text: str, said: str):
    with pytest.raises(BadSetting, match=said):
        load({"QUEUES": text})


def test_handlers_are_a_list_and_the_demo_is_on_off_or_left_open():
    assert load({"HANDLERS": "shop, mail:send"}).handlers == ("shop", "mail:send")
    assert [load({"DEMO": word}).demo for word in ("auto", "true", "off")] == [None, True, False]


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("memory", None),
        (" Memory ", None),
        ("", None),
        ("sqlite:///var/lib/jobserver/jobs.db", Path("/var/lib/jobserver/jobs.db")),
        ("sqlite:/var/lib/jobserver/jobs.db", Path("/var/lib/jobserver/jobs.db")),
        ("sqlite:jobs.db", Path("jobs.db")),
        ("sqlite:../my jobs/é.db", Path("../my jobs/é.db")),
    ],
)
def test_the_store_is_memory_or_names_a_file(said: str, file: Path | None):
    assert store_file(load({"JOBSERVER_STORE": said}).store) == file
    assert store_file(configured(Config(), {"store": said}).store) == file


@pytest.mark.parametrize(
    "said",
    [
        *(
            "sqlite",
            "sqlite:",
            "sqlite://",
            "sqlite:///",
            "sqlite://jobs.db",
            "sqlite://host/jobs.db",
            "sqlite::memory:",
        ),
        *(
            "sqlite:jobs/",
            "sqlite:.",
            "sqlite:a/..",
            "sqlite:jobs.db?mode=ro",
            "sqlite:a\0b",
            "/jobs.db",
            "postgres://h",
        ),
    ],
)
def test_a_store_that_is_not_understood_is_refused_with_what_would_be(said: str):
    understood = r"^STORE cannot be used: it must be memory, sqlite:///absolute/path/jobs\.db or sqlite:relative\.db\.$"
    with pytest.raises(BadSetting, match=understood):
        load({"STORE": said})


def test_a_store_in_redis_is_said_to_be_missing_and_its_password_is_not_said():
    with pytest.raises(BadSetting, match="a store in Redis is not built yet; it must be memory, sqlite:") as refused:
        load({"STORE": "redis://user:hunter2@cache:6379"})
    assert "hunter2" not in refused.value.message
