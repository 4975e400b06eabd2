"""The tools of the checks: changed futures, other dates, a new process."""
