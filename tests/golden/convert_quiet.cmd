qbound convert examples/lenet.json -q -o "$SCRATCH/lenet.onnx" && ls "$SCRATCH"
