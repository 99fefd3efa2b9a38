"""Settings: a typing mistake is an error that names the key, never a silent default."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud.settings import ConfigError, broker_secret, load, parse, sms_pin


def test_nothing_at_all_is_a_valid_configuration() -> None:
    settings = parse({})
    assert (settings.web.host, settings.database.dsn, settings.ingest.shards) == ("127.0.0.1", "", (0, 255))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"databse": {}}, "unknown configuration key databse; did you mean database?"),
        ({"broker": {"hots": "x"}}, "unknown configuration key broker.hots; did you mean broker.host?"),
        ({"web": {"zzz": 1}}, "unknown configuration key web.zzz; known: address_rate, host, hsts, port"),
        ({"web": {"port": "80"}}, "configuration: Expected `int`, got `str` - at `$.web.port`"),
        ({"web": {"port": 65_536}}, "at `$.web.port`"),
        ({"ingest": {"shards": [0, 256]}}, "at `$.ingest.shards[1]`"),
        ({"ingest": {"shards": [9, 3]}}, "ingest.shards: 9 comes after 3"),
        ({"database": "postgres://x"}, "at `$.database`"),
        ({"sms": {"prot": "x"}}, "unknown configuration key sms.prot; did you mean sms.port?"),
        ({"sms": {"token": "short"}}, "at `$.sms.token`"),
        ({"enrolment": {"host": "https://x"}}, "enrolment.host: 'https://x' is no name or address"),
        ({"enrolment": {"listen": "::"}}, "enrolment.listen: '::' is no IPv4 address"),
        ({"enrolment": {"host": "mq.example"}}, "enrolment.authority_file is not set"),
        ({"enrolment": {"days": 1}}, "at `$.enrolment.days`"),
        ({"broker": {"cert_file": "/c.pem"}}, "broker.cert_file needs broker.ca_file"),
        ({"county": [{"division": "4312", "shards": [0, 1]}]}, "at `$.county[0].division`"),
        (
            {"county": [{"division": "431202000000", "shards": [0, 1]}]},
            "county 431202000000: neither dsn nor dsn_file is set",
        ),
        (
            {"county": [{"division": "431202000000", "shards": [4, 1], "dsn": "x"}]},
            "county 431202000000: shard 4 comes after 1",
        ),
        (
            {
                "county": [
                    {"division": "431202000000", "shards": [0, 4], "dsn": "x"},
                    {"division": "431221000000", "shards": [4, 8], "dsn": "x"},
                ]
            },
            "county 431221000000: shard 4 belongs to 431202000000 already",
        ),
        (
            {
                "county": [
                    {"division": "431202000000", "shards": [0, 4], "dsn": "x"},
                    {"division": "431202000000", "shards": [5, 8], "dsn": "x"},
                ]
            },
            "county 431202000000 is there twice",
        ),
    ],
)
def test_a_mistake_is_refused_by_name(document: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(document)
    assert message in str(caught.value)


def test_a_file_is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text('data = "/elsewhere"\n[web]\nport = 0\n[notify.channels.sms]\nkey = "k"\n')
    settings = load(file, data=tmp_path, environment={})
    assert (settings.data, settings.web.port) == (str(tmp_path), 0)
    assert settings.notify.channels == {"sms": {"key": "k"}}


def test_secrets_may_come_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text('[database]\ndsn = "host=file"\npool = 4\n')
    settings = load(file, environment={"ANBAN_DATABASE_DSN": "host=environment"})
    assert (settings.database.dsn, settings.database.pool) == ("host=environment", 4)


@pytest.mark.parametrize(("content", "message"), [("= broken", "is not valid TOML"), (None, "cannot read")])
def test_an_unreadable_file_is_an_error(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "cloud.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=message):
        load(file)


def test_a_secret_may_come_from_a_file_that_only_we_can_read(tmp_path: Path) -> None:
    file = tmp_path / "dsn"
    file.write_text("host=secret\n")
    file.chmod(0o440)
    settings = load(None, environment={"ANBAN_DATABASE_DSN_FILE": str(file)})
    assert settings.database.dsn == "host=secret"
    file.chmod(0o444)
    with pytest.raises(
        ConfigError, match=r"ANBAN_DATABASE_DSN: .* can be read by every user \(mode 444\): chmod o="
    ):
        load(None, environment={"ANBAN_DATABASE_DSN_FILE": str(file)})
    with pytest.raises(ConfigError, match=r"ANBAN_SMS_TOKEN: .*No such file"):
        load(None, environment={"ANBAN_SMS_TOKEN_FILE": str(tmp_path / "none")})


def test_the_broker_secret_may_live_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    file.chmod(0o600)
    settings = parse({"broker": {"secret": "from the configuration", "secret_file": str(file)}})
    assert broker_secret(settings.broker) == "from the file"
    file.unlink()
    with pytest.raises(ConfigError, match=r"broker\.secret_file"):
        broker_secret(settings.broker)


def test_the_pin_of_the_centre_s_modem_lives_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text("1234\n")
    file.chmod(0o600)
    sms = parse({"sms": {"pin_file": str(file)}}).sms
    assert sms_pin(sms) == "1234"
    file.write_text("one two")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match=r"sms\.pin_file: .* holds no PIN of 4-8 digits"):
        sms_pin(sms)
    file.unlink()
    with pytest.raises(ConfigError, match=r"sms\.pin_file"):
        sms_pin(sms)
    assert sms_pin(parse({}).sms) == ""


def test_a_broker_of_ones_own_needs_its_port() -> None:
    with pytest.raises(ConfigError, match=r"broker\.port is not set"):
        parse({"broker": {"host": "mqtt.example"}})
    assert parse({"broker": {"host": "mqtt.example", "port": 8883}}).broker.port == 8883
