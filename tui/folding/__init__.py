"""The parts of the fold: one batch as a draft, and what a fact does to one node."""
