"""Sheets in, for programs: upload, preview, apply, take back."""
