# Our parts in your own Cerebro: own_cerebro.py FOLDER TICKER START END (FOLDER/TICKER.csv)
import sys

import backtrader as bt

from backtests import Broker, Costs, ForecastFeed, Ledger, WalkForward, make_features
from backtests.markets.market import market_for
from backtests.report.tearsheet import tearsheet_of
from backtests.sources.csv import CsvFolder
from forecasters.models.rnn import RNN
from strategies.five_percent import FivePercent

folder, ticker, start, end = sys.argv[1:5]
bars = CsvFolder(folder).fetch(ticker, start, end)
forecasts = WalkForward().predict(RNN(epochs=5), make_features(bars), seeds=(0, 1, 2))
cerebro = bt.Cerebro(cheat_on_open=True)
feed = cerebro.adddata(ForecastFeed(bars=bars, forecasts=forecasts))
Broker(cash=100_000_000, costs=Costs.of(market_for(ticker))).install(cerebro, [feed])
cerebro.addstrategy(FivePercent, threshold=0.02)
cerebro.addanalyzer(Ledger, _name="ledger")
result = cerebro.run()[0].analyzers.ledger.result()
print(*result.fills, tearsheet_of("tearsheet.html", result), sep="\n")
