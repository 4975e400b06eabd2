"""How fits are run: one engine a file, named as on the command line."""
