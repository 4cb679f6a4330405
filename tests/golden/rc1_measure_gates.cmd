qbound measure examples/lenet.json --bits 2,8 --budget 1 --data examples/mnist/x.npy --labels examples/mnist/y.npy --fail-accuracy-drop 0.5% --fail-disagreement 1 --print accuracy-drop
