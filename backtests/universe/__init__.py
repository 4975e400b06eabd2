"""The tickers of one account: the file that names them, and when each of them may be bought."""
