"""What each word of the command does. `masterless.py` lists the modules; `words.py` says how to add one."""
