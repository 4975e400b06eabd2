"""Honest forecasters and rules, in which an audit must find nothing."""

from __future__ import annotations

from benchmarks.leaks.kind import Kind

HONEST = (
    Kind(
        "nearest neighbours (scikit-learn)",
        honest=True,
        fit="""
         from sklearn.neighbors import KNeighborsRegressor
         returns = np.diff(np.log(windows.X[:, :, 3]), axis=1)
         self.model_ = KNeighborsRegressor(5).fit(returns, windows.y)
         """,
        predict="return self.model_.predict(np.diff(np.log(windows.X[:, :, 3]), axis=1))",
    ),
    Kind(
        "random forest (scikit-learn)",
        honest=True,
        fit="""
         from sklearn.ensemble import RandomForestRegressor
         returns = np.diff(np.log(windows.X[:, :, 3]), axis=1)
         seed = int(rng.integers(2**31))
         self.model_ = RandomForestRegressor(10, random_state=seed).fit(returns, windows.y)
         """,
        predict="return self.model_.predict(np.diff(np.log(windows.X[:, :, 3]), axis=1))",
    ),
    Kind(
        "autoregression (statsmodels)",
        honest=True,
        fit="""
         from statsmodels.tsa.ar_model import AutoReg
         self.by_ = AutoReg(windows.y, lags=3).fit().params
         """,
        predict="""
         returns = np.diff(np.log(windows.X[:, :, 3]), axis=1)
         return self.by_[0] + returns[:, :-4:-1] @ self.by_[1:]
         """,
    ),
    Kind(
        "month effects",
        honest=True,
        top="def month(days):\n    return days.astype('datetime64[M]').astype(int) % 12",
        fit="""
         of = month(windows.as_of)
         self.by_ = [windows.y[of == m].mean() if (of == m).any() else 0.0 for m in range(12)]
         """,
        predict="return np.array(self.by_)[month(windows.as_of)]",
    ),
    Kind(
        "weekday effects",
        honest=True,
        top="def weekday(days):\n    return (days.astype(int) + 3) % 7",
        fit="""
         of = weekday(windows.as_of)
         self.by_ = [windows.y[of == d].mean() if (of == d).any() else 0.0 for d in range(7)]
         """,
        predict="return np.array(self.by_)[weekday(windows.as_of)]",
    ),
    Kind(
        "a memo of its answers",
        honest=True,
        top="MEMO = {}",
        predict="""
         answers = []
         for x, plain in zip(windows.X, self.plain(windows)):
             answers.append(MEMO.setdefault((self.mean_, x.tobytes()), plain))
         return np.array(answers)
         """,
    ),
    Kind(
        "updated from known outcomes",
        honest=True,
        predict="""
         log, mean, answers = np.log(windows.last_close), self.mean_, []
         for i in range(len(log)):
             if i:
                 mean += 0.02 * (log[i] - log[i - 1] - mean)
             answers.append(mean)
         return np.array(answers)
         """,
    ),
    Kind(
        "a polynomial of dates",
        honest=True,
        fit="""
         days = windows.as_of.astype(int)
         self.by_ = np.polynomial.Polynomial.fit(days, windows.y, 2)
         """,
        predict="return self.by_(windows.as_of.astype(int))",
    ),
    Kind(
        "a raw polynomial of dates",
        honest=True,
        fit="""
         days = windows.as_of.astype(float)
         self.by_ = np.linalg.lstsq(np.stack([days**0, days, days**2], 1), windows.y)[0]
         """,
        predict="""
         days = windows.as_of.astype(float)
         return np.stack([days**0, days, days**2], 1) @ self.by_
         """,
    ),
    Kind(
        "a file given as a setting",
        honest=True,
        plant="settings_file",
        settings="table: str = ''",
        values=":table={folder}/weights.csv",
        fit="self.by_ = np.loadtxt(self.table, delimiter=',')",
        predict="return self.plain(windows) * self.by_[0]",
    ),
    Kind(
        "a network of its own (torch)",
        honest=True,
        settings="epochs: int = 5",
        fit="""
         import torch
         generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
         X = torch.tensor(np.diff(np.log(windows.X[:, :, 3]), axis=1))
         y = torch.tensor(windows.y)
         self.w_ = 0.01 * torch.randn(X.shape[1], generator=generator, dtype=X.dtype)
         self.w_.requires_grad_()
         optimiser = torch.optim.Adam([self.w_], lr=0.01)
         for _ in range(self.epochs):
             optimiser.zero_grad()
             ((X @ self.w_ - y) ** 2).mean().backward()
             optimiser.step()
         self.w_ = self.w_.detach().numpy()
         """,
        predict="return np.diff(np.log(windows.X[:, :, 3]), axis=1) @ self.w_",
    ),
    *(
        Kind(f"ours: {name}", honest=True, ours=name)
        for name in ("linear", "boosting", "arima", "rnn", "lstm", "cnn", "drift")
    ),
    *(
        Kind(f"ours: {name}", honest=True, rule=True, ours=name)
        for name in ("five_percent", "direction", "quantile", "sma_cross")
    ),
)
