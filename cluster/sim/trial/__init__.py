"""One seed from its first option to its verdict, and many of them; shrinking what failed."""
