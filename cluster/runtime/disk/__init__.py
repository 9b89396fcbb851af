"""The disk: whose directory it is, what is in it, and when it is durable."""
