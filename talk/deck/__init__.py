"""What a deck says: slides, what they show live, what they do, and what they claim."""
