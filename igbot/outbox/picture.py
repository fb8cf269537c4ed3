"""The states of a reply as a drawing, which README shows between two marks.

`python -m igbot.outbox.picture` prints it; with the path of a page it writes it there.
"""

import sys
from pathlib import Path

from igbot.outbox.states import TRANSITIONS

BEGIN = "<!-- drawn by: python -m igbot.outbox.picture README.md -->\n"
END = "<!-- end of the drawing -->\n"
_EDGE = "[*]"


def picture() -> str:
    """A Mermaid diagram: GitHub draws it, and as text it is one transition a line."""
    rows = [(_EDGE, "queued", "decided")]
    rows += [(state, to, label) for state, ways in TRANSITIONS.items() for to, label in ways.items()]
    lines = [f"    {state:<7} --> {to:<9} : {label}" for state, to, label in rows]
    ends = [f"    {state:<9} --> {_EDGE}" for state, ways in TRANSITIONS.items() if not ways]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, *ends, "```", ""])


def drawn_into(page: str) -> str:
    """The page with the drawing as it is now between its two marks. Raises ValueError for a page without them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no {BEGIN.strip()} with {END.strip()} after it")
    return f"{before}{BEGIN}{picture()}{END}{after}"


def main(arguments: list[str]) -> None:
    """Print the drawing, or write it into the page that is named."""
    if not arguments:
        sys.stdout.write(picture())
        return
    for path in map(Path, arguments):
        path.write_text(drawn_into(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
