"""What only the presenter sees: what to say, what comes next, the claims, the clocks, the way out."""
