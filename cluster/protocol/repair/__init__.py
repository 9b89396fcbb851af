"""How copies that drifted apart become equal again: hash trees, their comparison, the way home."""
