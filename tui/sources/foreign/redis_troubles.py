"""Why a Redis node cannot be read, in one sentence that says what to do next. Pure."""

from __future__ import annotations

import os
import re

from cluster.model.member import Address


def sentence(address: Address, error: Exception, *, tls: bool, met: bool) -> str:
    """Why a node cannot be read, and what to do. Who was met before was given the right address."""
    said, kind = str(error), type(error).__name__
    form = f"{'rediss' if tls else 'redis'}://USER:PASSWORD@HOST:PORT"
    low = said.lower()
    if "cluster support disabled" in low:
        return f"{address} is a redis server that is in no cluster: there is only itself to look at"
    if kind == "NoPermissionError" or "noperm" in low:
        return f"the user at {address} may not ask; let it run CLUSTER NODES, CLUSTER INFO and INFO"
    if "wrongpass" in low or "invalid username-password" in low or "invalid password" in low:
        return f"{address} refused the user or the password; write {form}"
    if "authentication required" in low or "noauth" in low:
        return f"{address} wants a password; write {form}"
    if "no such file" in low or isinstance(error.__cause__, FileNotFoundError):
        return f"a file given for TLS is not there; {address} was not asked"
    if "certificate" in low:
        why = said.rpartition("certificate verify failed")[2].strip(": ()") or said
        return f"{address}'s certificate is not taken ({why}); give its CA as ?ssl_ca_certs=FILE"
    if "ssl" in low:
        return f"{address} does not speak TLS as asked; try redis://, or give ?ssl_certfile and ?ssl_keyfile"
    if isinstance(error, TimeoutError) or kind == "TimeoutError":
        why = "no answer; if it speaks no TLS, write redis://" if tls and not met else "no answer"
        return f"no redis server answers at {address} ({why})"
    if "closed by server" in low or "connection reset" in low:
        hint = "" if tls or met else "; if it speaks TLS, write rediss://"
        return f"{address} hung up{hint}"
    if kind == "BusyLoadingError":
        return f"{address} is still loading its data; it will answer when that is done"
    unnamed = (
        isinstance(error, UnicodeError) or "'idna'" in low
    )  # an empty part of the host, or one over 63 letters
    nonsense = isinstance(error, ValueError | RecursionError) and not unnamed
    if nonsense or kind == "InvalidResponse" or "protocol" in low:
        return f"{address} speaks, but not as a redis server does"
    errno = getattr(error.__cause__, "errno", None) or getattr(error, "errno", None)
    found = re.search(r"Error (\d+) connecting", said)
    code = errno or (int(found[1]) if found else 0)
    why = "that can be no host's name" if unnamed else os.strerror(code) if code else said[:120]
    return f"no redis server answers at {address} ({why})"
