"""The fields that many messages share, with their limits: a packet beyond them is malformed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from cluster.model.versions import Versions

Number = Annotated[int, Meta(ge=-(2**62), le=2**62)]
Partition = Annotated[int, Meta(ge=0, le=65_535)]
Page = Annotated[tuple[tuple[bytes, Versions], ...], Meta(max_length=65_536)]
Hash = Annotated[int, Meta(ge=0)]
