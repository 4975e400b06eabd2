"""The words of a grid: its page, its sentences, its charts, its lines on the terminal."""
