"""torch without what can be left out: batches cut from one tensor, fused Adam, no loss read in between."""

from benchmarks.peers.jobs import Work
from benchmarks.peers.peer import Training, main, one_by_one


def prepare(flags):
    import torch
    import torch._dynamo  # which the first optimiser would bring

    from benchmarks.peers.torch_networks import build

    torch.set_num_threads(flags.threads or torch.get_num_threads())

    def fit(work: Work) -> Training:
        job = work.job
        network = build(job, work.X.shape[1:])
        optimiser = torch.optim.Adam(network.parameters(), fused=True)
        X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
        for _ in range(job.epochs):
            order, total = torch.randperm(len(y)), torch.zeros(())
            for inputs, targets in zip(
                X[order].split(job.batch), y[order].split(job.batch), strict=True
            ):
                loss = ((network(inputs) - targets) ** 2).mean()
                loss.backward()
                optimiser.step()
                optimiser.zero_grad()
                total += loss.detach() * len(targets)
        return Training(total.item() / len(y))

    return one_by_one(fit)


if __name__ == "__main__":
    main(prepare)
