qbound run examples/lenet.json --data examples/mnist/x.npy --bits 4 -o "$SCRATCH/y4.npy" &&
head -c 128 "$SCRATCH/y4.npy" | strings | head -n 2
