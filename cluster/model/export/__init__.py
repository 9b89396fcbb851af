"""What others' checkers and viewers can read: histories and traces in their own forms."""
