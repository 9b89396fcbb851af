"""Where facts come from: a running cluster (`live`); later a simulation, a recording, others."""
