"""What is made of looks at clusters of other makers: sentences, states, records."""
