"""How things are drawn: cells, rasters, roles and the shapes made of them. No Textual."""
