"""Faults by name: each error that Meta is known to answer with can be asked for."""

from igbot.meta.error_table import TABLE, row_for
from igbot.meta.graph_error import read_error
from igbot.sandbox.error_presets import BY_CODE
from igbot.sandbox.faults import ErrorFault
from igbot.sandbox.presets import NAMES, SEND_FAULTS, preset


def test_each_row_of_the_error_table_can_be_played() -> None:
    """What the bot does about an error can be tried for all of them."""
    played = set()
    for fault in SEND_FAULTS.values():
        if isinstance(fault, ErrorFault):
            error = read_error(fault.body("A1"))
            assert error is not None
            played.add(TABLE.index(row_for(error)))
    assert played == set(range(len(TABLE)))


def test_an_error_is_asked_for_by_its_code() -> None:
    """With its subcode where it has one."""
    fault = preset("190/460", times=2).fault
    assert isinstance(fault, ErrorFault)
    assert (fault.code, fault.subcode, fault.status, fault.accepted) == (190, 460, 401, False)
    assert preset("1/1357046").fault.accepted


def test_names_stand_once_and_words_come_first() -> None:
    """A list of them can be read."""
    assert len(set(NAMES)) == len(NAMES)
    first_code = next(index for index, name in enumerate(NAMES) if name in BY_CODE)
    assert all(name[0].isdigit() == (index >= first_code) for index, name in enumerate(NAMES))
