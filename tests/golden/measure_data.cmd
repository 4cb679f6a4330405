qbound measure examples/lenet.json --bits 3..4 --rounding round,floor --budget 1 --data examples/mnist/x.npy --labels examples/mnist/y.npy --exceed 5 --margins
