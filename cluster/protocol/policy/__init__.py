"""Who may accept a write, who must hold it, who decides: the five architectures (DESIGN 5)."""
