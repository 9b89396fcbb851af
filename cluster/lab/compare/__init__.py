"""A comparison on real processes: the same plans, clients and judge as in a simulated world."""
