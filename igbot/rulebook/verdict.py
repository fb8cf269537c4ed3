"""Whether what is in `rules.d` can come into force, found out without holding up the event loop. For a thread."""

from dataclasses import replace

from igbot.rulebook.collector import full_rounds_put_off, put_out_of_sight
from igbot.rulebook.folder import FolderContents
from igbot.rulebook.retiring import free_one_by_one
from igbot.rules.loading import Loaded, load_rules
from igbot.rules.surroundings import Surroundings


def judge(contents: FolderContents, *, surroundings: Surroundings) -> Loaded:
    """Checks all files; one that cannot be read keeps the whole from being used.

    `rules` is left empty: those that do not come into force are freed here already.
    """
    with full_rounds_put_off():
        loaded = load_rules(contents.files, surroundings=surroundings)
        if contents.findings:
            loaded = replace(loaded, ruleset=None, findings=(*contents.findings, *loaded.findings))
        rules: list[object] = list(loaded.rules)
        loaded = replace(loaded, rules=())
        free_one_by_one(rules)
        if loaded.ruleset is not None:
            put_out_of_sight(loaded.ruleset)
        return loaded
