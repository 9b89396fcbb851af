"""Parts of the frozen picture that are large enough for a file of their own."""
