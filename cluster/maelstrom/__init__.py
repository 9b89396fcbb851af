"""Driver 3: one node that speaks Maelstrom's protocol over lines of JSON.

https://github.com/jepsen-io/maelstrom, doc/protocol.md and doc/workloads.md
"""
