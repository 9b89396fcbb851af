"""Parts that one screen or several are put together from."""
