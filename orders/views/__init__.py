"""The shop's pages: thin doors, each calls one verb or one question."""
