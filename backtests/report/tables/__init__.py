"""Tables of a study as files, for programs and for papers."""
