"""What broadcasts mean to whoever watches."""
