"""Serf agents, read through their own RPC (`serf agent -rpc-addr`), one connection each.

    serf://HOST:PORT[,HOST:PORT...][?auth=KEY]

Asked: `members` and `stats` of every agent, several times a second, and one coordinate each time;
heard: the agent's log, in which memberlist says whom it suspects, confirms and declares (marked
inferred: parsed from text). Members' own agents are looked for at the same RPC port of their
addresses; agents that listen elsewhere have to be named. `words` is what is said (pure), `agent` one
connection, `agents` all of them.
"""
