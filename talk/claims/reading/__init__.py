"""How each measure is read from the evidence."""
