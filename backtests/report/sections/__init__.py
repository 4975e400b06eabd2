"""The page of a study, one section a file: each makes what its template shows."""
