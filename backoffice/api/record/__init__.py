"""The record for programs: read, and nothing else."""
