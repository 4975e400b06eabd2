"""torch as its tutorials use it: a DataLoader, Adam, the loss read after each step."""

from benchmarks.peers.jobs import Work
from benchmarks.peers.peer import Training, main, one_by_one


def prepare(flags):
    import torch
    import torch._dynamo  # which the first optimiser would bring
    from torch.utils.data import DataLoader, TensorDataset

    from benchmarks.peers.torch_networks import build

    torch.set_num_threads(flags.threads or torch.get_num_threads())

    def fit(work: Work) -> Training:
        job = work.job
        network = build(job, work.X.shape[1:])
        optimiser = torch.optim.Adam(network.parameters())
        measure = torch.nn.MSELoss()
        dataset = TensorDataset(torch.from_numpy(work.X), torch.from_numpy(work.y))
        loader = DataLoader(dataset, batch_size=job.batch, shuffle=True)
        for _ in range(job.epochs):
            total = 0.0
            for X, y in loader:
                optimiser.zero_grad()
                loss = measure(network(X), y)
                loss.backward()
                optimiser.step()
                total += loss.item() * len(X)
        return Training(total / len(work.y))

    return one_by_one(fit)


if __name__ == "__main__":
    main(prepare)
