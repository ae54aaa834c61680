"""The console's face: what every admin page of every app is built from."""
