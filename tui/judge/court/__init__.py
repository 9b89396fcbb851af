"""Masters judged: who believes to be one, what is said of them, what that means for clients."""
