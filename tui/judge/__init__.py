"""What a view means: who agrees, what is at risk, and the sentences that say so."""
