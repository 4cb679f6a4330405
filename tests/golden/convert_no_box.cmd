qbound convert examples/lenet.json -q -o "$SCRATCH/lenet.onnx" && qbound convert "$SCRATCH/lenet.onnx" -o "$SCRATCH/again.json" &&
grep '"input":' "$SCRATCH/again.json" &&
qbound convert "$SCRATCH/lenet.onnx" --input-range 0,1 -q -o "$SCRATCH/boxed.json" && grep '"input":' "$SCRATCH/boxed.json"
