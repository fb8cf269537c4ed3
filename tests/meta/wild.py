"""Answers as nobody should give them: for tests that no answer is an exception."""

import json
from typing import Any

from hypothesis import strategies as st

_NUMBERS = (
    190,
    10,
    1,
    2,
    100,
    613,
    4,
    368,
    551,
    "190",
    " 190",
    "0x10",
    190.0,
    190.5,
    0,
    -1,
    True,
    2**70,
    10**400,
    "NaN",
)
_TEXTS = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "x" * 100_000,
            "\u202egnp.exe\u2066\n\r\t\0\x1b[31m\ud800",
            "token=abcdefghij EAAB1234567890abcdef",
            '"\\' * 3000,
            "\N{CRAB}" * 3000,
            "Не удалось отправить сообщение",
        ]
    ),
)
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.sampled_from(_NUMBERS), st.integers(), st.floats(), _TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
_ERROR = st.fixed_dictionaries(
    {},
    optional={
        "code": st.one_of(st.sampled_from(_NUMBERS), _VALUES),
        "error_subcode": st.one_of(st.sampled_from([2534022, 2534014, 1893063, "2018300", 33.0]), _VALUES),
        "message": st.one_of(_TEXTS, _VALUES),
        "type": st.one_of(_TEXTS, _VALUES),
        "is_transient": _VALUES,
        "error_user_title": _TEXTS,
        "error_user_msg": _TEXTS,
        "fbtrace_id": st.one_of(_TEXTS, _VALUES, st.just("A" * 10_000)),
    },
)
_ANSWER = st.fixed_dictionaries(
    {},
    optional={"error": st.one_of(_ERROR, _ERROR, _VALUES), "message_id": _VALUES, "recipient_id": _VALUES},
)


def _as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


AWKWARD: list[bytes] = [
    b"",
    b" ",
    b"null",
    b"true",
    b"190",
    b'"190"',
    b"[]",
    b'[{"error":{"code":190}}]',
    b"NaN",
    b"{",
    b'{"error":',
    b'{"error":{"code":190,"message":"cut',
    b"<!doctype html><title>Sorry</title>",
    "Ошибка сервера".encode(),
    "Ошибка сервера".encode("cp1251"),
    "Fehler".encode("utf-16"),
    b"\x1f\x8b\x08\x00garbage",
    b"\xff\xfe\x00",
    b"\0" * 1000,
    b"[" * 100_000,
    b'{"error":' * 50_000,
    b"[" * 100_000 + b'"' + b'\\"' * 60_000,
    b"x" * 100_000,
    b'"' + b"x" * 100_000,
    b"{}" + b" " * 100_000 + b"x",
    b"x" * 10_000_000,
    b"[" * 10_000_000,
    b'{"error":{}}',
    b'{"error":[]}',
    b'{"error":"no","code":190}',
    b'{"error":7}',
    b'{"error":null}',
    b'{"error":{"code":190},"error":{}}',
    b'{"error":{"code":null,"code":[]}}',
    b'{"error":{"code":NaN}}',
    b'{"error":{"code":1e999}}',
    b'{"error":{"code":' + b"9" * 5000 + b"}}",
    b'{"error":{"code":true}}',
    b'{"error":{"code":190.5}}',
    b'{"error":{"code":1180591620717411303424}}',
    b'{"message_id":{}}',
    b'{"message_id":["m"]}',
    b'{"message_id":"' + b"m" * 100_000 + b'"}',
]
"""Bodies that say nothing, each in a way of its own."""

BODIES = st.one_of(st.binary(), st.sampled_from(AWKWARD), _ANSWER.map(_as_json), _ANSWER.map(_as_json))
HEADERS: st.SearchStrategy[dict[str, str]] = st.dictionaries(
    st.sampled_from(["Retry-After", "X-App-Usage", "x-business-use-case-usage"]),
    st.one_of(
        st.text(),
        st.sampled_from(
            [
                "9" * 6000,
                "-1",
                "1e999",
                "Mon, 31 Dec 9999 23:59:59 -2359",
                '{"1":[{"type":"messenger","call_count":"x","total_time":1e999,"estimated_time_to_regain_access":NaN}]}',
                '{"1":[{"type":"messenger","estimated_time_to_regain_access":' + "9" * 400 + "}]}",
                "[" * 8000,
            ]
        ),
    ),
)
