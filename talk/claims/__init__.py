"""What the talk claims, and whether it is so: measures of the fact stream against bounds."""
