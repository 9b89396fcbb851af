"""Pipelines: stages that ask for items, and two ways of not asking."""
