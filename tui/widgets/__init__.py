"""What Textual holds: one canvas widget and the dialogs above it."""
