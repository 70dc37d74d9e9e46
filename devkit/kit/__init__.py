"""The kit itself: what belongs to it, the record of what it wrote, and how it stays current."""
