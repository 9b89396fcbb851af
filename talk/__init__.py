"""The talk: slides in Markdown, a real cluster beside them, and claims that are checked on stage."""
