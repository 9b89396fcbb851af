"""What is done to a simulated world: options and schedules drawn from a seed, and the hand that acts."""
