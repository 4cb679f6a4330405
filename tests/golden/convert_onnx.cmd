qbound convert examples/lenet.json -o "$SCRATCH/lenet.onnx" --dtype float64 && qbound inspect "$SCRATCH/lenet.onnx" &&
qbound examples/lenet.json --bits 4 --print best >"$SCRATCH/before" &&
qbound "$SCRATCH/lenet.onnx" --input-range 0,1 --bits 4 --print best >"$SCRATCH/after" && cmp "$SCRATCH/before" "$SCRATCH/after"
