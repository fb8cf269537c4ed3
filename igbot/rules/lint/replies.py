"""Findings about what is said, and about buttons and payloads that must fit each other."""

from collections.abc import Iterable, Sequence

import regex

from igbot.meta.sendapi import MAX_PAYLOAD_BYTES, MAX_QUICK_REPLIES, MAX_TITLE_CHARACTERS
from igbot.rules.deciding.decision import decide
from igbot.rules.model import Incoming
from igbot.rules.reading.draft import DraftButton, DraftFile, DraftRule
from igbot.rules.places import Place
from igbot.rules.reading.source import FileReport, Scalar, place_inside
from igbot.rules.deciding.ruleset import RuleSet

_GRAPHEME = regex.compile(r"\X")
_SHORTENERS = r"bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|cutt\.ly|rb\.gy|shorturl\.at"
_DOUBTFUL_LINK = regex.compile(rf"(?:https?://)?(?<![\w.-])(?:{_SHORTENERS})/\S*|http://\S*", regex.IGNORECASE)


def check_texts(files: Iterable[DraftFile]) -> None:
    """Findings R041 and R065, and templates where none are read (R045)."""
    for file in files:
        for variable in file.variables:
            _check_links(file.report, variable.node, variable.value)
        for rule in file.rules:
            for text in _texts(rule):
                _check_links(file.report, text, text.value)
            _check_buttons(rule)


def _texts(rule: DraftRule) -> Iterable[Scalar]:
    if rule.reply:
        yield rule.reply.text
    if rule.handoff and rule.handoff.say:
        yield rule.handoff.say


def _check_links(report: FileReport, node: Scalar, text: str) -> None:
    for found in _DOUBTFUL_LINK.finditer(text):
        place = place_inside(report.source, node, found[0])
        if regex.search(_SHORTENERS, found[0], regex.IGNORECASE):
            report.warning(
                "R065", place, "a shortened link: customers and Meta distrust it", hint="write the full link"
            )
        else:
            report.warning("R065", place, "a link without encryption", hint=f"write https{found[0][4:44]}")


def _check_buttons(rule: DraftRule) -> None:
    buttons = rule.reply.buttons if rule.reply else ()
    if len(buttons) > MAX_QUICK_REPLIES:
        message = f"{len(buttons)} quick replies, Meta allows {MAX_QUICK_REPLIES}"
        rule.report.error("R041", buttons[MAX_QUICK_REPLIES].title, message, hint="delete some")
    titles: set[str] = set()
    for button in buttons:
        _check_button(rule.report, button)
        title = button.title.value.strip()
        if title in titles:
            rule.report.error("R041", button.title, f"two quick replies have the title {title[:40]!r}")
        titles.add(title)


def _check_button(report: FileReport, button: DraftButton) -> None:
    title, payload = button.title.value, button.payload.value
    length = len(_GRAPHEME.findall(title))
    if not title.strip():
        report.error("R041", button.title, "quick reply title is empty")
    elif length > MAX_TITLE_CHARACTERS:
        message = f"quick reply title has {length} characters, Meta allows {MAX_TITLE_CHARACTERS}"
        report.error("R041", button.title, message, hint="shorten it")
    if not payload:
        report.error("R041", button.payload, "quick reply payload is empty")
    elif (size := len(payload.encode("utf-8", "replace"))) > MAX_PAYLOAD_BYTES:
        message = f"quick reply payload has {size} bytes, Meta allows {MAX_PAYLOAD_BYTES}"
        report.error("R041", button.payload, message, hint="shorten it")
    for node in (button.title, button.payload):
        if "{{" in node.value:
            message = "names are filled into texts only, not into quick replies"
            report.error("R045", place_inside(report.source, node, "{{"), message, hint="write it out")


def check_whole(files: Sequence[DraftFile], ruleset: RuleSet) -> None:
    """What only a set without errors can tell: no fallback (R014), no way to a person (R060), buttons and payloads
    that do not meet (R043, R044)."""
    rules = [rule for file in files for rule in file.rules]
    if not files:
        return
    if ruleset.fallback is None:
        message = "no rule is the fallback; what no rule fits gets the text of IGBOT_FALLBACK_REPLY"
        files[0].report.warning("R014", Place(1, 1), message, hint='add a rule with "fallback: true"')
    if not any(rule.handoff for rule in rules):
        message = "no rule hands over to a person, and Meta asks for a way to one"
        files[0].report.warning("R060", Place(1, 1), message, hint="add a rule with handoff:")
    _check_payloads(rules)
    _check_taps(rules, ruleset)


def _check_payloads(rules: Sequence[DraftRule]) -> None:
    sent = {button.payload.value for rule in rules if rule.reply for button in rule.reply.buttons}
    for rule in rules:
        # Menus and advertisements are set up at Meta, where no rule file shows them.
        from_outside = bool(rule.kinds & {"postback", "referral"})
        for node in rule.payloads:
            payload = node.value
            if payload.endswith("*"):
                if not any(each.startswith(payload[:-1]) for each in sent):
                    message = f"no button sends a payload that begins with {payload[:-1][:60]!r}"
                    rule.report.warning("R044", node, message)
            elif payload not in sent:
                add = rule.report.warning if from_outside else rule.report.error
                add("R044", node, f"no button sends the payload {payload[:60]!r}", hint="add a quick reply with it")


def _check_taps(rules: Sequence[DraftRule], ruleset: RuleSet) -> None:
    taken: dict[tuple[str, str], bool] = {}
    for rule in rules:
        for button in rule.reply.buttons if rule.reply else ():
            tap = (button.title.value, button.payload.value)
            if tap not in taken:
                choice = decide(ruleset, Incoming("quick_reply", tap[0], tap[1]), default_reply="")
                taken[tap] = choice.reason == "rule"
            if not taken[tap]:
                message = f"no rule takes the payload {tap[1][:60]!r}: a tap gets the fallback"
                rule.report.warning("R043", button.payload, message, hint=f"add a rule with payload: {tap[1][:60]}")
