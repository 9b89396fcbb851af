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

from tui.sources.foreign.erlang.terms import ATOM_MAX, Atom, Pid, Ref, Term, encoded

PASS_THROUGH: Final = b"p"
REG_SEND: Final = 6
ANYTHING: Final = None
"""Whatever the arguments: the function changes nothing for any."""
Arguments = tuple[Term, ...]
OWN_CHILDREN: Final = ".ProcessesSupervisor"
"""What Horde adds to a supervisor's name for the part that runs on one node."""


class Question(Struct, frozen=True):
    """One call: module, function, arguments."""

    module: str
    function: str
    arguments: Arguments = ()


class Refusal:
    """A question that the node could not answer: no such function, nothing there."""


REFUSAL: Final = Refusal()
UNREAD: Final = Refusal()
"""It did answer, with a term of a kind that is not known here, or a larger one than is read."""
Answer: TypeAlias = "Term | Refusal"


class ForbiddenError(Exception):
    """A call that is not on the list: a mistake in this program."""


def _words(*words: str) -> tuple[Arguments, ...]:
    """Arguments that end with one of these words."""
    return tuple((Atom(word),) for word in words)


HORDE_NAMES: Final[Term] = [
    (
        (Atom("$1"), Atom("$2"), Atom("_")),
        [],
        [((Atom("$1"), (Atom("node"), Atom("$2"))),)],
    )
]
"""A match specification: of each name of a registry, the name and the node of its process."""
PRESENCES_HERE: Final[Term] = [
    (
        ((Atom("_"), Atom("$1"), Atom("_")), Atom("_"), Atom("_")),
        [(Atom("=:="), (Atom("node"), Atom("$1")), (Atom("node"),))],
        [Atom("true")],
    )
]
"""A match specification: rows of a tracker's table whose process runs on the node itself."""

ALLOWED: Final[dict[tuple[str, str, int], tuple[Arguments, ...] | None]] = {
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
    ("application", "get_env", 2): ((Atom("kernel"), Atom("connect_all")),),
    ("init", "get_argument", 1): _words("connect_all"),
    ("net_kernel", "get_net_ticktime", 0): ANYTHING,
    ("global", "registered_names", 0): ANYTHING,
    ("global", "whereis_name", 1): ANYTHING,
    ("pg", "which_groups", 0): ANYTHING,
    ("pg", "get_members", 1): ANYTHING,
    ("mnesia", "system_info", 1): _words("running_db_nodes", "tables"),
    # Which module's code began a process, from what OTP noted of it then.
    ("proc_lib", "translate_initial_call", 1): ANYTHING,
    # Of libcluster's supervisor: topologies and strategies, without their configuration.
    ("supervisor", "which_children", 1): ANYTHING,
    # Horde 0.10: a request that gives back a part of the state, and the one supervisor of this node.
    ("Elixir.Horde.Cluster", "members", 1): ANYTHING,
    ("Elixir.Horde.ProcessesSupervisor", "count_children", 1): ANYTHING,
    # The size of a table, and a match specification over it.
    ("Elixir.Horde.Registry", "count", 1): ANYTHING,
    ("Elixir.Horde.Registry", "select", 2): ((HORDE_NAMES,),),
    # Swarm 3.4: its table as a list. It is asked when its size is known to be small.
    ("Elixir.Swarm", "registered", 0): ANYTHING,
    ("ets", "info", 2): _words("size"),
    ("ets", "select_count", 2): ((PRESENCES_HERE,),),
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
NAMES_TABLE: Final = Atom("global_names")
GROUPS: Final = Question("pg", "which_groups")
GROUPS_TABLE: Final = Atom("pg")
MNESIA_NODES: Final = Question("mnesia", "system_info", (Atom("running_db_nodes"),))
MNESIA_TABLES: Final = Question("mnesia", "system_info", (Atom("tables"),))
SWARM_NAMES: Final = Question("Elixir.Swarm", "registered")


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


def begun_by(process: Pid) -> Question:
    """Whose code a process began with. It has to be one of the node that is asked."""
    return Question("proc_lib", "translate_initial_call", (process,))


def children_of(supervisor: Atom) -> Question:
    """A supervisor's children."""
    return Question("supervisor", "which_children", (supervisor,))


def horde_members(horde: Atom) -> Question:
    """The members of a registry or supervisor. Its process has to be Horde's."""
    return Question("Elixir.Horde.Cluster", "members", (horde,))


def horde_children(horde: Atom) -> Question:
    """How many children a supervisor has on the node that is asked."""
    own = Atom(f"{horde[: ATOM_MAX - len(OWN_CHILDREN)]}{OWN_CHILDREN}")
    return Question("Elixir.Horde.ProcessesSupervisor", "count_children", (own,))


def horde_count(registry: Atom) -> Question:
    """How many names a registry knows."""
    return Question("Elixir.Horde.Registry", "count", (registry,))


def horde_names(registry: Atom) -> Question:
    """A registry's names, and where their processes run."""
    return Question("Elixir.Horde.Registry", "select", (registry, HORDE_NAMES))


def table_size(table: Atom) -> Question:
    """How many rows a table has."""
    return Question("ets", "info", (table, Atom("size")))


def presences_here(table: Atom) -> Question:
    """How many presences of a tracker's shard are of processes of the node that is asked."""
    return Question("ets", "select_count", (table, PRESENCES_HERE))


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
