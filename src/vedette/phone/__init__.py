"""Pages for the person who carries the phone."""
