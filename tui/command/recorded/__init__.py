"""The words that keep what a cluster said, and show it again."""
