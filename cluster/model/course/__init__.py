"""The course of one incident: how its stages follow each other, and its single moments."""
