"""What a lab's cluster was founded as: its architecture and its first members, kept beside the disks.

Nodes are told both at every start, and all alike. With a directory that lasts, the second start may
name another architecture or more nodes than the first: voters that change without a vote would let
two majorities miss each other, so the directory's word holds. Ignores who joined later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from cluster.config import ArchitectureConfig, ArchitectureName
from cluster.lab.witness import LabError
from cluster.model.member import NodeId

FILE: Final = "architecture.json"

_decoder = msgspec.json.Decoder(ArchitectureConfig)


def drawn_up(kind: ArchitectureName, names: tuple[NodeId, ...]) -> ArchitectureConfig:
    """The architecture of a cluster that begins with these members."""
    return ArchitectureConfig(kind=kind, founders=tuple(names))


def kept(root: Path, wanted: ArchitectureConfig) -> ArchitectureConfig:
    """What the directory says, or else what is wanted, which it says from now on.

    LabError when it holds a cluster of another architecture, or cannot be read or written.
    """
    file = root / FILE
    try:
        if not file.exists():
            if any(root.glob("*/*")):  # disks from before there were architectures
                return _same(root, ArchitectureConfig(), wanted)
            file.write_bytes(msgspec.json.encode(wanted))
            return wanted
        return _same(root, _decoder.decode(file.read_bytes()), wanted)
    except OSError as error:
        raise LabError(f"{file} cannot be used ({error.strerror}).") from None
    except msgspec.MsgspecError:
        raise LabError(f"{file} is damaged; name another directory.") from None


def _same(root: Path, found: ArchitectureConfig, wanted: ArchitectureConfig) -> ArchitectureConfig:
    if found.kind == wanted.kind:
        return found
    way = f"start it with --architecture {found.kind}, or name another directory"
    raise LabError(f"{root} holds a {found.kind} cluster, not a {wanted.kind} one; {way}.")
