"""The catalogue for programs: thin endpoints over the services and the filters."""
