"""The drawing of the states in README is the one that the program draws."""

import re
from pathlib import Path

import pytest

from igbot.outbox.picture import BEGIN, END, drawn_into, main, picture
from igbot.outbox.states import TRANSITIONS

README = Path(__file__).parents[2] / "README.md"


def test_readme_shows_the_drawing_as_it_is_now() -> None:
    """`python -m igbot.outbox.picture README.md` writes it there."""
    page = README.read_text(encoding="utf-8")
    assert drawn_into(page) == page


def test_every_transition_is_a_line_of_the_drawing() -> None:
    """With what takes a reply there, in words that Mermaid takes for a label."""
    drawn = re.findall(r"^ +(\w+) +--> (\w+) +: ([^:;\n]+)$", picture(), flags=re.MULTILINE)
    ways = [(state, to, label) for state, targets in TRANSITIONS.items() for to, label in targets.items()]
    assert drawn == ways


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written into some other file by mistake."""
    page = tmp_path / "page.md"
    page.write_text("# Something else\n", encoding="utf-8")
    with pytest.raises(ValueError, match="drawn by"):
        main([str(page)])
    assert page.read_text(encoding="utf-8") == "# Something else\n"


def test_an_old_drawing_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    """Run twice, it changes nothing more."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n", encoding="utf-8")
    for _ in range(2):
        main([str(page)])
        assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}{picture()}{END}after\n"


def test_without_a_page_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """For a look in the terminal."""
    main([])
    assert capsys.readouterr().out == picture()
