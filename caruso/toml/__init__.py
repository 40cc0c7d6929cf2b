"""Reads TOML that people write, so that every mistake is told with file, line, key and a suggestion.

`source` knows where each key stands, `shape` fills typed Structs from tables and collects all that does not fit.
"""
