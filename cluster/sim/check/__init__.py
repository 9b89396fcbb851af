"""Judges: each is told what happens and says in one sentence when a promise was broken."""
