"""The only things that are ever asked of a node: an allow-list, and how a question is written.

Every function here reads and changes nothing (`erlang:statistics/1` only for what it does not count
from the last call on). `asked` is the one place where a call is put into bytes, and it refuses what
is not on the list; `link.py` sends nothing but what comes from it, and ticks. A question goes to `rex`,
the server that OTP's own `rpc` module asks, which runs each in a process of its own.
"""

from __future__ import annotations

from struct import pack
from typing import Final, TypeAlias

from msgspec import Struct

from tui.sources.foreign.erlang.terms import Atom, Pid, Ref, Term, encoded

PASS_THROUGH: Final = b"p"
REG_SEND: Final = 6
ANYTHING: Final = None
"""Whatever the arguments: the function changes nothing for any."""
Arguments = tuple[Term, ...]


class Question(Struct, frozen=True):
    """One call: module, function, arguments."""

    module: str
    function: str
    arguments: Arguments = ()


class Refusal:
    """A question that the node could not answer: no such function, nothing there."""


REFUSAL: Final = Refusal()
Answer: TypeAlias = "Term | Refusal"


class ForbiddenError(Exception):
    """A call that is not on the list: a mistake in this program."""


def _words(*words: str) -> frozenset[Arguments]:
    """Arguments that end with one of these words."""
    return frozenset((Atom(word),) for word in words)


ALLOWED: Final[dict[tuple[str, str, int], frozenset[Arguments] | None]] = {
    ("erlang", "nodes", 0): ANYTHING,
    ("erlang", "nodes", 1): _words("known", "connected"),
    ("erlang", "statistics", 1): _words("run_queue"),
    ("erlang", "memory", 0): ANYTHING,
    ("erlang", "system_info", 1): _words(
        "otp_release",
        "version",
        "process_count",
        "process_limit",
        "start_time",
        "schedulers_online",
    ),
    ("erlang", "time_offset", 0): ANYTHING,
    ("erlang", "convert_time_unit", 3): ANYTHING,
    ("erlang", "registered", 0): ANYTHING,
    ("erlang", "whereis", 1): ANYTHING,
    ("erlang", "process_info", 2): _words("message_queue_len"),
    ("application", "which_applications", 0): ANYTHING,
    ("application", "get_env", 2): frozenset({(Atom("kernel"), Atom("connect_all"))}),
    ("init", "get_argument", 1): _words("connect_all"),
    ("net_kernel", "get_net_ticktime", 0): ANYTHING,
    ("global", "registered_names", 0): ANYTHING,
    ("global", "whereis_name", 1): ANYTHING,
    ("pg", "which_groups", 0): ANYTHING,
    ("pg", "get_members", 1): ANYTHING,
    ("mnesia", "system_info", 1): _words("running_db_nodes", "tables"),
}
"""(module, function, arity), and what the arguments have to end with, where that matters."""

NODES: Final = Question("erlang", "nodes")
KNOWN: Final = Question("erlang", "nodes", (Atom("known"),))
CONNECTED: Final = Question("erlang", "nodes", (Atom("connected"),))
RUN_QUEUE: Final = Question("erlang", "statistics", (Atom("run_queue"),))
MEMORY: Final = Question("erlang", "memory")
REGISTERED: Final = Question("erlang", "registered")
APPLICATIONS: Final = Question("application", "which_applications")
CONNECT_ALL: Final = Question("application", "get_env", (Atom("kernel"), Atom("connect_all")))
CONNECT_ALL_FLAG: Final = Question("init", "get_argument", (Atom("connect_all"),))
TICK_TIME: Final = Question("net_kernel", "get_net_ticktime")
TIME_OFFSET: Final = Question("erlang", "time_offset")
NAMES: Final = Question("global", "registered_names")
GROUPS: Final = Question("pg", "which_groups")
MNESIA_NODES: Final = Question("mnesia", "system_info", (Atom("running_db_nodes"),))
MNESIA_TABLES: Final = Question("mnesia", "system_info", (Atom("tables"),))


def system(what: str) -> Question:
    """erlang:system_info(what)."""
    return Question("erlang", "system_info", (Atom(what),))


def in_microseconds(native: int) -> Question:
    """A time in the node's own unit, in ours."""
    return Question("erlang", "convert_time_unit", (native, Atom("native"), Atom("microsecond")))


def whereis(name: Atom) -> Question:
    """The process of a name that is registered on the node."""
    return Question("erlang", "whereis", (name,))


def queue_of(process: Pid) -> Question:
    """How many messages wait for a process. It has to be one of the node that is asked."""
    return Question("erlang", "process_info", (process, Atom("message_queue_len")))


def where_is(name: Term) -> Question:
    """The process of a name that is registered in the whole cluster."""
    return Question("global", "whereis_name", (name,))


def members_of(group: Term) -> Question:
    """The processes of a group, on all nodes."""
    return Question("pg", "get_members", (group,))


def allowed(question: Question) -> bool:
    """Whether it is on the list."""
    given = question.arguments
    key = (question.module, question.function, len(given))
    if key not in ALLOWED:
        return False
    ends = ALLOWED[key]
    return ends is None or any(given[-len(end) :] == end for end in ends)


def asked(question: Question, myself: Pid, number: Ref) -> bytes:
    """A question as it goes on the wire, its length before it. Raises ForbiddenError, TermError."""
    if not allowed(question):
        raise ForbiddenError(f"{question.module}:{question.function} is nothing that a reader asks")
    call = (
        Atom("call"),
        Atom(question.module),
        Atom(question.function),
        list(question.arguments),
        myself,
    )
    control = encoded((REG_SEND, myself, Atom(""), Atom("rex")))
    message = encoded((Atom("$gen_call"), (myself, number), call))
    return pack(">I", 1 + len(control) + len(message)) + PASS_THROUGH + control + message
