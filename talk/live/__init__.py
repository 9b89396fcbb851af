"""Live pictures beside a slide's words."""
