qbound inspect examples/lenet.json
