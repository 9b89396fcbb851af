"""Partial views, broadcast trees and causal order: for the talk, no part of a cluster node."""
