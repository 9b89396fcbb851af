"""What clusters with a changing master share: stamped writes, a leader, whole copies of it."""
