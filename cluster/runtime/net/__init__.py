"""The network: sockets, the streams between nodes, the faults they can be told to have."""
