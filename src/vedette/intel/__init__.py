"""Pure: feed text to immutable indicator index; reports what it could not read."""
