"""Folders of SQL files."""
