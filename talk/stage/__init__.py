"""What happens on stage: slides and cues as a state machine, and the picture of both."""
