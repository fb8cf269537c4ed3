"""Rule folders of any size, of which each edition has its own words and answers."""

import shutil
from pathlib import Path
from random import Random

from bench.chatter import phrases

A_RULE = 6
"""Keywords of one rule."""
A_FILE = 2_000
"""Rules of one file: a file may have 1 MiB."""


def write_edition(folder: Path, number: int, *, rules: int) -> None:
    """Writes the files of an edition into a new folder."""
    folder.mkdir(parents=True)
    said = phrases(Random(number), A_RULE * rules)
    written = [
        f"  - name: rule-{place}\n    keywords: [{', '.join(said[place * A_RULE : (place + 1) * A_RULE])}]\n"
        f"    reply: Answer {place} of edition {number}.\n"
        for place in range(rules)
    ]
    for start in range(0, rules, A_FILE):
        text = f"version: 1\nrules:\n{''.join(written[start : start + A_FILE])}"
        (folder / f"rules-{start:06}.yaml").write_text(text, encoding="utf-8")


def save(edition: Path, folder: Path) -> None:
    """Each file of an edition replaces its namesake in a folder, as editors save: written beside it and renamed."""
    folder.mkdir(exist_ok=True)
    for file in sorted(edition.iterdir()):
        beside = folder / f".{file.name}.new"
        shutil.copyfile(file, beside)
        beside.replace(folder / file.name)
