qbound measure examples/lenet.json --bits 4 --budget 1 --data examples/mnist/x.npy --layers --sort sqnr --top 5 --outputs --format markdown
