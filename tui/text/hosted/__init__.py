"""What a cluster runs beside keeping keys, as text and JSON."""
