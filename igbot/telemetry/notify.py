"""Tells systemd how the service is (`READY=1`, `STOPPING=1`, `STATUS=…`); says nothing where there is no systemd."""

import os
import socket
from collections.abc import Mapping


def sd_notify(state: str, *, environ: Mapping[str, str] = os.environ) -> bool:
    """Send one state to the service manager named by `NOTIFY_SOCKET`; true if it was sent.

    A manager that cannot be reached is no reason to fail: the answer is then false.
    Source: sd_notify(3); a name that begins with `@` lies in the abstract namespace.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in {"/", "@"} or not hasattr(socket, "AF_UNIX"):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(address)
            channel.sendall(state.encode())
    except OSError:
        return False
    return True
