"""What a shop should not write to its customers: requests for secrets, and promises that Meta forbids."""

from collections.abc import Iterator

import regex
from ahocorasick_rs import AhoCorasick

from igbot.rules.expressions import expression

_ASKS = expression(
    r"\b(?:send|give|tell|share|write|enter|type|reply|dm|provide|what(?:'s| is)|confirm|need"
    r"|envía\w*|envíe\w*|manda\w*|mánda\w*|dime|dinos|dame|danos|escribe\w*|escríbe\w*|indica\w*|confirma\w*"
    r"|comparte\w*|necesit\w+|schick\w*|sende\w*|nenn\w*|gib|envoie\w*|donne\w*|indique\w*|invia\w*|envie|informe"
    r"|diga)\b",
    regex.IGNORECASE,
)
_PRIVATE = expression(
    r"\b(?:(?:credit |debit |bank )?card (?:number|details|data|information)s?|cvv|cvc2?|security code"
    r"|pin(?: code| number)|passwords?|one[- ]time code|(?:número|datos) de (?:tu |la |su )?tarjeta|contraseñas?"
    r"|clave secreta|(?:kredit)?kartennummer|passw(?:ort|örter)|numéro de (?:ta |votre |la )?carte|mot de passe"
    r"|número do cartão|senha|numero (?:della |di )?carta)\b",
    regex.IGNORECASE,
)
_NEVER = expression(
    r"\b(?:never|not|don['’]t|won['’]t|no|nunca|jamás|nie|niemals|nicht|kein\w*|jamais|ne|pas|não|mai|non)\b",
    regex.IGNORECASE,
)
_PROMISE = expression(
    r"\b(?:get rich|risk[- ]free (?:profit|investment|return)s?|double your money|miracle cure|you have won"
    r"|guaranteed (?:income|profit|return|winner|weight loss|results?)s?|lose \d+ ?(?:kg|kilos|pounds) in"
    r"|hazte rico|ganancias garantizadas|cura milagrosa|has ganado un|resultados garantizados)\b",
    regex.IGNORECASE,
)
# What is worth a closer look has one of these; most texts have none.
_SIGNS = AhoCorasick(
    (
        *("card", "cvv", "cvc", "code", "pin", "passw", "tarjeta", "contraseña", "clave", "kartennummer", "carte"),
        *("passe", "cartão", "senha", "carta", "rich", "rico", "risk", "guarantee", "garanti", "money", "cure", "cura"),
        *("lose ", "won", "ganado"),
    )
)
_SENTENCE = expression(r"[^.!?。！？\n]+")


def unwanted(text: str) -> Iterator[tuple[str, str, str]]:
    """Each part that should not be said, what is wrong with it, and what to do instead."""
    if not _SIGNS.find_matches_as_indexes(text.lower()):
        return
    for sentence in _SENTENCE.findall(text):
        if _NEVER.search(sentence):
            continue
        private = _PRIVATE.search(sentence)
        if private and _ASKS.search(sentence):
            message = f'this asks for "{private[0]}", which nobody should send in a chat'
            yield private[0], message, "ask for it on your own site, or in the shop"
        if promise := _PROMISE.search(sentence):
            message = f'"{promise[0]}" is a promise that Meta does not allow businesses to make'
            yield promise[0], message, "say what you can prove"
