"""How fast, and against what: see README.md in this folder."""
