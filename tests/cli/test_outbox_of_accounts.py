"""`igbot outbox list` where one bot answers for several accounts."""

from igbot.settings import sandbox_values
from tests.cli.command import Place

MADRID = "17841400000000888"
CONFIG = f"accounts: [{{name: madrid, ids: ['{MADRID}'], token: IGBOT_TOKEN_MADRID}}]\n"


def test_the_table_says_whose_a_reply_is_where_there_are_several_accounts(place: Place) -> None:
    """In a last column that is not there where only one account is meant."""
    (place.here / "config").mkdir()
    (place.here / "config" / "base.yaml").write_text(CONFIG, encoding="utf-8")
    both = {"IGBOT_TOKEN_MADRID": "EAAmadrid", "IGBOT_ACCOUNT_ID": sandbox_values.ACCOUNT_ID}
    for account in ("main", "madrid"):
        said = place.run("simulate", "how much is shipping?", "--as", "eva", "--account", account, **both)
        assert said.code == 0, said.err
    head, *rows = (line.split("\t") for line in place.run("outbox", "list", "--all", **both).out.splitlines())
    assert (head[-2:], {row[-1] for row in rows}) == (["reply", "account"], {sandbox_values.ACCOUNT_ID, MADRID})
    one = place.run("outbox", "list", "--all", "--account", "madrid", **both).out.splitlines()
    assert one[0].split("\t")[-1] == "reply"
    assert "Shipping is" in one[1].split("\t")[-1]
