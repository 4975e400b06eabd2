"""How work is carried out: processes, fits, what is kept of them."""
