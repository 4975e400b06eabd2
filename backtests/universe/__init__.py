"""The tickers of one account: the file that names them, and which may be bought when."""
