"""What a grid says: its page, its figures, its lines on the terminal."""
