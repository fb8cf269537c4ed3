"""`igbot rules record`: a real conversation as a test, printed or written; and `/save` in a chat."""

from collections.abc import Iterator

import pytest

from tests.cli.command import Place
from tests.conftest import PostgresServer, _fresh_database

ANA = "9000000000000001"
SAID = ("how much is shipping?", "/button 1", "call me on 600 123 456", "a human please", "returns")
CHAT_FILE = "rules.d/tests/chat.test.yaml"


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place where a customer has written and the chat was saved, and nobody is running."""
    for url in _fresh_database(postgres_server, template=postgres_server.template):
        here = tmp_path_factory.mktemp("shop")
        (here / "data").mkdir()
        place = Place.furnished(here, here / "data", IGBOT_DATABASE_URL=url, IGBOT_ENV="development")
        commands = (
            "/save",
            f"/save {CHAT_FILE}",
            *SAID,
            "/help",
            f"/save {CHAT_FILE}",
            f"/save {CHAT_FILE}",
            "/save x",
        )
        ended = place.run("simulate", "--as", ANA, typed="\n".join(commands) + "\n")
        assert ended.code == 0, ended.err
        (here / "chat.txt").write_text(ended.out + ended.err, encoding="utf-8")
        yield place


def test_a_conversation_is_printed_as_a_test_that_holds(shop: Place) -> None:
    """The number is another one, the rules are those that answered."""
    ended = shop.run("rules", "record", ANA)
    assert (ended.code, ended.err) == (0, "")
    assert "600 123 456" not in ended.out
    assert '{ say: "call me on 100 000 001", at: "+' in ended.out
    assert "expect: { rule: shipping-cost } }" in ended.out
    file = shop.here / "rules.d" / "tests" / "recorded.test.yaml"
    file.write_text(ended.out, encoding="utf-8")
    tested = shop.run("rules", "test", str(file))
    assert tested.code == 0, tested.out
    assert "5 steps" in tested.out


def test_it_is_written_to_a_new_file_only(shop: Place) -> None:
    """One that is there is left as it is; one that `rules test` would not read is refused."""
    file = shop.here / "rules.d" / "tests" / "ana.test.yaml"
    ended = shop.run("rules", "record", ANA, "--out", str(file))
    assert (ended.code, ended.out) == (0, "")
    assert file.read_text(encoding="utf-8") == shop.run("rules", "record", ANA).out
    file.write_text("mine", encoding="utf-8")
    ended = shop.run("rules", "record", ANA, "--out", str(file))
    assert ended.code == 2
    assert "is there already" in ended.err
    assert file.read_text(encoding="utf-8") == "mine"
    file.unlink()
    assert shop.run("rules", "record", ANA, "--out", "ana.yaml").code == 2
    assert shop.run("rules", "record", ANA, "--out", "nowhere/ana.test.yaml").code == 3


def test_a_customer_nobody_knows_is_exit_1(shop: Place) -> None:
    """With a way to find the right one; stdout stays empty."""
    ended = shop.run("rules", "record", "eva")
    assert (ended.code, ended.out) == (1, "")
    assert "no conversation with customer 'eva'" in ended.err


def test_without_a_database_there_is_nothing_to_record(bare: Place) -> None:
    """Exit 3 with where it was looked for."""
    ended = bare.run("rules", "record", "eva", IGBOT_ENV="development")
    assert (ended.code, ended.out) == (3, "")
    assert "127.0.0.1:1/nobody" in ended.err


def test_a_chat_is_saved_as_it_was(shop: Place) -> None:
    """What one has typed oneself needs no mask; the file is a test that holds, and a second one is refused."""
    said = (shop.here / "chat.txt").read_text(encoding="utf-8")
    assert "/save FILE" in said
    assert f"written to {CHAT_FILE}" in said
    for wrong in ("/save wants the name", "nothing was said yet", "is there already", "x is no name of a test"):
        assert wrong in said
    text = (shop.here / CHAT_FILE).read_text(encoding="utf-8")
    assert 'say: "call me on 600 123 456"' in text
    assert 'event: { quick_reply: "SHIP_ES", text: "Spain / España" }' in text
    tested = shop.run("rules", "test", CHAT_FILE)
    assert tested.code == 0, tested.out
