# Our parts in your own Cerebro: own_cerebro.py FOLDER TICKER START END (FOLDER/TICKER.csv)
import sys

import backtrader as bt

import backtests as wf
from backtests.sources.csv import CsvFolder
from forecasters.models.rnn import RNN
from strategies.five_percent import FivePercent

folder, ticker, start, end = sys.argv[1:5]
bars = CsvFolder(folder).fetch(ticker, start, end)
forecasts = wf.WalkForward().predict(RNN(epochs=5), wf.make_features(bars), seeds=(0, 1, 2))
cerebro = bt.Cerebro(cheat_on_open=True)
feed = cerebro.adddata(wf.ForecastFeed(bars=bars, forecasts=forecasts))
wf.Broker(cash=100_000_000, costs=wf.Costs.of(wf.market_for(ticker))).install(cerebro, [feed])
cerebro.addstrategy(FivePercent, threshold=0.02)
cerebro.addanalyzer(wf.Ledger, _name="ledger")
result = cerebro.run()[0].analyzers.ledger.result()
print(*result.fills, wf.tearsheet_of("tearsheet.html", result), sep="\n")
