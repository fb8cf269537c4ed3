"""How an answer of the bot is shown to a person: what it said, and which rule made it say so."""

from typing import Any


def print_answer(text: str, found: dict[str, Any], *, seconds: float) -> None:
    """The exchange as a person reads it."""
    from rich.text import Text

    from igbot.cli.output import console, visible

    out = console()
    if text:
        out.print(Text("customer  ", style="green").append(visible(text), style="default"))
    for reply in found["replies"]:
        said = "\n          ".join(visible(line) for line in reply["text"].split("\n"))
        out.print(Text("bot       ", style="cyan").append(said, style="default"))
        titles = [f"[{number}] {visible(q['title'])}" for number, q in enumerate(reply["quick_replies"], start=1)]
        if titles:
            out.print(Text("          " + "   ".join(titles), style="cyan"))
        if reply["status"] != "sent":
            out.print(Text(f"          ({reply['status']})", style="yellow"))
    decision = found["decision"]
    if not found["replies"]:
        out.print(Text(f"no reply  {decision['reason']}", style="yellow"))
    out.print(Text(f"rule      {why(found)}", style="dim"))
    out.print(Text(f"          rule set {decision['digest'] or 'none'}, {seconds:.2f} s", style="dim"))


def why(found: dict[str, Any]) -> str:
    """Which rule answered and what made it fit, in one line."""
    decision = found["decision"]
    if decision["rule"] is None:
        return f"none ({decision['reason']})"
    because = next((c["because"] for c in found["considered"] if c["rule"] == decision["rule"]), "")
    return f"{decision['rule']}: {because}" if because else str(decision["rule"])
