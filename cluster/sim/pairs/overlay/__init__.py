"""The pair about who is linked with whom."""
