"""What Android's own tools print, read into facts: of a live phone, a bug report, an acquisition."""
