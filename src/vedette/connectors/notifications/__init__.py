"""Change notifications: Microsoft says that the directory changed, so the next poll runs now, not in five minutes."""
