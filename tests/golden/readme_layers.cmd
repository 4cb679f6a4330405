qbound examples/lenet.json --bits 8 --layers --sort delta_norm_inf --top 3
